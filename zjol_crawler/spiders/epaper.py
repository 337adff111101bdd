"""E-papers: the issue of a day, its pages, the articles on them that the database lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.asyncio import run_in_thread
from twisted.python.failure import Failure

from pipelines.outcomes import Outcome, visit_of
from pipelines.record import Rejection
from pipelines.store.frontier import DueVisit
from pipelines.store.ledger import Noted, Visit
from pipelines.store.runs import LISTS_FAILED
from pipelines.urls import parse_url
from zjol_crawler.links import issue_indexes, issue_pages, page_articles
from zjol_crawler.responses import LEDGER_URL, is_abandoned, to_outcome, to_page
from zjol_crawler.spiders.base import ListedArticlesSpider, Output, conditions

# Why an issue may stand at another address; a host that is down is no reason.
_NOT_HERE = ("not_found", "not_article")


class EpaperSpider(ListedArticlesSpider):
    """Fetches the issues of some days of one paper.

    An issue is in the ledger under the likeliest address of its index, its pages under their own, before any is asked
    for. A day whose issue stands at none of the known addresses is listed as a rejection `not_found`.

    Stats: `zjol/issues` found, `zjol/missing_issues` not found.
    """

    name = "epaper"

    def __init__(self, host: str = "", days: Sequence[str] | str = (), **arguments: Any) -> None:
        """Make the spider.

        Args:
            host: the paper's host, `zjrb.zjol.com.cn`.
            days: ISO days.
            arguments: those of `ListedArticlesSpider`.
        """
        super().__init__(scope=[host], **arguments)
        self.host = host
        self.days = days.split() if isinstance(days, str) else list(days)

    async def start(self) -> AsyncIterator[Any]:
        """Make the issue of each day due; the scheduler asks for it."""
        hosts = await run_in_thread(self.ledger.note_start)
        issues = [issue_indexes(self.host, day)[0] for day in dict.fromkeys(self.days)]
        await self.note_listed([], self.host, issues, "yes")
        self.expect(hosts)
        # An asynchronous generator, as Scrapy wants it, of nothing.
        for request in list[Request]():
            yield request

    def list_request(self, page: DueVisit) -> Request:
        """Give the request for an issue's index, or for one of its pages."""
        addresses = self._addresses(page.url)
        if addresses[:1] != [page.url]:
            return self._request(page.url, page.url, conditions(page))
        return self._index_request(addresses, conditions(page))

    async def parse_index(self, response: Response, addresses: list[str]) -> AsyncIterator[Output]:
        """Take the issue's index, which may be one of its pages."""
        visit = visit_of(to_page(response))
        if visit.status == 304:
            self.count("issues")
            yield Noted(visit, "list")
            return
        pages = issue_pages(response) if isinstance(response, HtmlResponse) else []
        articles = page_articles(response) if isinstance(response, HtmlResponse) else []
        if not pages and not articles:
            rejection = Rejection(url=response.url, reason="not_article")
            for output in self._next_index(addresses, Outcome(rejection, visit)):
                yield output
            return
        self.count("issues")
        async for output in self._note(response, articles, [url for url in pages if url != response.url]):
            yield output

    def try_next_index(self, failure: Failure) -> Iterator[Output]:
        """Look for the issue at the next address."""
        if not is_abandoned(failure):
            request: Request = failure.request  # type: ignore[attr-defined]
            yield from self._next_index(request.cb_kwargs["addresses"], to_outcome(failure))

    async def parse_page(self, response: Response) -> AsyncIterator[Output]:
        """Take a page of an issue."""
        self.count("lists")
        if response.status == 304:
            yield Noted(visit_of(to_page(response)), "list")
            return
        articles = page_articles(response) if isinstance(response, HtmlResponse) else []
        async for output in self._note(response, articles, []):
            yield output

    def reject_page(self, failure: Failure) -> Iterator[Output]:
        """List a page of an issue that could not be fetched as a rejection."""
        if not is_abandoned(failure):
            self.count(LISTS_FAILED)
            yield to_outcome(failure)

    def _addresses(self, url: str) -> list[str]:
        day = parse_url(url).date
        return issue_indexes(self.host, day) if day else []

    def _request(self, url: str, asked: str, headers: dict[str, str]) -> Request:
        return Request(
            url,
            callback=self.parse_page,
            errback=self.reject_page,
            headers=headers,
            dont_filter=True,
            meta={"handle_httpstatus_list": [304], LEDGER_URL: asked},
        )

    def _index_request(self, addresses: list[str], headers: dict[str, str]) -> Request:
        return self._request(addresses[0], self._addresses(addresses[0])[0], headers).replace(
            callback=self.parse_index, errback=self.try_next_index, cb_kwargs={"addresses": addresses}, priority=5
        )

    def _next_index(self, addresses: list[str], refusal: Outcome) -> Iterator[Output]:
        reason = refusal.record.reason if isinstance(refusal.record, Rejection) else None
        if len(addresses) > 1 and reason in _NOT_HERE:
            yield self._index_request(addresses[1:], {})
            return
        if reason in _NOT_HERE:
            self.count("missing_issues")
            folder = addresses[0].rpartition("/")[0]
            missing = Rejection(url=f"{folder}/", reason="not_found", detail="no issue of this day was found")
            asked = self._addresses(addresses[0])[0]
            status = None if refusal.visit is None else refusal.visit.status
            yield Outcome(missing, Visit(asked, missing.url, status))
        else:
            self.count(LISTS_FAILED)
            yield refusal

    async def _note(self, response: Response, articles: Sequence[str], pages: Sequence[str]) -> AsyncIterator[Output]:
        noted, rejections = await self.note_listed(self.not_met(articles, self.host), self.host, pages, "yes")
        for rejection in rejections:
            yield rejection
        yield Noted(visit_of(to_page(response)), "list", has_news=noted.new > 0)
