"""Scrapy's HTTP handler, with more patience when it closes."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler


class PatientDownloadHandler(HTTP11DownloadHandler):
    """Waits for connections to close a while longer than Scrapy's second.

    On a busy machine that second can end between the closing and the word of it, which logs a traceback for nothing.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._disconnect_timeout = 5
