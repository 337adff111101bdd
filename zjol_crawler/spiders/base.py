"""What all spiders of the site share: fetching an article with all its pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pipelines.page import Page
from pipelines.pager import page_links
from pipelines.record import Rejection
from pipelines.urls import SITE
from zjol_crawler.responses import to_page, to_rejection

Output = Request | list[Page] | Rejection


class ArticlePagesSpider(scrapy.Spider):
    """Fetches articles page by page; yields the pages of one article as one item."""

    allowed_domains = (SITE,)

    def article_request(self, url: str, **options: Any) -> Request:
        """Give the request for an article's first page."""
        return Request(url, callback=self.parse_article, errback=self.reject, **options)

    def parse_article(self, response: Response) -> Iterator[Output]:
        """Take an article's first page, and ask for the next one where its pager shows more."""
        page = to_page(response)
        missing = [url for url in page_links(page) if url != page.url]
        yield from self._next_page([page], missing)

    def parse_further(self, response: Response, pages: list[Page], missing: list[str]) -> Iterator[Output]:
        """Take a further page."""
        yield from self._next_page([*pages, to_page(response)], missing)

    def miss_further(self, failure: Failure) -> Iterator[Output]:
        """Go on without a further page that could not be fetched; it is listed as a rejection."""
        request: Request = failure.request  # type: ignore[attr-defined]
        yield to_rejection(request.url, failure)
        yield from self._next_page(request.cb_kwargs["pages"], request.cb_kwargs["missing"])

    def reject(self, failure: Failure) -> Iterator[Output]:
        """List a page that could not be fetched as a rejection."""
        url = failure.value.response.url if isinstance(failure.value, HttpError) else failure.request.url  # type: ignore[attr-defined]
        yield to_rejection(url, failure)

    def _next_page(self, pages: list[Page], missing: list[str]) -> Iterator[Output]:
        if not missing:
            yield pages
            return
        yield Request(
            missing[0],
            callback=self.parse_further,
            errback=self.miss_further,
            cb_kwargs={"pages": pages, "missing": missing[1:]},
            priority=10,
        )
