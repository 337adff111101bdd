"""The stats a crawl counts in, as the end of its run records them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.resources import peak_memory
from pipelines.store.runs import RunEnd

STAT_PREFIX = "zjol/"
# Seconds by stage, and the most memory of the process that extracts and stores, in bytes.
SECONDS_PREFIX = "zjol_seconds/"
PEAK_MEMORY_STAT = "zjol_peak_memory"

# Stats that say how things stand, not what was done.
_PASSING = ("/queued", "/closed")


def end_of_run(outcome: str, stats: Mapping[str, Any], error: str | None) -> RunEnd:
    """Give what a crawl counted and took.

    Args:
        outcome: Scrapy's finish reason.
        stats: Scrapy's stats, ours among them.
        error: the first exception's traceback, or why the run failed.
    """
    counts = {
        name.removeprefix(STAT_PREFIX): value
        for name, value in sorted(stats.items())
        if name.startswith(STAT_PREFIX) and isinstance(value, int | float) and not name.endswith(_PASSING)
    }
    seconds = {
        name.removeprefix(SECONDS_PREFIX): round(value, 3)
        for name, value in sorted(stats.items())
        if name.startswith(SECONDS_PREFIX)
    }
    return RunEnd(
        outcome,
        {"fetched": stats.get("response_received_count", 0), **counts},
        stats.get("downloader/response_bytes", 0),
        peak_memory() + stats.get(PEAK_MEMORY_STAT, 0),
        seconds,
        error,
    )
