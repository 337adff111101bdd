"""Scrapy's HTTP handler: it tells when a request goes out, and has more patience when it closes."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.web.client import HTTPConnectionPool

from zjol_crawler.frontier.pace import PoliteDownloader

_asked: ContextVar[Request] = ContextVar("asked")


class PatientDownloadHandler(HTTP11DownloadHandler):
    """Tells the downloader of each request once it was sent.

    It waits for connections to close a while longer than Scrapy's second: on a busy machine that second can end between
    the closing and the word of it, which logs a traceback for nothing.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._disconnect_timeout = 5
        self._pool = _TellingPool(crawler, self._pool)

    async def download_request(self, request: Request) -> Response:
        """Give the answer to a request."""
        _asked.set(request)
        return await super().download_request(request)


class _TellingPool(HTTPConnectionPool):
    """Scrapy's pool of connections; what waits for one of them writes its request as soon as it is there."""

    def __init__(self, crawler: Crawler, like: HTTPConnectionPool) -> None:
        from twisted.internet import reactor

        super().__init__(reactor, like.persistent)  # type: ignore[no-untyped-call]
        self.maxPersistentPerHost = like.maxPersistentPerHost
        self._factory = like._factory
        self._crawler = crawler

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:  # noqa: N802 - Twisted's name
        """Give a connection, a kept one where there is any."""
        waiting: Deferred[Any] = super().getConnection(key, endpoint)
        return waiting.addCallback(self._tell, _asked.get(None))

    def _tell(self, connection: Any, request: Request | None) -> Any:
        downloader = self._crawler.engine.downloader if self._crawler.engine is not None else None
        if request is not None and isinstance(downloader, PoliteDownloader):
            # The request is written in this turn of the loop, and sent in the next.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, downloader.note_sent, request)
        return connection
