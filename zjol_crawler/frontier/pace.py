"""How fast a host is asked: a downloader whose jitter only adds to the delay, and that can be told to let go."""

from __future__ import annotations

import asyncio
import random
import time

from scrapy import Request, Spider
from scrapy.core.downloader import Downloader, Slot
from scrapy.crawler import Crawler
from scrapy.http import Response

from zjol_crawler.responses import AbandonedError


class PatientSlot(Slot):
    """A host's queue; the delay set is the shortest there is."""

    def download_delay(self) -> float:
        """Give the delay before the next request."""
        return self.delay * (1 + random.uniform(0, self.jitter))


class PoliteDownloader(Downloader):
    """Scrapy's downloader with slots of ours."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_abandoned = False

    def abandon(self) -> None:
        """Give up what is under way: its pages are due as they were."""
        self._is_abandoned = True
        for slot in self.slots.values():
            for _, waiting in slot.queue:
                waiting.errback(AbandonedError())
            slot.queue.clear()
        for task in self._tasks:
            task.cancel()

    def note_sent(self, request: Request) -> None:
        """Take note that a request has gone out.

        Scrapy counts the delay from when its turn came; it may have waited for a connection since.
        """
        slot = self.slots.get(self.get_slot_key(request))
        if slot is not None:
            slot.lastseen = time.monotonic()

    def _get_slot(self, request: Request, spider: Spider | None = None) -> tuple[str, Slot]:
        key, slot = super()._get_slot(request)
        if not isinstance(slot, PatientSlot):
            slot = self.slots[key] = PatientSlot(slot.concurrency, slot.delay, slot.jitter)
        return key, slot

    async def _download(self, slot: Slot, request: Request) -> Response:
        task = asyncio.current_task()
        if task is None:
            return await super()._download(slot, request)
        self._tasks.add(task)
        try:
            return await super()._download(slot, request)
        except asyncio.CancelledError:
            if not self._is_abandoned:
                raise
            raise AbandonedError from None
        finally:
            self._tasks.discard(task)


def rest_of(crawler: Crawler, host: str) -> float:
    """Give the seconds for which a host is still to be left alone after the last request to it."""
    downloader = crawler.engine.downloader if crawler.engine is not None else None
    slot = downloader.slots.get(host) if downloader is not None else None
    return max(0.0, slot.lastseen + slot.delay - time.monotonic()) if slot is not None else 0.0
