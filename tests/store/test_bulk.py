"""Bulk loading into PostgreSQL leaves the rows the ordinary writer leaves, whatever was there, whoever else writes."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, MetaData, Table, func, select, text

from benchmarks import corpus
from pipelines.record import Article, Block, Rejection, to_json
from pipelines.store import preparing, statements
from pipelines.store.engine import connect_database, open_database
from pipelines.store.preparing import decode_batch
from pipelines.store.reader import read_articles
from pipelines.store.schema import ArticleRow, ArticleSearchRow, ChangeCounterRow, RejectionRow, RevisionRow
from pipelines.store.search.terms import rows_of_terms
from pipelines.store.writer import Writer, WriteSummary, write_articles
from tests import servers
from tests.store.examples import all_examples, harbour, market
from tests.store.strategies import articles
from zjol_crawler.bulk_loading import prepare_block, prepared_batches
from zjol_crawler.record_files import Block as FileBlock

FIRST, SECOND = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
LONG_WORD = "a" * 3000
_NATURAL_KEYS = {
    "article": ("article_id",),
    "person": ("name",),
    "organization": ("name",),
    "keyword": ("name",),
    "channel": ("path_hash",),
    "image": ("article_id", "position"),
}


@pytest.fixture
def database() -> Iterator[Engine]:
    ready = servers.ready_database("postgresql")
    assert ready is not None
    ready.empty()
    engine = connect_database(ready.url)
    yield engine
    engine.dispose()


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows go the way of many."""
    monkeypatch.setattr(statements, "_STAGED", 1)


def empty(engine: Engine) -> None:
    metadata = MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        names = ", ".join(name for name in metadata.tables if name != "alembic_version")
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        connection.execute(ChangeCounterRow.__table__.insert().values(id=1, value=0))


