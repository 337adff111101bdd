"""Scrapy's view of the road: item pipelines that extract, validate and store what spiders yield.

A spider yields a `Page`, or a list of the `Page`s of one article; what could not be fetched it yields as a `Rejection`,
a visit that gives no record as `Noted`. What comes out is an `Outcome`. One of two pipelines does the work:
`StorePipeline` where `ZJOL_DB` is set, `ExtractPipeline` where it is not. Settings read here:

* `ZJOL_DB`: the database's SQLAlchemy URL.
* `ZJOL_BACKGROUND`: where extraction and storing are done, `process` or `thread` (`thread`).
* `ZJOL_BATCH_SIZE`: how many items one transaction writes at most (100).
* `ZJOL_KEEP_ARTICLES`: give stored articles back in their outcomes (false).
* `ZJOL_COMMAND`: what the run's row in `crawl_run` names as its command (`crawl` and the spider's name).
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured
from scrapy.http import Request
from sqlalchemy import Engine
from twisted.python.failure import Failure

from pipelines.background import BackgroundDiedError, Place
from pipelines.background_recording import BackgroundRecorder
from pipelines.outcomes import Item, Outcome, check_item, outcome_of
from pipelines.run_stats import PEAK_MEMORY_STAT, SECONDS_PREFIX, STAT_PREFIX, end_of_run
from pipelines.store.engine import open_database
from pipelines.store.errors import StoreError
from pipelines.store.ledger import host_of
from pipelines.store.retry import PATIENCE, wait_no_more
from pipelines.store.runs import finish_run, pulse, start_run

STORE_FAILED = "store_failed"
STORE_ERROR_STAT = "zjol/store_error"
# Signal: the run was told to stop, and waits no longer for what is under way.
stop_overdue = object()

_DEFAULT_BATCH_SIZE = 100
# While one is worked on, the next is on its way there.
_BATCHES_UNDER_WAY = 2
# Fewer items than this wait for the batch under way: a transaction costs the same for one as for many.
_WORTH_A_BATCH = 32

logger = logging.getLogger(__name__)


class ExtractPipeline:
    """Pages → `Outcome`, in a crawl that stores nothing.

    Faults of records and what the grammars left unread are logged and counted; the records are given all the same.
    Stats: `zjol/flagged` records, `zjol/flagged/FIELD` faults, `zjol/unread/FIELD` pieces of lines not understood.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl.

        Raises:
            NotConfigured: `StorePipeline` does the work.
        """
        if crawler.settings.get("ZJOL_DB"):
            # Scrapy warns of what is switched off with a reason.
            raise NotConfigured
        return cls(crawler)

    def process_item(self, item: object) -> Outcome:
        """Extract a page, or the pages of one article.

        Raises:
            TypeError: the spider yielded something else.
        """
        from pipelines.remarks import remarks_on

        outcome = outcome_of(check_item(item))
        remarks = remarks_on(outcome)
        for line in remarks.faults:
            logger.warning("%s", line)
        for line in remarks.unread:
            logger.info("%s", line)
        _count(self._crawler, remarks.counts)
        return outcome


class _Waiting(NamedTuple):
    item: Item
    outcome: asyncio.Future[Outcome]


class StorePipeline:
    """Extracts and stores in the background, and writes the run itself as a row of `crawl_run`.

    While one batch is under way the next gathers, so batches are as large as the crawl is fast and no item waits for
    others; an item counts as under way until it is stored, which holds the crawl to the pace of storing.

    Stats: those of `ExtractPipeline`; `zjol/stored`, `zjol/changed`, `zjol/unchanged`, `zjol/duplicate`,
    `zjol/rejected`, `zjol/rejected/REASON`; where the database failed, `zjol/store_error` is the one line that says why
    and `zjol/not_stored` counts what was lost: those pages count as not fetched, so another run gets them.
    """

    def __init__(self, crawler: Crawler, url: str) -> None:
        self._crawler = crawler
        self._url = url
        self._batch_size = max(1, crawler.settings.getint("ZJOL_BATCH_SIZE", _DEFAULT_BATCH_SIZE))
        self._engine: Engine | None = None
        self._recorder: BackgroundRecorder | None = None
        self._run_id: int | None = None
        self._waiting: list[_Waiting] = []
        self._recording = 0
        self._is_closing = False
        self._failed = False
        self._error: str | None = None
        self._pulse = ExitStack()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl.

        Raises:
            NotConfigured: no database is set.
        """
        url = crawler.settings.get("ZJOL_DB")
        if not url:
            raise NotConfigured
        pipeline = cls(crawler, url)
        crawler.signals.connect(pipeline.finish_run, signals.spider_closed)
        crawler.signals.connect(pipeline.note_answer, signals.response_received)
        crawler.signals.connect(pipeline.note_error, signals.spider_error)
        crawler.signals.connect(pipeline.give_up, stop_overdue)
        return pipeline

    async def open_spider(self) -> None:
        """Open the database and begin the run.

        Raises:
            CloseSpider: the database cannot be opened; nothing is fetched.
        """
        settings = self._crawler.settings
        spider = self._crawler.spider
        command = settings.get("ZJOL_COMMAND") or f"crawl {spider.name if spider else ''}".rstrip()
        try:
            self._engine = open_database(self._url)
            self._run_id = start_run(self._engine, command)
        except StoreError as error:
            self._note_failure(error)
            raise CloseSpider(STORE_FAILED) from error
        self._pulse.enter_context(pulse(self._engine, self._run_id))
        keep = settings.getbool("ZJOL_KEEP_ARTICLES")
        place: Place = "process" if settings.get("ZJOL_BACKGROUND") == "process" else "thread"
        self._recorder = BackgroundRecorder(place, self._url, self._run_id, keep)
        # Signals keep no reference to what they call.
        self._crawler.signals.connect(self._recorder.close, signals.engine_stopped, weak=False)

    async def process_item(self, item: object) -> Outcome:
        """Give what became of an item, once it is stored.

        Raises:
            TypeError: the spider yielded what is no item.
            DropItem: the database has failed.
        """
        checked = check_item(item)
        if self._failed:
            _count(self._crawler, {"not_stored": 1})
            raise _not_stored()
        waiting = _Waiting(checked, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._recording == 0 or (self._recording < _BATCHES_UNDER_WAY and len(self._waiting) >= _WORTH_A_BATCH):
            self._recording += 1
            self._start(self._record())
        return await waiting.outcome

    async def close_spider(self) -> None:
        """Wait for what is left."""
        self._is_closing = True
        # A task that closes the spider waits for this very call.
        await asyncio.gather(*(task for task in self._tasks if task.get_name() != STORE_FAILED))
        if self._recorder is None or self._failed:
            return
        try:
            _count(self._crawler, await self._recorder.finish())
        except (StoreError, BackgroundDiedError) as error:
            self._fail(error)

    def finish_run(self, reason: str) -> None:
        """Note in the run's row how it ended and what it counted, and let the database go."""
        if self._engine is None:
            return
        self._pulse.close()
        stats = self._crawler.stats.get_stats() if self._crawler.stats is not None else {}
        try:
            if self._run_id is not None:
                end = end_of_run(reason, stats, self._error)
                # A database that has failed is not waited for again.
                finish_run(self._engine, self._run_id, end, patience=0 if self._failed else PATIENCE)
        except StoreError as error:
            if not self._failed:
                self._note_failure(error)
        finally:
            self._engine.dispose()

    def give_up(self) -> None:
        """Leave what is not stored yet, for a database that is away or slow, to another run."""
        wait_no_more()
        if not self._failed and (self._waiting or self._recording):
            self._failed = True
            logger.warning("stopped before all that was fetched could be stored; the next run fetches it again")
            if self._recorder is not None:
                self._recorder.give_up()

    def note_answer(self, request: Request) -> None:
        """Count how long an answer was waited for, in all and of its host."""
        latency = request.meta.get("download_latency", 0.0)
        self._spend("fetch", latency)
        self._spend(f"fetch/{host_of(request.url)}", latency)

    def note_error(self, failure: Failure) -> None:
        """Keep the traceback of the first exception in the spider for the run's row."""
        self._error = self._error or failure.getTraceback()

    def _note_measures(self, seconds: Mapping[str, float], peak_memory: int) -> None:
        for stage, spent in seconds.items():
            self._spend(stage, spent)
        if self._crawler.stats is not None:
            self._crawler.stats.max_value(PEAK_MEMORY_STAT, peak_memory)

    def _spend(self, stage: str, seconds: float) -> None:
        stats = self._crawler.stats
        if stats is not None:
            name = SECONDS_PREFIX + stage
            stats.set_value(name, stats.get_value(name, 0.0) + seconds)

    async def _record(self) -> None:
        while self._waiting and (self._recording == 1 or len(self._waiting) >= _WORTH_A_BATCH):
            batch, self._waiting = self._waiting[: self._batch_size], self._waiting[self._batch_size :]
            try:
                assert self._recorder is not None
                recorded = await self._recorder.record([waiting.item for waiting in batch])
            except Exception as error:
                if not isinstance(error, StoreError | BackgroundDiedError):
                    logger.exception("the items under way could not be recorded")
                    self._error = self._error or traceback.format_exc()
                lost, self._waiting = [*batch, *self._waiting], []
                _count(self._crawler, {"not_stored": len(lost)})
                self._fail(error)
                for waiting in lost:
                    waiting.outcome.set_exception(_not_stored())
                break
            _count(self._crawler, recorded.counts)
            self._note_measures(recorded.seconds, recorded.peak_memory)
            for waiting, outcome in zip(batch, recorded.outcomes, strict=True):
                if isinstance(outcome, Outcome):
                    waiting.outcome.set_result(outcome)
                else:
                    self._error = self._error or outcome
                    waiting.outcome.set_exception(RuntimeError(f"cannot be read, which is a fault of ours:\n{outcome}"))
        self._recording -= 1

    def _fail(self, error: Exception) -> None:
        if self._failed:
            return
        self._note_failure(error)
        engine = self._crawler.engine
        if engine is not None and not self._is_closing:
            # Not awaited here: the spider closes only when the items under way are through.
            self._start(engine.close_spider_async(reason=STORE_FAILED), STORE_FAILED)

    def _note_failure(self, error: Exception) -> None:
        self._failed = True
        self._error = self._error or str(error)
        logger.error("%s", error)
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(STORE_ERROR_STAT, str(error))

    def _start(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _not_stored() -> DropItem:
    return DropItem("not stored, for the database failed", log_level="DEBUG")


def _count(crawler: Crawler, counts: Mapping[str, int]) -> None:
    if crawler.stats is not None:
        for name, count in counts.items():
            crawler.stats.inc_value(STAT_PREFIX + name, count)
