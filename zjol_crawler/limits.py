"""When a run has done enough: after so many bytes, or when its window of the day closes.

Settings read here, beside Scrapy's `CLOSESPIDER_PAGECOUNT` and `CLOSESPIDER_TIMEOUT` (seconds):

* `ZJOL_MOST_BYTES`: end after so many bytes of answers.
* `ZJOL_WINDOW`: fetch only between two times of the day in Asia/Shanghai, `22:00-06:00`; the run ends with the window.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response

from zjol_crawler.spans import Window, read_window

BYTES_REACHED = "closespider_bytes"
WINDOW_CLOSED = "window_closed"
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_CHECK_SECONDS = 5.0


class RunLimits:
    """Scrapy's extension that ends a run at its limits; what is left is in the ledger for the next."""

    def __init__(self, crawler: Crawler, most_bytes: int, window: Window | None) -> None:
        self._crawler = crawler
        self._most_bytes = most_bytes
        self._window = window
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._is_ending = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the extension of a crawl.

        Raises:
            NotConfigured: no limit is set.
            ValueError: the window cannot be read.
        """
        window = crawler.settings.get("ZJOL_WINDOW")
        most_bytes = crawler.settings.getint("ZJOL_MOST_BYTES")
        if not window and not most_bytes:
            raise NotConfigured
        limits = cls(crawler, most_bytes, read_window(window) if window else None)
        crawler.signals.connect(limits.count, signals.response_received)
        crawler.signals.connect(limits.start, signals.spider_opened)
        crawler.signals.connect(limits.stop, signals.spider_closed)
        return limits

    def start(self) -> None:
        """Watch the clock."""
        if self._window is not None:
            self._task = asyncio.create_task(self._watch(self._window))

    def stop(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()

    def count(self, response: Response) -> None:
        """Add an answer's bytes."""
        self._bytes += len(response.body)
        if self._most_bytes and self._bytes >= self._most_bytes:
            self._end(BYTES_REACHED)

    async def _watch(self, window: Window) -> None:
        while window.holds(datetime.now(_SHANGHAI).time()):
            await asyncio.sleep(_CHECK_SECONDS)
        self._end(WINDOW_CLOSED)

    def _end(self, reason: str) -> None:
        if not self._is_ending and self._crawler.engine is not None:
            self._is_ending = True
            self._closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))
