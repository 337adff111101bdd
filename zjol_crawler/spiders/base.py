"""What all spiders of the site share: fetching an article with all its pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
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
DoneUrls = Callable[[Collection[str]], set[str]]


def _nothing_done(_urls: Collection[str]) -> set[str]:
    return set()


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


class ListedArticlesSpider(ArticlePagesSpider):
    """Fetches the articles that lists name and that are not done.

    Stats: `zjol/found` articles met on lists, `zjol/known` of them done before, `zjol/lists` list pages read.
    """

    def __init__(
        self,
        limit: int | str | None = None,
        done_urls: DoneUrls = _nothing_done,
        add_found: Callable[[Collection[str]], object] | None = None,
        **arguments: Any,
    ) -> None:
        """Make the spider.

        Args:
            limit: fetch at most so many articles.
            done_urls: gives those of some addresses that need no fetch.
            add_found: told the addresses that will be fetched.
            arguments: Scrapy's own.
        """
        super().__init__(**arguments)
        self.limit = int(limit) if limit is not None else None
        self._done_urls, self._add_found = done_urls, add_found
        self._met: set[str] = set()
        self._asked = 0

    def not_met(self, urls: Sequence[str]) -> set[str]:
        """Give those of the addresses that no list of this run has named yet, and remember them."""
        fresh = set(urls) - self._met
        self._met |= fresh
        self.count("found", len(fresh))
        return fresh

    def new_articles(self, urls: Sequence[str]) -> list[str]:
        """Give those of the addresses that are to be fetched, `limit` at most in all, and note them as found."""
        done = self._done_urls(urls)
        self.count("known", len(done))
        new = [url for url in urls if url not in done]
        if self.limit is not None:
            new = new[: max(0, self.limit - self._asked)]
        self._asked += len(new)
        if new and self._add_found is not None:
            self._add_found(new)
        return new

    @property
    def is_full(self) -> bool:
        """Whether as many articles are asked for as may be."""
        return self.limit is not None and self._asked >= self.limit

    def count(self, name: str, count: int = 1) -> None:
        """Add to a count of the run."""
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"zjol/{name}", count)
