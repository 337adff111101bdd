"""Crawl jobs run: the spider of each, over a database that knows what is to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine

from pipelines.resources import rare_collection
from pipelines.store.candidates import note_candidates
from pipelines.store.engine import open_database, read_transaction, store_errors
from pipelines.store.frontier import due_hosts, note_listed, note_lists, note_rejected
from pipelines.store.hosts import holder_name
from zjol_crawler.crawl_result import CrawlResult, Watcher
from zjol_crawler.crawling import CrawlJob, EpaperJob
from zjol_crawler.running import crawl
from zjol_crawler.spiders.base import Ledger
from zjol_crawler.spiders.channel import ChannelSpider
from zjol_crawler.spiders.epaper import EpaperSpider

_SCHEDULER = "zjol_crawler.frontier.scheduler.LedgerScheduler"


@rare_collection()
def crawl_lists(job: CrawlJob, command: str, watcher: Watcher | None) -> CrawlResult:
    """Crawl channels and store: `zjol_crawler.crawling.run_job`.

    Raises:
        StoreError: the database cannot be opened.
    """
    engine = open_database(job.database)
    try:
        return crawl(
            ChannelSpider,
            _settings(job, command),
            watcher=watcher,
            scope=job.lists,
            since=job.since,
            until=job.until,
            limit=job.limit,
            ledger=_ledger(engine, job, job.lists, job.lists),
        )
    finally:
        engine.dispose()


@rare_collection()
def crawl_issues(job: EpaperJob, command: str, watcher: Watcher | None) -> CrawlResult:
    """Fetch issues of an e-paper and store: `zjol_crawler.crawling.run_epaper_job`.

    Raises:
        StoreError: the database cannot be opened.
    """
    engine = open_database(job.database)
    try:
        return crawl(
            EpaperSpider,
            _settings(job, command),
            watcher=watcher,
            host=job.host,
            days=job.days,
            limit=job.limit,
            ledger=_ledger(engine, job, [job.host], []),
        )
    finally:
        engine.dispose()


def _settings(job: CrawlJob | EpaperJob, command: str) -> dict[str, Any]:
    kept = {} if job.archive is None else {"ZJOL_ARCHIVE": str(job.archive)}
    return {**job.settings, "ZJOL_DB": job.database, "ZJOL_COMMAND": command, "SCHEDULER": _SCHEDULER, **kept}


def _ledger(engine: Engine, job: CrawlJob | EpaperJob, scope: Sequence[str], lists: Sequence[str]) -> Ledger:
    def note_start() -> set[str]:
        if job.retry_rejected:
            note_rejected(engine, scope)
        if lists:
            note_lists(engine, lists, holder_name(), only_due=isinstance(job, CrawlJob) and job.only_due)
        with store_errors(engine), read_transaction(engine) as connection:
            return due_hosts(connection, scope, datetime.now(UTC))

    return Ledger(partial(note_listed, engine), partial(note_candidates, engine), note_start)
