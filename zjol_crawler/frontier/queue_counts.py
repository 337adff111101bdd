"""How much each host has left to be fetched, counted for somebody who watches."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from scrapy.crawler import Crawler
from scrapy.utils.asyncio import run_in_thread
from sqlalchemy import Engine

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.errors import StoreError
from pipelines.store.frontier import queue_lengths
from zjol_crawler.crawl_result import HOST_STAT

# Queues are counted again after a rest of so many times what counting took.
_REST = 20.0


class QueueCounts:
    """Counts as the stats `zjol/host/NAME/queued`; nothing where nobody watches (`ZJOL_WATCHED`)."""

    def __init__(self, crawler: Crawler, engine: Engine, scope: Sequence[str]) -> None:
        self._stats = crawler.stats if crawler.settings.getbool("ZJOL_WATCHED") else None
        self._engine = engine
        self._scope = scope
        self._count_at = 0.0

    async def update(self, hosts: Iterable[str]) -> None:
        """Count for some hosts, unless that was done a moment ago."""
        began = time.monotonic()
        if self._stats is None or began < self._count_at:
            return
        try:
            queues = await run_in_thread(self._read)
        except StoreError:
            return
        # A long queue takes long to count; counting is not to be what the database does all day.
        now = time.monotonic()
        self._count_at = now + _REST * (now - began)
        for host in hosts:
            self._stats.set_value(f"{HOST_STAT}{host}/queued", queues.get(host, 0))

    def _read(self) -> dict[str, int]:
        with store_errors(self._engine), read_transaction(self._engine) as connection:
            return queue_lengths(connection, self._scope, datetime.now(UTC))
