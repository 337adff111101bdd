"""How a crawl goes and went, for those who run one: loads nothing of what crawls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pipelines.record import Article, Rejection

# What is told of each host: `zjol/host/NAME/answers`, `errors`, `queued`, `closings`, and `closed` while it is.
HOST_STAT = "zjol/host/"
# Why the archive could not be written, in one line.
ARCHIVE_ERROR_STAT = "zjol/archive_error"

# Scrapy's finish reason of a crawl stopped by a signal.
INTERRUPTED = "shutdown"

# Is told the stats as they grow.
Watcher = Callable[[Mapping[str, Any]], None]


class CrawlResult(NamedTuple):
    """How a crawl went.

    Attributes:
        records: the articles and rejections, where they were asked for.
        rejections: the first rejections; every one where records are kept.
        stats: Scrapy's stats, ours among them as `zjol/…`.
        finish_reason: `finished`, `shutdown` (interrupted), or another reason of Scrapy's.
        store_error: why the database failed, in one line; None where it did not.
        reasons: how many rejections there were, by reason.
    """

    records: list[Article | Rejection]
    rejections: list[Rejection]
    stats: dict[str, Any]
    finish_reason: str
    store_error: str | None
    reasons: Counter[str]
