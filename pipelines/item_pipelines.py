"""Scrapy's view of the road: item pipelines that extract, validate and store what spiders yield.

A spider yields a `Page`, or a list of the `Page`s of one article; what could not be fetched it yields as a `Rejection`,
a visit that gives no record as `Noted`. What comes out is an `Outcome`.
Settings read here:

* `ZJOL_DB`: the database's SQLAlchemy URL; where it is not set, `StorePipeline` is off.
* `ZJOL_BATCH_SIZE`: how many records one transaction writes (100).
* `ZJOL_FLUSH_SECONDS`: how long a record waits at most for its batch to fill (5).
* `ZJOL_COMMAND`: what the run's row in `crawl_run` names as its command (`crawl` and the spider's name).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DropItem, NotConfigured
from scrapy.utils.asyncio import run_in_thread
from sqlalchemy import Engine

from pipelines.merge import extract_article
from pipelines.page import Page
from pipelines.record import Article, Rejection
from pipelines.store.engine import open_database
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Noted, Visit
from pipelines.store.runs import finish_run, start_run
from pipelines.store.writer import Writer, WriteSummary
from pipelines.unread import unread_pieces
from pipelines.validate import validate

STORE_FAILED = "store_failed"
STORE_ERROR_STAT = "zjol/store_error"
STAT_PREFIX = "zjol/"

_DEFAULT_BATCH_SIZE = 100
_DEFAULT_FLUSH_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of what a spider yielded.

    Attributes:
        record: the article or rejection; None for a visit that gives neither.
        visit: the answer to the request for the record's first page, where the crawl made one.
        noted: the visit that gives no record.
    """

    record: Article | Rejection | None
    visit: Visit | None = None
    noted: Noted | None = None


class ExtractPipeline:
    """Pages → `Outcome`; records and noted visits are wrapped as they are."""

    def process_item(self, item: object) -> Outcome:
        """Extract a page, or the pages of one article.

        Raises:
            TypeError: the spider yielded something else.
        """
        if isinstance(item, Article | Rejection):
            return Outcome(item)
        if isinstance(item, Noted):
            return Outcome(None, noted=item)
        if isinstance(item, Page):
            return Outcome(extract_article([item]), visit_of(item))
        if isinstance(item, list | tuple) and item and all(isinstance(page, Page) for page in item):
            return Outcome(extract_article(item), visit_of(item[0]))
        raise TypeError(f"a spider yields pages, a list of pages, rejections or visits, not {type(item).__name__}")


def visit_of(page: Page) -> Visit:
    """Give the answer that a fetched page was."""
    return Visit(
        page.requested_url or page.url,
        page.url,
        page.status,
        page.headers.get("etag"),
        page.headers.get("last-modified"),
    )


class ValidatePipeline:
    """Counts and logs what is wrong with records, and what the grammars left unread; they are stored all the same.

    Stats: `zjol/flagged` records, `zjol/flagged/FIELD` faults, `zjol/unread/FIELD` pieces of lines not understood.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl."""
        return cls(crawler)

    def process_item(self, item: Outcome) -> Outcome:
        """Validate an article; all else passes."""
        article = item.record
        if not isinstance(article, Article):
            return item
        faults = validate(article)
        if faults:
            _count(self._crawler, "flagged")
        for fault in faults:
            logger.warning("%s: %s", article.url, fault)
            _count(self._crawler, f"flagged/{fault.partition(':')[0]}")
        for field, text in unread_pieces(article):
            logger.info("%s: %s: cannot read %r", article.url, field, text)
            _count(self._crawler, f"unread/{field}")
        return item


