"""What all spiders of the site share: fetching an article with all its pages."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import scrapy
from msgspec.structs import replace
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.asyncio import run_in_thread
from twisted.python.failure import Failure

from pipelines.outcomes import Outcome, visit_of
from pipelines.page import Page
from pipelines.pager import page_links
from pipelines.record import Rejection
from pipelines.store.candidates import Candidate
from pipelines.store.frontier import DueVisit, Follow, Listed
from pipelines.store.ledger import Noted
from pipelines.urls import SITE
from zjol_crawler.responses import LEDGER_URL, is_abandoned, to_outcome, to_page, to_rejection

Output = Request | list[Page] | Rejection | Noted | Outcome
# Answers that a visit of a known page understands beside a page: as it was, and gone.
_NOT_MODIFIED = 304
_GONE = (404, 410)
# Addresses that lists named lately, by which a list that never ends is told from one with news.
_MOST_REMEMBERED = 20_000
_VALIDATORS = ("etag", "last-modified")

logger = logging.getLogger(__name__)


class Ledger(NamedTuple):
    """What a spider tells the ledger.

    Attributes:
        note_listed: told the articles a list page names, the list they stand on, and the list's next page.
        note_candidates: told the lists that a page links to.
        note_start: told that the crawl begins: lists become due; gives the hosts that have something to fetch.
    """

    note_listed: Callable[..., Listed]
    note_candidates: Callable[[Sequence[Candidate]], None]
    note_start: Callable[[], set[str]]


class ArticlePagesSpider(scrapy.Spider):
    """Fetches articles page by page; yields the pages of one article as one item."""

    allowed_domains = (SITE,)

    def article_request(self, url: str) -> Request:
        """Give the request for an article's first page.

        Scrapy's filter of repeated requests is passed by: it would drop a redirect to an address met before, a loop
        among them, without a word. Spiders ask for each address once by themselves.
        """
        return Request(url, callback=self.parse_article, errback=self.reject, dont_filter=True, meta={LEDGER_URL: url})

    def parse_article(self, response: Response) -> Iterator[Output]:
        """Take an article's first page, and ask for the next one where its pager shows more."""
        page = to_page(response)
        try:
            links = page_links(page)
        except Exception:
            # Extraction meets the same fault, and reports it with the page.
            logger.exception("%s: its pager cannot be read, which is a fault of ours", page.url)
            links = []
        yield from self._next_page([page], [url for url in links if url != page.url])

    def parse_further(self, response: Response, pages: list[Page], missing: list[str]) -> Iterator[Output]:
        """Take a further page."""
        yield from self._next_page([*pages, to_page(response)], missing)

    def miss_further(self, failure: Failure) -> Iterator[Output]:
        """Go on without a further page that could not be fetched; it is listed as a rejection."""
        if is_abandoned(failure):
            return
        request: Request = failure.request  # type: ignore[attr-defined]
        yield to_rejection(request.url, failure)
        first, *others = request.cb_kwargs["pages"]
        # Without validators the next look at the article is at all its pages, though the first is as it was.
        headers = {name: value for name, value in first.headers.items() if name not in _VALIDATORS}
        yield from self._next_page([replace(first, headers=headers), *others], request.cb_kwargs["missing"])

    def reject(self, failure: Failure) -> Iterator[Output]:
        """List a page that could not be fetched as a rejection."""
        if not is_abandoned(failure):
            yield to_outcome(failure)

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

    What lists name goes into the ledger; `zjol_crawler.frontier.scheduler` draws from it and asks for the request of
    each page by `due_request`.

    Stats: `zjol/found` articles met on lists, `zjol/known` of them done before, `zjol/lists` list pages read,
    `zjol/revisited` stored articles asked for again, `zjol/not_modified` and `zjol/gone` of them.

    Attributes:
        scope: first pages of the lists, or the paper's host, whose pages in the ledger are this crawl's.
        limit: fetch at most so many articles.
        expect: told the hosts on which something new is to be fetched; the scheduler listens here.
    """

    def __init__(
        self, ledger: Ledger, scope: Sequence[str] = (), limit: int | str | None = None, **arguments: Any
    ) -> None:
        """Make the spider.

        Args:
            ledger: told what is found.
            scope: see the class.
            limit: see the class.
            arguments: Scrapy's own.
        """
        super().__init__(**arguments)
        self.ledger = ledger
        self.scope = list(scope)
        self.limit = int(limit) if limit is not None else None
        self.expect: Callable[[Iterable[str]], None] = lambda _hosts: None
        self._met: dict[str, tuple[str, ...]] = {}
        self._news: dict[str, None] = {}
        self._noted = 0

    def due_request(self, page: DueVisit) -> Request:
        """Give the request for a page of the ledger."""
        if page.state == "list":
            return self.list_request(page)
        if page.state != "stored":
            return self.article_request(page.url)
        self.count("revisited")
        return Request(
            page.url,
            callback=self.parse_again,
            errback=self.reject,
            headers=conditions(page),
            dont_filter=True,
            meta={"handle_httpstatus_list": [_NOT_MODIFIED, *_GONE], LEDGER_URL: page.url},
        )

    def list_request(self, page: DueVisit) -> Request:
        """Give the request for a list page of the ledger."""
        raise NotImplementedError(f"{self.name}: {page.url} is a list, and this spider reads none")

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

    def not_met(self, urls: Sequence[str], found_on: str) -> list[str]:
        """Give those of the addresses that this run has not met lately on a list, and remember them."""
        fresh = [url for url in dict.fromkeys(urls) if found_on not in self._met.get(url, ())]
        self.count("found", sum(url not in self._met for url in fresh))
        self._met.update({url: (*self._met.get(url, ()), found_on) for url in fresh})
        _forget_oldest(self._met)
        return fresh

    def is_news(self, urls: Sequence[str]) -> bool:
        """Tell whether another list has named one of the addresses in this run, as one that was not done."""
        return any(url in self._news for url in urls)

    async def note_listed(
        self, urls: Sequence[str], found_on: str, following: Sequence[str] = (), follow: Follow = "if_news"
    ) -> tuple[Listed, list[Rejection]]:
        """Note articles in the ledger, and give what it says, and rejections of addresses it cannot keep."""
        listed = await run_in_thread(self.ledger.note_listed, urls, found_on, following=following, follow=follow)
        self._noted += sum(url not in self._news for url in listed.news)
        self._news.update(dict.fromkeys(listed.news))
        _forget_oldest(self._news)
        self.count("known", listed.known)
        self.expect(listed.hosts)
        return listed, [
            Rejection(url=url, reason="not_article", detail="the address is too long for the ledger")
            for url in listed.too_long
        ]

    @property
    def is_full(self) -> bool:
        """Whether as many articles are noted as may be fetched."""
        return self.limit is not None and self._noted >= self.limit

    def count(self, name: str, count: int = 1) -> None:
        """Add to a count of the run."""
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"zjol/{name}", count)


def _forget_oldest(addresses: dict[str, Any]) -> None:
    for url in list(itertools.islice(addresses, max(0, len(addresses) - _MOST_REMEMBERED))):
        del addresses[url]


def conditions(page: DueVisit) -> dict[str, str]:
    """Give the headers that ask for a page only if it has changed since its last answer."""
    known = {"If-None-Match": page.etag, "If-Modified-Since": page.last_modified}
    return {name: value for name, value in known.items() if value}
