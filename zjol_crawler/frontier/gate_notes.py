"""The gates of hosts as the database knows them, for other crawls and later ones."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from scrapy.utils.asyncio import run_in_thread
from sqlalchemy import Engine

from pipelines.store.errors import StoreError
from pipelines.store.hosts import close_host
from zjol_crawler.frontier.gates import Gates

logger = logging.getLogger(__name__)


class GateNotes:
    """Writes gates as they close and open."""

    def __init__(self, engine: Engine, gates: Gates) -> None:
        self._engine = engine
        self._gates = gates
        self._tasks: set[asyncio.Task[None]] = set()
        self._writing = asyncio.Lock()

    def note(self, host: str) -> None:
        """Note in the database that a host is closed now, or open again."""
        task = asyncio.create_task(self._write(host))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._tasks)

    async def _write(self, host: str) -> None:
        # One after the other, each what holds by then: two threads might write in the wrong order.
        async with self._writing:
            gate = self._gates[host]
            until = datetime.now(UTC) + timedelta(seconds=gate.wait()) if gate.is_closed else None
            try:
                await run_in_thread(close_host, self._engine, host, until, gate.error)
            except StoreError as failure:
                logger.warning("%s: that it is closed is not noted: %s", host, failure)