class StorePipeline:
    """Writes records and rejections in batches, and the run itself as a row of `crawl_run`.

    Stats: `zjol/stored`, `zjol/changed`, `zjol/unchanged`, `zjol/duplicate`, `zjol/rejected`, `zjol/rejected/REASON`;
    where the database failed, `zjol/store_error` is the one line that says why and `zjol/not_stored` counts what was
    lost: those pages count as not fetched, so another run gets them.
    """

    def __init__(self, crawler: Crawler, url: str) -> None:
        self._crawler = crawler
        self._url = url
        self._batch_size = max(1, crawler.settings.getint("ZJOL_BATCH_SIZE", _DEFAULT_BATCH_SIZE))
        self._flush_seconds = crawler.settings.getfloat("ZJOL_FLUSH_SECONDS", _DEFAULT_FLUSH_SECONDS)
        self._engine: Engine | None = None
        self._writer: Writer | None = None
        self._run_id: int | None = None
        self._batch: list[Outcome] = []
        self._writing = asyncio.Lock()
        self._closing = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawl.

        Raises:
            NotConfigured: no database is set.
        """
        url = crawler.settings.get("ZJOL_DB")
        if not url:
            raise NotConfigured("ZJOL_DB is not set")
        pipeline = cls(crawler, url)
        crawler.signals.connect(pipeline.finish_run, signals.spider_closed)
        return pipeline

    async def open_spider(self) -> None:
        """Open the database and begin the run.

        Raises:
            CloseSpider: the database cannot be opened; nothing is fetched.
        """
        spider = self._crawler.spider
        command = self._crawler.settings.get("ZJOL_COMMAND") or f"crawl {spider.name if spider else ''}".rstrip()
        try:
            self._engine = open_database(self._url)
            self._run_id = start_run(self._engine, command)
        except StoreError as error:
            self._note_failure(error)
            raise CloseSpider(STORE_FAILED) from error
        self._writer = Writer(self._engine, run_id=self._run_id)
        self._start(self._flush_regularly())

    async def process_item(self, item: Outcome) -> Outcome:
        """Take a record into the batch under way.

        Raises:
            DropItem: the database has failed.
        """
        if self._failed:
            _count(self._crawler, "not_stored")
            raise DropItem("not stored, for the database failed", log_level="DEBUG")
        self._batch.append(item)
        if len(self._batch) >= self._batch_size:
            await self._flush()
        return item

    async def close_spider(self) -> None:
        """Write what is left."""
        self._closing.set()
        # A task that closes the spider waits for this very call.
        await asyncio.gather(*(task for task in self._tasks if task.get_name() != STORE_FAILED))
        await self._flush()

    def finish_run(self, reason: str) -> None:
        """Note in the run's row how it ended and what it counted, and let the database go."""
        if self._engine is None:
            return
        try:
            if self._run_id is not None and not self._failed:
                finish_run(self._engine, self._run_id, reason, self._counts())
        except StoreError as error:
            self._note_failure(error)
        finally:
            self._engine.dispose()

    async def _flush_regularly(self) -> None:
        while not self._closing.is_set() and not self._failed:
            try:
                await asyncio.wait_for(self._closing.wait(), self._flush_seconds)
            except TimeoutError:
                await self._flush()

    async def _flush(self) -> None:
        async with self._writing:
            batch, self._batch = self._batch, []
            if not batch:
                return
            if self._writer is None or self._failed:
                _count(self._crawler, "not_stored", len(batch))
                return
            try:
                summary = await run_in_thread(_write, self._writer, batch)
            except StoreError as error:
                _count(self._crawler, "not_stored", len(batch))
                self._fail(error)
            else:
                self._count_summary(summary)

    def _fail(self, error: StoreError) -> None:
        self._note_failure(error)
        engine = self._crawler.engine
        if engine is not None and not self._closing.is_set():
            # Not awaited here: the spider closes only when the items under way are through.
            self._start(engine.close_spider_async(reason=STORE_FAILED), STORE_FAILED)

    def _note_failure(self, error: StoreError) -> None:
        self._failed = True
        logger.error("%s", error)
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(STORE_ERROR_STAT, str(error))

    def _start(self, work: Coroutine[Any, Any, None], name: str | None = None) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _count_summary(self, summary: WriteSummary) -> None:
        for outcome in ("stored", "changed", "unchanged", "duplicate", "rejected"):
            _count(self._crawler, outcome, getattr(summary, outcome))
        for reason, count in summary.rejected_by_reason.items():
            _count(self._crawler, f"rejected/{reason}", count)

    def _counts(self) -> dict[str, int | float]:
        stats = self._crawler.stats.get_stats() if self._crawler.stats is not None else {}
        counts = {
            name.removeprefix(STAT_PREFIX): value
            for name, value in sorted(stats.items())
            if name.startswith(STAT_PREFIX) and isinstance(value, int | float)
        }
        return {"fetched": stats.get("response_received_count", 0), **counts}


def _write(writer: Writer, batch: Sequence[Outcome]) -> WriteSummary:
    return writer.write(
        [outcome.record for outcome in batch if outcome.record is not None],
        visits=[outcome.visit for outcome in batch if outcome.visit is not None],
        noted=[outcome.noted for outcome in batch if outcome.noted is not None],
    )


def _count(crawler: Crawler, name: str, count: int = 1) -> None:
    if count and crawler.stats is not None:
        crawler.stats.inc_value(STAT_PREFIX + name, count)
