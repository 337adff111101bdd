"""Runs of commands that fetch and store: their beginning, life and end, and the pages that gave no record."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import NamedTuple, TypeVar

from sqlalchemy import Engine, insert, update
from sqlalchemy.engine import Connection

from pipelines.resources import peak_memory
from pipelines.store.engine import store_errors, write_transaction
from pipelines.store.errors import StoreError
from pipelines.store.hosts import holder_name
from pipelines.store.retry import PATIENCE, retried
from pipelines.store.schema import CrawlRunRow, RejectionRow
from pipelines.store.statements import table_of

T = TypeVar("T")

# The reason of a record that the tables cannot hold, beside those of pages that gave none.
UNSTORABLE = "unstorable"
# The count of list pages that could not be fetched.
LISTS_FAILED = "lists_failed"
# Outcomes of runs that Scrapy does not run; it has the same words for the first two.
FINISHED, INTERRUPTED, FAILED = "finished", "shutdown", "failed"
# How often a run says that it is alive; one of another machine is taken for dead after several times that.
PULSE = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class RejectedPage(NamedTuple):
    """A page that is not stored: a `Rejection`, or an article refused with the reason `unstorable`."""

    url: str
    reason: str
    detail: str | None = None


class RunEnd(NamedTuple):
    """How a run ended.

    Attributes:
        outcome: `finished`, `shutdown` (interrupted), `failed`, or another finish reason of Scrapy's.
        counts: what it counted, by name.
        bytes_received: bytes of answers; None for a run that fetches nothing.
        peak_memory: bytes; None where it is not known.
        seconds: seconds by stage.
        error: the traceback of the first exception it met, or the line that says why it failed.
    """

    outcome: str
    counts: Mapping[str, int | float]
    bytes_received: int | None = None
    peak_memory: int | None = None
    seconds: Mapping[str, float] | None = None
    error: str | None = None


class _End:
    pass


_END = _End()


class RunNotes:
    """What a run notes of itself while it is under way: counts, and seconds by stage."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        self.counts: dict[str, int | float] = {}
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count what is done inside as time of a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = round(self.seconds.get(stage, 0) + time.perf_counter() - began, 3)

    def each(self, stage: str, items: Iterable[T]) -> Iterator[T]:
        """Give items one by one, and count the making of each as time of a stage."""
        source = iter(items)
        while True:
            with self.timed(stage):
                item = next(source, _END)
            if isinstance(item, _End):
                return
            yield item


def parser_version() -> str:
    """Give the release of this program, as rows name it."""
    return version("zjol-crawler")


def start_run(engine: Engine, command: str) -> int:
    """Record that a command starts in this process, and give the run's key.

    Raises:
        StoreError: the database cannot be written.
    """
    now = datetime.now(UTC)
    values = {"command": command, "parser_version": parser_version(), "started_at": now}
    values |= {"holder": holder_name(), "alive_at": now}
    with store_errors(engine), write_transaction(engine) as connection:
        result = connection.execute(insert(table_of(CrawlRunRow)).values(values))
    key = result.inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave no key for the run")
    return int(key[0])


def finish_run(engine: Engine, run_id: int, end: RunEnd, *, patience: float = PATIENCE) -> None:
    """Record how a run ended and what it counted; a database that is away is waited for, `patience` seconds at most.

    Raises:
        StoreError: the database cannot be written.
    """
    values = {"finished_at": datetime.now(UTC), **end._asdict(), "counts": dict(end.counts)}
    _update_run(engine, run_id, values, patience)


@contextmanager
def pulse(engine: Engine, run_id: int, *, every: timedelta = PULSE) -> Iterator[None]:
    """Say from time to time, in a thread, that a run is alive, for those on other machines."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every.total_seconds()):
            try:
                _update_run(engine, run_id, {"alive_at": datetime.now(UTC)}, 0)
            except StoreError as error:
                logger.info("run %d cannot say that it is alive: %s", run_id, error)

    thread = threading.Thread(target=beat, name="pulse", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def recorded_run(engine: Engine, command: str) -> Iterator[RunNotes]:
    """Record what is done inside as a run, whether it ends, is interrupted or fails.

    Raises:
        StoreError: the database cannot be written.
    """
    notes = RunNotes(start_run(engine, command))
    outcome, error = FINISHED, None
    try:
        with pulse(engine, notes.run_id):
            yield notes
    except KeyboardInterrupt:
        outcome = INTERRUPTED
        raise
    except Exception:
        outcome, error = FAILED, traceback.format_exc()
        raise
    finally:
        end = RunEnd(outcome, notes.counts, None, peak_memory(), notes.seconds, error)
        _finish_after(engine, notes.run_id, end)


def _finish_after(engine: Engine, run_id: int, end: RunEnd) -> None:
    """Record an end; where the work has failed, its own error is the one to tell."""
    try:
        finish_run(engine, run_id, end, patience=PATIENCE if end.outcome == FINISHED else 0)
    except StoreError as error:
        if end.outcome == FINISHED:
            raise
        logger.warning("run %d: its end is not recorded: %s", run_id, error)


def _update_run(engine: Engine, run_id: int, values: Mapping[str, object], patience: float) -> None:
    table = table_of(CrawlRunRow)

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            connection.execute(update(table).where(table.c.id == run_id).values(values))

    with store_errors(engine):
        retried(engine, work, patience=patience)


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
