"""The crawl jobs: lists or issues in, rows out, only what the database lacks is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.background_recording import recorder_begun_ahead
from zjol_crawler.crawl_result import CrawlResult, Watcher


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


def run_job(job: CrawlJob, *, command: str, watcher: Watcher | None = None) -> CrawlResult:
    """Crawl channels and store.

    Args:
        job: what to crawl.
        command: what the run's row calls it.
        watcher: told the stats as they grow.

    Raises:
        StoreError: the database cannot be opened.
    """
    with _recorder_of(job.settings):
        from zjol_crawler.job_running import crawl_lists

        return crawl_lists(job, command, watcher)


def run_epaper_job(job: EpaperJob, *, command: str, watcher: Watcher | None = None) -> CrawlResult:
    """Fetch issues of an e-paper and store.

    Args:
        job: which.
        command: what the run's row calls it.
        watcher: told the stats as they grow.

    Raises:
        StoreError: the database cannot be opened.
    """
    with _recorder_of(job.settings):
        from zjol_crawler.job_running import crawl_issues

        return crawl_issues(job, command, watcher)


def _recorder_of(settings: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Begin the process that extracts and stores, where there is to be one: it loads while this one loads Scrapy."""
    return recorder_begun_ahead() if settings.get("ZJOL_BACKGROUND", "process") == "process" else nullcontext()
