"""The part of docs/database.md that is drawn from the models; run this module to write it anew.

python -m tests.store.schema_document
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import Column, Table, text, update

from pipelines.record import Block, Rejection
from pipelines.store.candidates import Candidate, note_candidates
from pipelines.store.column_types import UtcInstant
from pipelines.store.engine import open_database
from pipelines.store.findings import FindingKey, NewFinding, add_findings
from pipelines.store.held import hold
from pipelines.store.hosts import take_host
from pipelines.store.jobs import JobState, take_job
from pipelines.store.observations import add_observations
from pipelines.store.schema import Base, CrawlRunRow, FindingRow, HeldRow, ToldRow
from pipelines.store.views import VIEWS
from pipelines.store.writer import Writer
from tests.store.examples import front_page, harbour, market

Row = Mapping[str, object]

DOCUMENT = Path(__file__).parents[2] / "docs" / "database.md"
BEGIN = "<!-- drawn from the models: python -m tests.store.schema_document -->"
END = "<!-- end of what is drawn from the models -->"

_FIRST = datetime(2020, 1, 1, 2, 3, 4, tzinfo=UTC)
_SECOND = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
_SHOWN = 60
_DRIFT = "source is filled in 0% of 24 records, 98% before"

# In the order a reader asks for them.
ORDER = (
    *("article", "article_url", "channel", "person", "organization", "keyword", "contribution"),
    *("dateline_contribution", "article_keyword", "image", "image_contribution", "revision"),
    *("page", "crawl_run", "rejection", "host", "candidate", "job", "finding", "told", "held", "observation"),
    *("article_search", "article_fingerprint", "change_counter"),
)


def type_name(column: Column) -> str:
    if isinstance(column.type, UtcInstant):
        return "instant"
    return {"BIGINT": "integer", "INTEGER": "integer", "TEXT": "text", "JSON": "json", "DATE": "date"}.get(
        str(column.type), "text"
    )


def diagram(tables: list[Table]) -> Iterator[str]:
    yield "```mermaid"
    yield "erDiagram"
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            many = "o|" if key.parent.nullable else "||"
            yield f"    {key.column.table.name} {many}--o{{ {table.name} : {key.parent.name}"
    for table in tables:
        yield f"    {table.name} {{"
        for column in table.columns:
            marks = ", ".join(mark for mark, is_set in _marks(column) if is_set)
            yield f"        {type_name(column)} {column.name} {marks}".rstrip()
        yield "    }"
    yield "```"


def _marks(column: Column) -> tuple[tuple[str, bool], ...]:
    return ("PK", column.primary_key), ("FK", bool(column.foreign_keys)), ("UK", bool(column.unique))


def described(table: Table, row: Row) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{table.comment}."
    yield ""
    yield "| column | type | meaning | a sample row |"
    yield "|---|---|---|---|"
    for column in table.columns:
        null = ", or NULL" if column.nullable else ""
        yield f"| `{column.name}` | {type_name(column)}{null} | {column.comment} | {cell(row[column.name])} |"
    yield ""


def cell(value: object) -> str:
    """A value as a reader of SQL would see it, cut short."""
    if value is None:
        return "NULL"
    shown = " ".join(str(value).split()).replace("|", "\\|")
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def sample_rows() -> dict[str, Row]:
    """One row of each table and view, of a database that holds the tests' example articles."""
    engine = open_database("sqlite://")
    with engine.begin() as connection:
        run = {"id": 1, "command": "crawl zjxw", "parser_version": "0.1.0", "started_at": _FIRST, "outcome": "finished"}
        counts = {"fetched": 9, "stored": 4, "rejected": 1}
        run |= {"finished_at": _SECOND, "counts": counts, "holder": "server/4711/1", "alive_at": _SECOND}
        run |= {"bytes_received": 183_240, "peak_memory": 168_820_736, "seconds": {"extract": 0.2, "store": 0.1}}
        connection.execute(CrawlRunRow.__table__.insert(), [run])
    writer = Writer(engine, run_id=1)
    long = "。".join(f"清晨{hour}点，渔港的码头上停着{hour * 3}条船" for hour in range(1, 12))
    repost = harbour(article_id="t20161002_2000007", body=[Block(type="paragraph", text=long)], article_body=long)
    repost = msgspec.structs.replace(repost, images=[], canonical_url="https://biz.zjol.com.cn/t20161002_2000007.shtml")
    stub = Rejection(url="http://zjnews.zjol.com.cn/old.shtml", reason="redirect_stub", detail=harbour().url)
    first = harbour(article_id="t20161001_2000006", body=repost.body, article_body=long, images=[])
    writer.write([harbour(headline="渔港醒了"), first, repost, front_page(), stub], seen_at=_FIRST)
    writer.write([harbour()], seen_at=_SECOND)
    take_job(engine, JobState("news"), "server/4711/1 server/4710/1", now=_SECOND)
    take_host(engine, "zjnews.zjol.com.cn", "server/4711/1", _SECOND)
    note_candidates(
        engine, [Candidate("http://zjnews.zjol.com.cn/zjnews/hyxw/", "channel", harbour().url, "海洋")], _SECOND
    )
    with engine.begin() as connection:
        drift = NewFinding(FindingKey("coverage", "trs-2016 zjnews.zjol.com.cn", "source"), "source", "fatal", _DRIFT)
        numbers = add_findings(connection, [drift], 1)
        hold(connection, [(market(source=None), numbers[drift.key])], 1)
        group = {"trs-2016 zjnews.zjol.com.cn": (41, {("coverage", "source"): 40})}
        add_observations(connection, 1, group)
        told = {"finding_id": 1, "event": "opened", "channel": "mail", "told_at": _SECOND}
        connection.execute(ToldRow.__table__.insert(), [told])
        connection.execute(update(FindingRow.__table__).values(opened_at=_SECOND))
        connection.execute(update(HeldRow.__table__).values(held_at=_SECOND))
    # The rows that show most: the repost, the page that was rejected, the channel inside others.
    telling = {
        "article": "article_id LIKE '%2000007'", "page": "state = 'rejected'", "channel": "parent_id IS NOT NULL",
        "observation": "kind = 'coverage'", "article_overview": "article_id LIKE '%2000001'",
    }  # fmt: skip
    rows = {}
    with engine.connect() as connection:
        for name in (*ORDER, *VIEWS):
            condition = telling.get(name, "1 = 1")
            found = connection.execute(text(f"SELECT * FROM {name} WHERE {condition} LIMIT 1")).mappings().one()
            rows[name] = {column: _as_stored(value) for column, value in found.items()}
    engine.dispose()
    return rows


def _as_stored(value: object) -> object:
    """What SQLite gives as text of escapes is shown as its characters; a digest of this machine's release is not."""
    if isinstance(value, str) and value[:1] in "[{":
        return json.dumps(json.loads(value), ensure_ascii=False)
    return value


def render() -> str:
    tables = [Base.metadata.tables[name] for name in ORDER]
    lines = [BEGIN, "", *diagram(tables), ""]
    rows = sample_rows()
    for table in tables:
        lines += described(table, rows[table.name])
    for name, (comment, columns) in VIEWS.items():
        lines += [f"### {name} (view)", "", f"{comment}.", "", "| column | meaning | a sample row |", "|---|---|---|"]
        lines += [f"| `{column}` | {meaning} | {cell(rows[name][column])} |" for column, meaning in columns.items()]
        lines.append("")
    return "\n".join([*lines, END])


def renewed(document: str) -> str:
    """The document with its drawn part as the models are now."""
    return document[: document.index(BEGIN)] + render() + document[document.index(END) + len(END) :]


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
