"""What all spiders of the site share: fetching an article with all its pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import scrapy
from scrapy import Request
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from pipelines.outcomes import visit_of
from pipelines.page import Page
from pipelines.pager import page_links
from pipelines.record import Rejection
from pipelines.store.ledger import DueVisit, Noted
from pipelines.urls import SITE
from zjol_crawler.responses import to_page, to_rejection

Output = Request | list[Page] | Rejection | Noted
# Answers that a visit of a known page understands beside a page: as it was, and gone.
_NOT_MODIFIED = 304
_GONE = (404, 410)
# Pages of earlier runs that one run takes at most; the rest is for the next.
_MOST_DUE = 2000


class Ledger(NamedTuple):
    """What a spider asks of the ledger, and tells it.

    Attributes:
        done_urls: gives those of some addresses that need no fetch.
        add_found: told the addresses that will be fetched, and the list they stand on.
        due: gives the pages of earlier runs that are to be fetched now, at most so many.
        list_validators: gives what is known of the last answer to a list page.
    """

    done_urls: Callable[[Collection[str]], set[str]] = lambda _urls: set()
    add_found: Callable[[Collection[str], str], object] = lambda _urls, _list: None
    due: Callable[[int], Sequence[DueVisit]] = lambda _most: ()
    list_validators: Callable[[str], DueVisit | None] = lambda _url: None


class ArticlePagesSpider(scrapy.Spider):
    """Fetches articles page by page; yields the pages of one article as one item."""

    allowed_domains = (SITE,)

    def article_request(self, url: str, **options: Any) -> Request:
        """Give the request for an article's first page.

        Scrapy's filter of repeated requests is passed by: it would drop a redirect to an address met before, a loop
        among them, without a word. Spiders ask for each address once by themselves.
        """
        return Request(url, callback=self.parse_article, errback=self.reject, dont_filter=True, **options)

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
            dont_filter=True,
        )


class ListedArticlesSpider(ArticlePagesSpider):
    """Fetches the articles that lists name and that are not done, and looks again at those whose time has come.

    Stats: `zjol/found` articles met on lists, `zjol/known` of them done before, `zjol/lists` list pages read,
    `zjol/revisited` stored articles asked for again, `zjol/not_modified` and `zjol/gone` of them.
    """

    def __init__(self, limit: int | str | None = None, ledger: Ledger | None = None, **arguments: Any) -> None:
        """Make the spider.

        Args:
            limit: fetch at most so many articles.
            ledger: what is known of pages; without one every article is new.
            arguments: Scrapy's own.
        """
        super().__init__(**arguments)
        self.limit = int(limit) if limit is not None else None
        self.ledger = ledger or Ledger()
        self._met: set[str] = set()
        self._asked = 0

    def due_requests(self) -> Iterator[Request]:
        """Give the requests for pages of earlier runs: not fetched for a stop, failed, or stored and due again."""
        most = _MOST_DUE if self.limit is None else min(self.limit, _MOST_DUE)
        due = self.ledger.due(most)
        self._met |= {page.url for page in due}
        self._asked += len(due)
        for page in due:
            if page.state == "stored":
                self.count("revisited")
                yield Request(
                    page.url,
                    callback=self.parse_again,
                    errback=self.reject,
                    headers=conditions(page),
                    dont_filter=True,
                    meta={"handle_httpstatus_list": [_NOT_MODIFIED, *_GONE]},
                )
            else:
                yield self.article_request(page.url)

    def parse_again(self, response: Response) -> Iterator[Output]:
        """Take the answer to a second look at an article: as it was, gone, or its first page."""
        if response.status == _NOT_MODIFIED:
            self.count("not_modified")
            yield Noted(visit_of(to_page(response)), "stored")
        elif response.status in _GONE:
            self.count("gone")
            yield Noted(visit_of(to_page(response)), "gone")
        else:
            yield from self.parse_article(response)

    def not_met(self, urls: Sequence[str]) -> set[str]:
        """Give those of the addresses that this run has not met yet, and remember them."""
        fresh = set(urls) - self._met
        self._met |= fresh
        self.count("found", len(fresh))
        return fresh

    def new_articles(self, urls: Sequence[str], found_on: str) -> list[str]:
        """Give those of the addresses that are to be fetched, `limit` at most in all, and note them as found."""
        done = self.ledger.done_urls(urls)
        self.count("known", len(done))
        new = [url for url in urls if url not in done]
        if self.limit is not None:
            new = new[: max(0, self.limit - self._asked)]
        self._asked += len(new)
        if new:
            self.ledger.add_found(new, found_on)
        return new

    @property
    def is_full(self) -> bool:
        """Whether as many articles are asked for as may be."""
        return self.limit is not None and self._asked >= self.limit

    def count(self, name: str, count: int = 1) -> None:
        """Add to a count of the run."""
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"zjol/{name}", count)


def conditions(page: DueVisit) -> dict[str, str]:
    """Give the headers that ask for a page only if it has changed since its last answer."""
    known = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
    return {name: value for name, value in known.items() if value}
