"""Running a spider in this process and learning how it went."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

import zjol_crawler.settings as defaults
from pipelines.item_pipelines import STORE_ERROR_STAT, stop_overdue
from pipelines.outcomes import Outcome
from pipelines.record import Article, Rejection
from zjol_crawler.crawl_result import INTERRUPTED, CrawlResult, Watcher
from zjol_crawler.frontier.pace import PoliteDownloader
from zjol_crawler.json_log import log_as_json

# How long, in seconds, a crawl that is told to stop waits for answers, and then for what is to be stored.
_ANSWERS_GRACE, _STORE_GRACE = 2.0, 5.0

# So many rejections are kept in memory to be shown; all are rows.
_MOST_REJECTIONS = 100


class _Process(AsyncCrawlerProcess):
    """Scrapy's process, which stops in seconds although a host hangs or the database is away."""

    was_told_to_stop = False

    async def stop(self) -> None:
        """Stop cleanly."""
        self.was_told_to_stop = True
        loop = asyncio.get_running_loop()
        for crawler in self.crawlers:
            downloader = crawler.engine.downloader if crawler.engine is not None else None
            if isinstance(downloader, PoliteDownloader):
                loop.call_later(_ANSWERS_GRACE, downloader.abandon)
            loop.call_later(_ANSWERS_GRACE + _STORE_GRACE, crawler.signals.send_catch_log, stop_overdue)
        await super().stop()


def crawl(
    spider: type[Spider],
    overrides: Mapping[str, Any],
    *,
    keep_records: bool = False,
    watcher: Watcher | None = None,
    **arguments: Any,
) -> CrawlResult:
    """Run a spider until it is done or interrupted; the first Ctrl-C or SIGTERM stops it cleanly, the second at once.

    Args:
        spider: the spider class.
        overrides: settings over those of `zjol_crawler.settings`.
        keep_records: keep the articles in memory and give them back.
        watcher: told the stats whenever a record or a response has come.
        arguments: the spider's own.
    """
    settings = Settings()
    settings.setmodule(defaults, priority="project")
    settings.setdict({"ZJOL_WATCHED": watcher is not None, **overrides}, priority="cmdline")
    as_json = settings.getbool("ZJOL_LOG_JSON")
    settings.set("LOG_INSTALL_ROOT_HANDLER", not as_json, priority="cmdline")
    process = _Process(settings)
    if as_json:
        log_as_json(settings["LOG_LEVEL"])
    _quiet_reported_failures(settings)
    crawler: Crawler = process.create_crawler(spider)
    records: list[Article | Rejection] = []
    rejections: list[Rejection] = []
    reasons: Counter[str] = Counter()

    def take(item: Outcome) -> None:
        if isinstance(item.record, Rejection):
            reasons[item.record.reason] += 1
            if keep_records or len(rejections) < _MOST_REJECTIONS:
                rejections.append(item.record)
        if keep_records and item.record is not None:
            records.append(item.record)
        tell()

    def tell() -> None:
        if watcher is not None and crawler.stats is not None:
            watcher(crawler.stats.get_stats())

    crawler.signals.connect(take, signals.item_scraped)
    crawler.signals.connect(tell, signals.response_received)
    process.crawl(crawler, **arguments)
    process.start()
    stats = crawler.stats.get_stats() if crawler.stats is not None else {}
    finish_reason = str(stats.get("finish_reason", "failed"))
    if process.was_told_to_stop and "finish_reason" not in stats:
        # A second signal ended it before the spider was closed: nothing more is waited for.
        crawler.signals.send_catch_log(stop_overdue)
        finish_reason = INTERRUPTED
    return CrawlResult(records, rejections, stats, finish_reason, stats.get(STORE_ERROR_STAT), reasons)


def _quiet_reported_failures(settings: Settings) -> None:
    """Keep Scrapy from logging, with tracebacks, the failures that a run reports as rejections anyway."""
    if settings.getbool("ZJOL_LOG_FAILURES"):
        return
    for name in ("scrapy.downloadermiddlewares.robotstxt", "scrapy.downloadermiddlewares.retry", "scrapy.core.scraper"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
