"""E-papers: the issue of a day, its pages, the articles on them that the database lacks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.asyncio import run_in_thread
from twisted.python.failure import Failure

from pipelines.record import Rejection
from pipelines.store.runs import LISTS_FAILED
from zjol_crawler.links import issue_indexes, issue_pages, page_articles
from zjol_crawler.responses import to_rejection
from zjol_crawler.spiders.base import ListedArticlesSpider, Output


class EpaperSpider(ListedArticlesSpider):
    """Fetches the issues of some days of one paper.

    A day whose issue stands at none of the known addresses is listed as a rejection `not_found`.

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
        """Ask for the issue of each day."""
        self.expect(await run_in_thread(self.ledger.note_start))
        for day in dict.fromkeys(self.days):
            yield self._index_request(issue_indexes(self.host, day))

    def _index_request(self, addresses: list[str]) -> Request:
        return Request(
            addresses[0],
            callback=self.parse_index,
            errback=self.try_next_index,
            cb_kwargs={"addresses": addresses},
            priority=5,
            dont_filter=True,
        )

    async def parse_index(self, response: Response, addresses: list[str]) -> AsyncIterator[Output]:
        """Take the issue's index, which may be one of its pages."""
        pages = issue_pages(response) if isinstance(response, HtmlResponse) else []
        articles = page_articles(response) if isinstance(response, HtmlResponse) else []
        if not pages and not articles:
            for output in self._next_index(addresses, Rejection(url=response.url, reason="not_article")):
                yield output
            return
        self.count("issues")
        for rejection in await self._note(articles):
            yield rejection
        for url in pages:
            if url != response.url:
                yield Request(url, callback=self.parse_page, errback=self.reject_page, priority=5)

    def try_next_index(self, failure: Failure) -> Iterator[Output]:
        """Look for the issue at the next address."""
        request: Request = failure.request  # type: ignore[attr-defined]
        yield from self._next_index(request.cb_kwargs["addresses"], to_rejection(request.url, failure))

    async def parse_page(self, response: Response) -> AsyncIterator[Output]:
        """Take a page of an issue."""
        self.count("lists")
        if isinstance(response, HtmlResponse):
            for rejection in await self._note(page_articles(response)):
                yield rejection

    def reject_page(self, failure: Failure) -> Iterator[Output]:
        """List a page of an issue that could not be fetched as a rejection."""
        self.count(LISTS_FAILED)
        yield to_rejection(failure.request.url, failure)  # type: ignore[attr-defined]

    def _next_index(self, addresses: list[str], refusal: Rejection) -> Iterator[Output]:
        # Only an address that has no issue is a reason to try another; a host that is down is none.
        if len(addresses) > 1 and refusal.reason in ("not_found", "not_article"):
            yield self._index_request(addresses[1:])
            return
        if refusal.reason in ("not_found", "not_article"):
            self.count("missing_issues")
            folder = addresses[0].rpartition("/")[0]
            yield Rejection(url=f"{folder}/", reason="not_found", detail="no issue of this day was found")
        else:
            self.count(LISTS_FAILED)
            yield refusal

    async def _note(self, urls: Sequence[str]) -> list[Rejection]:
        _, rejections = await self.note_listed(self.not_met(urls), self.host)
        return rejections
