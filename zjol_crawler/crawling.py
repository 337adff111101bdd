"""The crawl jobs: lists or issues in, rows out, only what the database lacks is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine

from pipelines.resources import rare_collection
from pipelines.store.candidates import note_candidates
from pipelines.store.engine import open_database, read_transaction, store_errors
from pipelines.store.frontier import due_hosts, note_listed, note_lists, note_rejected
from pipelines.store.hosts import holder_name
from zjol_crawler.running import CrawlResult, Watcher, crawl
from zjol_crawler.spiders.base import Ledger
from zjol_crawler.spiders.channel import ChannelSpider
from zjol_crawler.spiders.epaper import EpaperSpider

_SCHEDULER = "zjol_crawler.frontier.scheduler.LedgerScheduler"


class CrawlJob(NamedTuple):
    """What to crawl.

    Attributes:
        lists: addresses of list pages.
        database: an SQLAlchemy URL.
        since, until: ISO days.
        limit: fetch at most so many articles.
        settings: over those of `zjol_crawler.settings`.
        archive: the folder where every response is kept as WARC.
        retry_rejected: fetch again what gave no record.
        only_due: ask only for lists whose time has come.
    """

    lists: Sequence[str]
    database: str
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    settings: Mapping[str, Any] = {}
    archive: Path | None = None
    retry_rejected: bool = False
    only_due: bool = False


class EpaperJob(NamedTuple):
    """Which issues to fetch.

    Attributes:
        host: the paper's host.
        days: ISO days.
        database: an SQLAlchemy URL.
        limit: fetch at most so many articles.
        settings: over those of `zjol_crawler.settings`.
        archive: the folder where every response is kept as WARC.
        retry_rejected: fetch again what gave no record.
    """

    host: str
    days: Sequence[str]
    database: str
    limit: int | None = None
    settings: Mapping[str, Any] = {}
    archive: Path | None = None
    retry_rejected: bool = False


def store_settings(settings: Mapping[str, Any], database: str, command: str, archive: Path | None) -> dict[str, Any]:
    """Give the settings of a crawl that stores, and archives where a folder is given."""
    kept = {} if archive is None else {"ZJOL_ARCHIVE": str(archive)}
    return {**settings, "ZJOL_DB": database, "ZJOL_COMMAND": command, "SCHEDULER": _SCHEDULER, **kept}


@rare_collection()
def run_job(job: CrawlJob, *, command: str, watcher: Watcher | None = None) -> CrawlResult:
    """Crawl channels and store.

    Args:
        job: what to crawl.
        command: what the run's row calls it.
        watcher: told the stats as they grow.

    Raises:
        StoreError: the database cannot be opened.
    """
    engine = open_database(job.database)
    try:
        return crawl(
            ChannelSpider,
            store_settings(job.settings, job.database, command, job.archive),
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
def run_epaper_job(job: EpaperJob, *, command: str, watcher: Watcher | None = None) -> CrawlResult:
    """Fetch issues of an e-paper and store.

    Args:
        job: which.
        command: what the run's row calls it.
        watcher: told the stats as they grow.

    Raises:
        StoreError: the database cannot be opened.
    """
    engine = open_database(job.database)
    try:
        return crawl(
            EpaperSpider,
            store_settings(job.settings, job.database, command, job.archive),
            watcher=watcher,
            host=job.host,
            days=job.days,
            limit=job.limit,
            ledger=_ledger(engine, job, [job.host], []),
        )
    finally:
        engine.dispose()


def _ledger(engine: Engine, job: CrawlJob | EpaperJob, scope: Sequence[str], lists: Sequence[str]) -> Ledger:
    def note_start() -> set[str]:
        if job.retry_rejected:
            note_rejected(engine, scope)
        if lists:
            note_lists(engine, lists, holder_name(), only_due=isinstance(job, CrawlJob) and job.only_due)
        with store_errors(engine), read_transaction(engine) as connection:
            return due_hosts(connection, scope, datetime.now(UTC))

    return Ledger(partial(note_listed, engine), partial(note_candidates, engine), note_start)
