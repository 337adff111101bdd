"""What is known of runs: how they go or went, and the pages each rejected."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.hosts import is_alive
from pipelines.store.runs import PULSE
from pipelines.store.schema import CrawlRunRow, RejectionRow
from pipelines.store.statements import table_of

RUNNING, KILLED = "running", "killed"
# So many pulses of a run may get lost before it is taken for dead.
_LOST_PULSES = 5


class RunRecord(NamedTuple):
    """A run.

    Attributes:
        id: its key.
        command: what was run.
        state: `running`, `killed`, or how it ended: `finished`, `shutdown`, `failed`, another reason of Scrapy's.
        parser_version: release of the program.
        started_at, finished_at: UTC; the latter None where it has not ended.
        counts: what it counted; empty where it has not ended.
        bytes_received, peak_memory: bytes; None where they are not known.
        seconds: seconds by stage.
        holder: machine and process.
        error: the traceback of the first exception it met, or why it failed.
    """

    id: int
    command: str
    state: str
    parser_version: str
    started_at: datetime
    finished_at: datetime | None
    counts: dict[str, int | float]
    bytes_received: int | None
    peak_memory: int | None
    seconds: dict[str, float]
    holder: str | None
    error: str | None


class Rejected(NamedTuple):
    """The pages a run rejected for one reason: how many, and some of them."""

    reason: str
    pages: int
    examples: list[dict[str, str | None]]


def last_runs(engine: Engine, limit: int, now: datetime) -> list[RunRecord]:
    """Give the last runs, the latest first.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(CrawlRunRow)
    with store_errors(engine), read_transaction(engine) as connection:
        rows = connection.execute(select(table).order_by(table.c.id.desc()).limit(limit)).mappings()
        return [_record(dict(row), now) for row in rows]


def find_run(engine: Engine, run_id: int, now: datetime) -> RunRecord | None:
    """Give one run; None where there is none of that key.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(CrawlRunRow)
    with store_errors(engine), read_transaction(engine) as connection:
        row = connection.execute(select(table).where(table.c.id == run_id)).mappings().one_or_none()
        return None if row is None else _record(dict(row), now)


def rejections_of(engine: Engine, run_id: int, examples: int) -> list[Rejected]:
    """Give what a run rejected by reason, the most frequent first, each with the first few pages.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(RejectionRow)
    pages = func.count()
    query = select(table.c.reason, pages).where(table.c.run_id == run_id).group_by(table.c.reason)
    with store_errors(engine), read_transaction(engine) as connection:
        reasons = connection.execute(query.order_by(pages.desc(), table.c.reason)).all()
        return [Rejected(reason, count, _examples(connection, run_id, reason, examples)) for reason, count in reasons]


def answer_seconds(connection: Connection, runs: int = 200) -> dict[str, float]:
    """Give how many seconds an answer of each host took on average in the last runs."""
    table = table_of(CrawlRunRow)
    waited: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    query = select(table.c.seconds, table.c.counts).order_by(table.c.id.desc()).limit(runs)
    for seconds, counts in connection.execute(query):
        for name, value in (seconds or {}).items():
            stage, _, host = name.partition("/")
            if stage == "fetch" and host:
                waited[host] += value
                answers[host] += (counts or {}).get(f"host/{host}/answers", 0)
    return {host: seconds / answers[host] for host, seconds in sorted(waited.items()) if answers[host]}


def run_state(row: dict[str, Any], now: datetime) -> str:
    """Tell how a row of `crawl_run` goes or went: one without an end runs while its process does."""
    if row["finished_at"] is not None:
        return row["outcome"] or "finished"
    holder = row["holder"]
    if holder is None:
        return KILLED
    if (alive := is_alive(holder)) is not None:
        return RUNNING if alive else KILLED
    return KILLED if row["alive_at"] is None or now - row["alive_at"] > _LOST_PULSES * PULSE else RUNNING


def _record(row: dict[str, Any], now: datetime) -> RunRecord:
    known = {name: row[name] for name in RunRecord._fields if name in row}
    known |= {"counts": row["counts"] or {}, "seconds": row["seconds"] or {}}
    return RunRecord(**known, state=run_state(row, now))


def _examples(connection: Connection, run_id: int, reason: str, limit: int) -> list[dict[str, str | None]]:
    table = table_of(RejectionRow)
    query = select(table.c.url, table.c.detail).where(table.c.run_id == run_id, table.c.reason == reason)
    return [dict(row) for row in connection.execute(query.order_by(table.c.id).limit(limit)).mappings()]
