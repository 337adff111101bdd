"""Runs of commands that fetch and store, and the pages that gave no record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import NamedTuple

from sqlalchemy import Engine, insert, update
from sqlalchemy.engine import Connection

from pipelines.store.engine import store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import CrawlRunRow, RejectionRow
from pipelines.store.statements import table_of

# The reason of a record that the tables cannot hold, beside those of pages that gave none.
UNSTORABLE = "unstorable"
# The count of list pages that could not be fetched.
LISTS_FAILED = "lists_failed"


class RejectedPage(NamedTuple):
    """A page that is not stored: a `Rejection`, or an article refused with the reason `unstorable`."""

    url: str
    reason: str
    detail: str | None = None


def parser_version() -> str:
    """Give the release of this program, as rows name it."""
    return version("zjol-crawler")


def start_run(engine: Engine, command: str) -> int:
    """Record that a command starts, and give the run's key.

    Raises:
        StoreError: the database cannot be written.
    """
    values = {"command": command, "parser_version": parser_version(), "started_at": datetime.now(UTC)}
    with store_errors(engine), write_transaction(engine) as connection:
        result = connection.execute(insert(table_of(CrawlRunRow)).values(values))
    key = result.inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave no key for the run")
    return int(key[0])


def finish_run(engine: Engine, run_id: int, outcome: str, counts: Mapping[str, int | float]) -> None:
    """Record how a run ended and what it counted.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(CrawlRunRow)
    values = {"finished_at": datetime.now(UTC), "outcome": outcome, "counts": dict(counts)}

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            connection.execute(update(table).where(table.c.id == run_id).values(values))

    with store_errors(engine):
        retried(engine, work)


def add_rejections(
    connection: Connection,
    pages: Iterable[RejectedPage],
    *,
    run_id: int | None,
    seen_at: datetime,
) -> None:
    """Add a row of `rejection` a page, inside the caller's transaction."""
    rows = [
        {
            "url": page.url,
            "reason": page.reason,
            "detail": page.detail,
            "run_id": run_id,
            "seen_at": seen_at,
        }
        for page in pages
    ]
    if rows:
        connection.execute(insert(table_of(RejectionRow)), rows)
