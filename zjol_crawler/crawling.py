"""The crawl job: lists in, rows out, only what the database lacks is fetched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from pipelines.store.engine import open_database
from pipelines.store.ledger import add_found, done_urls
from pipelines.store.runs import ran_to_the_end
from zjol_crawler.running import CrawlResult, Watcher, crawl
from zjol_crawler.spiders.channel import ChannelSpider


class CrawlJob(NamedTuple):
    """What to crawl.

    Attributes:
        lists: addresses of list pages.
        database: an SQLAlchemy URL.
        since, until: ISO days.
        limit: fetch at most so many articles.
        settings: over those of `zjol_crawler.settings`.
    """

    lists: Sequence[str]
    database: str
    since: str | None = None
    until: str | None = None
    limit: int | None = None
    settings: Mapping[str, Any] = {}


def run_job(job: CrawlJob, *, command: str, watcher: Watcher | None = None) -> CrawlResult:
    """Crawl and store.

    Args:
        job: what to crawl.
        command: what the run's row calls it.
        watcher: told the stats as they grow.

    Raises:
        StoreError: the database cannot be opened.
    """
    engine = open_database(job.database)
    # Lists are left at the first page with nothing new only if the run before saw them to their ends.
    thorough = job.limit is not None or not ran_to_the_end(engine, command)

    def done(urls: Collection[str]) -> set[str]:
        return done_urls(engine, urls)

    def found(urls: Collection[str]) -> None:
        add_found(engine, urls)

    try:
        return crawl(
            ChannelSpider,
            {**job.settings, "ZJOL_DB": job.database, "ZJOL_COMMAND": command},
            watcher=watcher,
            lists=job.lists,
            since=job.since,
            until=job.until,
            limit=job.limit,
            done_urls=done,
            add_found=found,
            thorough=thorough,
        )
    finally:
        engine.dispose()