def contents(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table, surrogate keys as what they stand for."""
    metadata = MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        rows = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
            if not table.name.startswith("staged_")
        }
    keys = {name: {row["id"]: row for row in rows[name]} for name in _NATURAL_KEYS}

    def natural(table: Table, row: dict) -> dict:
        meant = {}
        for column in table.columns:
            value = row[column.name]
            if column.name == "id" and column.primary_key and table.name != "change_counter":
                continue
            for foreign in column.foreign_keys:
                target = foreign.column.table
                if value is not None and target.name in _NATURAL_KEYS:
                    seen = natural(target, keys[target.name][value])
                    value = tuple(seen[name] for name in _NATURAL_KEYS[target.name])
            meant[column.name] = value
        return meant

    return {name: sorted(repr(natural(metadata.tables[name], row)) for row in found) for name, found in rows.items()}


def write_in_bulk(
    engine: Engine, records: Sequence[Article | Rejection], seen_at: datetime, size: int = 500
) -> WriteSummary:
    """What `zjol ingest --bulk` does, with no process of its own."""
    writer, summary = Writer(engine, is_repeatable=True), WriteSummary()
    for start in range(0, len(records), size):
        lines = [to_json(record).encode() for record in records[start : start + size]]
        data, unreadable = prepare_block(FileBlock(path="records.jsonl", first=start + 1, content=lines))
        assert unreadable == []
        summary += writer.write_prepared(decode_batch(data), seen_at=seen_at)
    return summary


def write_ordinarily(
    engine: Engine, records: Sequence[Article | Rejection], seen_at: datetime, size: int = 500
) -> WriteSummary:
    writer = Writer(engine, is_repeatable=True)
    batches = [records[start : start + size] for start in range(0, len(records), size)]
    return sum((writer.write(batch, seen_at=seen_at) for batch in batches), WriteSummary())


def repost(number: int, **changes) -> Article:
    address = f"http://biz.zjol.com.cn/biz/201610/t20161003_{number}.shtml"
    body = "".join(f"第{line}条渔船在清晨回到了港口,带回{line * 7}箱鱼。" for line in range(30))
    fields = {
        "url": address, "canonical_url": f"https{address[4:]}", "page_urls": [address],
        "article_id": f"t20161003_{number}", "headline": f"渔船{number}",
        "body": [Block(type="paragraph", text=body)], "article_body": body,
    }  # fmt: skip
    return market(**{**fields, **changes})


def mixed() -> list[Article | Rejection]:
    """New, changed, under another address, reposts to the letter and nearly so, rejected, unstorable."""
    elsewhere = "http://biz.zjol.com.cn/biz/201610/t20161001_2000001.shtml"
    near = repost(3, article_body=repost(3).article_body + "完。")
    return [
        *all_examples(),
        harbour(url=elsewhere, canonical_url=f"https{elsewhere[4:]}", page_urls=[elsewhere]),
        Rejection(url="http://zjnews.zjol.com.cn/gone.shtml", reason="not_found", detail="404"),
        Rejection(url="http://zjnews.zjol.com.cn/gone.shtml", reason="not_found", detail="404"),
        Rejection(url="http://zjnews.zjol.com.cn/late.shtml", reason="timeout"),
        repost(1),
        repost(2),
        near.__class__(**{**{f: getattr(near, f) for f in near.__struct_fields__},
                          "body": [Block(type="paragraph", text=near.article_body)]}),
        repost(4, headline="NUL \0"),
        repost(5, headline=LONG_WORD),
        market(headline="早市又搬家", keywords=["早市"]),
        harbour(headline="渔港醒来", editors=[], images=[], page_urls=harbour().page_urls[:1]),
    ]  # fmt: skip


FILLINGS: dict[str, list[Article | Rejection]] = {
    "empty": [],
    "the same": mixed(),
    "other": [
        harbour(headline="旧标题", dateline=None, keywords=["旧"]),
        repost(2, headline="旧"),
        Rejection(url="http://zjnews.zjol.com.cn/gone.shtml", reason="not_article"),
        Rejection(url=market().url, reason="empty_body"),
    ],
}


@pytest.mark.parametrize("filling", FILLINGS)
def test_the_rows_are_those_of_the_ordinary_writer(database, staged, filling):
    write_ordinarily(database, FILLINGS[filling], FIRST)
    expected = write_ordinarily(database, mixed(), SECOND)
    wanted = contents(database)
    empty(database)
    write_ordinarily(database, FILLINGS[filling], FIRST)

    assert write_in_bulk(database, mixed(), SECOND) == expected
    assert contents(database) == wanted
    assert wanted["rejection"], "nothing was rejected"
    with database.connect() as connection:
        reasons = set(connection.scalars(select(RejectionRow.reason)))
        reposts = connection.scalar(select(func.count()).where(ArticleRow.duplicate_of_id.is_not(None)))
    assert reasons >= {"not_found", "timeout", "unstorable"}
    assert reposts >= 2


def test_the_same_again_changes_nothing(database, staged):
    # What a file gives twice, each time otherwise, would go back and forth; what failed is counted each time.
    once = [
        record
        for record in mixed()
        if record not in (market(), harbour()) and getattr(record, "reason", None) != "timeout"
    ]
    write_in_bulk(database, once, FIRST)
    before = contents(database)

    summary = write_in_bulk(database, once, FIRST)

    assert (summary.stored, summary.changed) == (0, 0)
    assert contents(database) == before


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(articles(st.sampled_from(["t1_1", "t2_2", "t3_3"])), max_size=4),
    records=st.lists(
        st.one_of(
            articles(st.sampled_from(["t1_1", "t2_2", "t3_3", "t4_4"])),
            st.sampled_from(mixed()),
        ),
        max_size=8,
    ),
)
def test_any_records_leave_the_same_rows(database, staged, before, records):
    empty(database)
    write_ordinarily(database, before, FIRST)
    expected = write_ordinarily(database, records, SECOND, size=5)
    wanted = contents(database)
    empty(database)
    write_ordinarily(database, before, FIRST)

    assert write_in_bulk(database, records, SECOND, size=5) == expected
    assert contents(database) == wanted


def test_a_record_the_server_refuses_costs_itself_alone(database, monkeypatch):
    monkeypatch.setattr(preparing, "storage_fault", lambda article: None)
    records = [repost(number, headline="NUL \0" if number in (3, 4, 8) else f"渔船{number}") for number in range(11)]
    summary = write_in_bulk(database, records, FIRST)
    assert (summary.stored, summary.rejected_by_reason) == (8, {"unstorable": 3})
    with database.connect() as connection:
        keys = list(connection.scalars(select(ArticleRow.article_id).order_by(ArticleRow.id)))
    assert keys == [record.article_id for record in records if "NUL" not in record.headline]


def test_terms_are_those_postgresql_makes_of_text(database):
    body = "渔港" * 400 + f" Zjol 2016 {LONG_WORD} " + "".join(chr(0x4E00 + number) for number in range(4000))
    record = market(body=[Block(type="paragraph", text=body)], article_body=body)
    write_in_bulk(database, [record], FIRST)
    query = select(ArticleSearchRow.terms).where(ArticleSearchRow.field == "article_body").order_by(ArticleSearchRow.id)
    rows = [
        " ".join(f"{term}:{place}" for place, term in enumerate(own.split(" "), start=1)) for own in rows_of_terms(body)
    ]
    assert len(rows) > 1
    with database.connect() as connection:
        assert list(connection.scalars(query)) == [
            connection.scalar(text("SELECT CAST(:terms AS tsvector)"), {"terms": row}) for row in rows
        ]


def test_many_changes_go_by_the_staging_table(database, tmp_path):
    records = list(corpus.articles(400))
    path, changed_path = tmp_path / "records.jsonl", tmp_path / "changed.jsonl"
    changed = [Article(**{**_fields(record), "headline": f"改{record.headline}"}) for record in records]
    for file, own in ((path, records), (changed_path, changed)):
        file.write_text("".join(f"{to_json(record)}\n" for record in own), encoding="utf-8")
    writer = Writer(database)
    for file in (path, changed_path):
        summary = WriteSummary()
        for batch, _ in prepared_batches([file], workers=2):
            summary += writer.write_prepared(batch)
    assert summary == WriteSummary(changed=400)
    assert sorted(map(to_json, read_articles(database))) == sorted(map(to_json, changed))
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(RevisionRow)) == 400


def test_another_writer_meanwhile_loses_nothing_and_numbers_have_no_gap(database):
    records = list(corpus.articles(300))
    # The other writer stores the same articles the other way round, every third of them as it will be.
    others = [
        Article(**{**_fields(record), "keywords": ["另一个"]}) if number % 3 == 0 else record
        for number, record in enumerate(records)
    ][::-1]
    faults: list[Exception] = []
    seen: list[int] = []
    ended = threading.Event()

    def crawl() -> None:
        other = open_database(database.url)
        try:
            for start in range(0, len(others), 50):
                write_articles(other, others[start : start + 50])
        except Exception as error:  # noqa: BLE001 - it is told by the test
            faults.append(error)
        finally:
            other.dispose()

    def watch() -> None:
        other = open_database(database.url)
        newest = 0
        while not ended.is_set():
            with other.connect() as connection:
                numbers = sorted(connection.scalars(select(ArticleRow.change_number)))
            late = [number for number in numbers if number <= newest and number not in known]
            seen.extend(late)
            known.update(numbers)
            newest = max(numbers, default=0)
        other.dispose()

    known: set[int] = set()
    threads = [threading.Thread(target=crawl), threading.Thread(target=watch)]
    for thread in threads:
        thread.start()
    write_in_bulk(database, records, FIRST, size=100)
    threads[0].join()
    ended.set()
    threads[1].join()

    assert faults == []
    assert seen == [], "a number became visible after a greater one"
    with database.connect() as connection:
        stored = connection.execute(select(ArticleRow.article_id, ArticleRow.change_number)).all()
        revisions = connection.scalar(select(func.count()).select_from(RevisionRow))
        last = connection.scalar(select(ChangeCounterRow.value))
    assert {article_id for article_id, _ in stored} == {record.article_id for record in records}
    # Each number is an article as it stands or one it was.
    assert last == len(stored) + revisions


def _fields(record: Article) -> dict:
    return {name: getattr(record, name) for name in record.__struct_fields__}
