"""Scrapy's view of the archive: a downloader middleware that keeps every response on disk before anything reads it.

Settings read here:

* `ZJOL_ARCHIVE`: the archive's folder; where it is not set, nothing is kept.
* `ZJOL_ARCHIVE_BYTES`: the size at which a new file is begun.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response

from pipelines.background import Background
from pipelines.run_stats import SECONDS_PREFIX
from zjol_crawler.archive_writer import MOST_BYTES, ArchiveWriteError, ArchiveWriter, Exchange
from zjol_crawler.crawl_result import ARCHIVE_ERROR_STAT
from zjol_crawler.responses import AbandonedError

ARCHIVE_FAILED = "archive_failed"

logger = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    exchange: Exchange
    written: asyncio.Future[None]


class ArchiveMiddleware:
    """Writes each exchange as it came from the network: nearest to the downloader, before content is decoded.

    Stats: `zjol/archived` responses kept; `zjol/archive_error` why the archive failed, which ends the crawl.
    """

    def __init__(self, crawler: Crawler, folder: str) -> None:
        self._crawler = crawler
        most_bytes = crawler.settings.getint("ZJOL_ARCHIVE_BYTES", MOST_BYTES)
        # Compression and the disk leave this process's other thread alone.
        self._background = Background("thread")
        self._writer = self._background.servant(ArchiveWriter, Path(folder), most_bytes)
        self._failed = False
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl.

        Raises:
            NotConfigured: no archive is set.
        """
        folder = crawler.settings.get("ZJOL_ARCHIVE")
        if not folder:
            # Scrapy warns of what is switched off with a reason.
            raise NotConfigured
        middleware = cls(crawler, folder)
        crawler.signals.connect(middleware.close, signals.spider_closed)
        return middleware

    async def process_response(self, request: Request, response: Response, spider: Spider | None = None) -> Response:
        """Give a response on when it is written: nothing is read, or stored, that is not kept.

        Raises:
            AbandonedError: the archive has failed.
        """
        if not self._failed:
            written = asyncio.get_running_loop().create_future()
            self._waiting.append(_Waiting(_exchange(request, response), written))
            if self._writing is None:
                self._writing = asyncio.create_task(self._write_waiting())
            await written
        if self._failed:
            raise AbandonedError
        return response

    async def _write_waiting(self) -> None:
        """Write what waits, all that came while the last was written at once: the other thread is woken less often."""
        while self._waiting and not self._failed:
            batch, self._waiting = self._waiting, []
            try:
                await self._write(batch)
            except Exception:
                # A fault of ours over one response must not cost the others.
                logger.exception("%d responses could not be archived together; they go one by one", len(batch))
                for waiting in batch:
                    await self._write_alone(waiting)
        for waiting in self._waiting:
            _settle(waiting)
        self._writing = None

    async def _write(self, batch: list[_Waiting]) -> None:
        try:
            seconds = await self._writer.call("write", *(waiting.exchange for waiting in batch))
        except ArchiveWriteError as error:
            self._fail(error)
        else:
            self._count("zjol/archived", len(batch))
            self._count(f"{SECONDS_PREFIX}archive", seconds)
        for waiting in batch:
            _settle(waiting)

    async def _write_alone(self, waiting: _Waiting) -> None:
        try:
            await self._write([waiting])
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits is told
            if not waiting.written.done():
                waiting.written.set_exception(error)

    def _count(self, name: str, count: Any) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(name, count)

    async def close(self) -> None:
        """End the file under way."""
        try:
            await self._writer.call("close")
        except ArchiveWriteError as error:
            if not self._failed:
                self._fail(error)
        self._background.close()

    def _fail(self, error: ArchiveWriteError) -> None:
        self._failed = True
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(ARCHIVE_ERROR_STAT, str(error))
        engine = self._crawler.engine
        if engine is not None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=ARCHIVE_FAILED))


def _settle(waiting: _Waiting) -> None:
    # A request that was given up waits no longer.
    if not waiting.written.done():
        waiting.written.set_result(None)


def _exchange(request: Request, response: Response) -> Exchange:
    try:
        reason = HTTPStatus(response.status).phrase
    except ValueError:
        reason = ""
    return Exchange(
        url=response.url,
        method=request.method,
        request_headers=_pairs(request.headers),
        status=response.status,
        reason=reason,
        response_headers=_pairs(response.headers),
        body=response.body,
        date=datetime.now(UTC),
        ip_address=str(response.ip_address) if response.ip_address else None,
    )


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values or ()
    ]
