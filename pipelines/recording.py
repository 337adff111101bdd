"""The road from what spiders yield to rows, a batch at a time: what a crawl lets another process do."""

from __future__ import annotations

import logging
import multiprocessing
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from pipelines.monitor.watch import Watch
from pipelines.outcomes import Item, Outcome, outcome_of, visit_of
from pipelines.page import Page
from pipelines.record import Article
from pipelines.remarks import remarks_on
from pipelines.resources import own_peak_memory
from pipelines.store.engine import connect_database
from pipelines.store.ledger import Noted
from pipelines.store.writer import Writer, WriteSummary

logger = logging.getLogger(__name__)


class Recorded(NamedTuple):
    """What became of a batch.

    Attributes:
        outcomes: one for each item, in order; a text is the traceback of an item that could not be read at all.
        counts: what the run's stats are to grow by.
        seconds: how long extraction and storing took.
        peak_memory: most memory this process had, in bytes; 0 where it is the crawl's own.
    """

    outcomes: list[Outcome | str]
    counts: Counter[str]
    seconds: dict[str, float]
    peak_memory: int


class Recorder:
    """Extracts, validates and stores for one run."""

    def __init__(self, url: str, run_id: int | None, keep_articles: bool) -> None:
        """Make ready for a database that was opened, and so has its tables.

        Args:
            url: its SQLAlchemy URL.
            run_id: the run that rejections name.
            keep_articles: give articles back, not only what became of them.

        Raises:
            StoreError: the database cannot be read.
        """
        engine = connect_database(url)
        self._writer = Writer(engine, run_id=run_id)
        self._watch = None if run_id is None else Watch(engine, run_id)
        self._keep_articles = keep_articles

    def record(self, items: Sequence[Item]) -> Recorded:
        """Extract and validate items and write them in one transaction.

        Raises:
            StoreError: the database failed; nothing of the batch is stored.
        """
        started = time.perf_counter()
        results = [_read(item) for item in items]
        outcomes = [result for result in results if isinstance(result, Outcome)]
        counts: Counter[str] = Counter()
        for outcome in outcomes:
            remarks = remarks_on(outcome)
            counts += remarks.counts
            for line in remarks.faults:
                logger.warning("%s", line)
            for line in remarks.unread:
                logger.info("%s", line)
        extracted = time.perf_counter()
        write, said = (outcomes, outcomes) if self._watch is None else self._watch.take(outcomes)
        counts += write_outcomes(self._writer, [*write, *_faults(items, results)]).counts()
        seconds = {"extract": extracted - started, "store": time.perf_counter() - extracted}
        is_alone = multiprocessing.parent_process() is not None
        judged = iter(said)
        kept = [self._without_article(result if isinstance(result, str) else next(judged)) for result in results]
        return Recorded(kept, counts, seconds, own_peak_memory() if is_alone else 0)

    def finish(self) -> Counter[str]:
        """Write what still waits, and note what the monitor found; give what the run's stats are to grow by.

        Raises:
            StoreError: the database failed.
        """
        if self._watch is None:
            return Counter()
        written = write_outcomes(self._writer, self._watch.rest())
        return written.counts() + self._watch.finish()

    def _without_article(self, result: Outcome | str) -> Outcome | str:
        if self._keep_articles or isinstance(result, str) or not isinstance(result.record, Article):
            return result
        return result._replace(record=None)


def write_outcomes(writer: Writer, outcomes: Sequence[Outcome]) -> WriteSummary:
    """Write a batch in one transaction.

    Raises:
        StoreError: the database failed; nothing of the batch is stored.
    """
    return writer.write(
        [outcome.record for outcome in outcomes if outcome.record is not None],
        visits=[outcome.visit for outcome in outcomes if outcome.visit is not None],
        noted=[outcome.noted for outcome in outcomes if outcome.noted is not None],
    )


def _faults(items: Sequence[Item], results: Sequence[Outcome | str]) -> list[Outcome]:
    """Give for the ledger what could not be read at all, so that it is tried again seldom and not by every run."""
    faults: list[Outcome] = []
    for item, result in zip(items, results, strict=True):
        if isinstance(result, str):
            page = item[0] if isinstance(item, list) else item
            if isinstance(page, Page):
                error = f"fault: {result.strip().splitlines()[-1][:300]}"
                faults.append(Outcome(None, noted=Noted(visit_of(page), "failed", error=error)))
    return faults


def _read(item: Item) -> Outcome | str:
    try:
        return outcome_of(item)
    except Exception:  # noqa: BLE001 - a fault of ours on one page, reported with the page, must not cost the batch
        return traceback.format_exc()
