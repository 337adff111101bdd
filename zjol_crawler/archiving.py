"""Scrapy's view of the archive: a downloader middleware that keeps every response on disk before anything reads it.

Settings read here:

* `ZJOL_ARCHIVE`: the archive's folder; where it is not set, nothing is kept.
* `ZJOL_ARCHIVE_BYTES`: the size at which a new file is begun.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Headers, Response

from pipelines.background import BackgroundDiedError
from pipelines.item_pipelines import background_of
from zjol_crawler.archive_writer import MOST_BYTES, ArchiveWriteError, ArchiveWriter, Exchange

ARCHIVE_ERROR_STAT = "zjol/archive_error"
ARCHIVE_FAILED = "archive_failed"
# Responses that wait to be written at most; then the crawl waits.
_MOST_WRITING = 32


class ArchiveMiddleware:
    """Writes each exchange as it came from the network: nearest to the downloader, before content is decoded.

    Stats: `zjol/archived` responses kept; `zjol/archive_error` why the archive failed, which ends the crawl.
    """

    def __init__(self, crawler: Crawler, folder: str) -> None:
        self._crawler = crawler
        most_bytes = crawler.settings.getint("ZJOL_ARCHIVE_BYTES", MOST_BYTES)
        self._writer = background_of(crawler).servant(ArchiveWriter, Path(folder), most_bytes)
        self._writing: set[asyncio.Task[None]] = set()
        self._failed = False

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
        """Have a response written and give it on.

        What is extracted from it is stored by the same background, in order: nothing is stored that is not kept.
        """
        if self._failed:
            return response
        if len(self._writing) >= _MOST_WRITING:
            await asyncio.wait(self._writing, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._write(_exchange(request, response)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return response

    async def close(self) -> None:
        """End the file under way."""
        await asyncio.gather(*self._writing)
        if not self._failed:
            await self._writer.call("close")

    async def _write(self, exchange: Exchange) -> None:
        try:
            await self._writer.call("write", exchange)
        except (ArchiveWriteError, BackgroundDiedError) as error:
            if not self._failed:
                self._fail(error)
        else:
            if self._crawler.stats is not None:
                self._crawler.stats.inc_value("zjol/archived")

    def _fail(self, error: Exception) -> None:
        self._failed = True
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(ARCHIVE_ERROR_STAT, str(error))
        engine = self._crawler.engine
        if engine is not None:
            self._closing = asyncio.ensure_future(engine.close_spider_async(reason=ARCHIVE_FAILED))


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
