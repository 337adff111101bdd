"""Channels: list pages, the articles they link to that the database lacks, the lists' next pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response, XmlResponse
from scrapy.utils.asyncio import run_in_thread
from twisted.python.failure import Failure

from pipelines.outcomes import Outcome, visit_of
from pipelines.record import Rejection
from pipelines.store.frontier import DueVisit, Follow
from pipelines.store.ledger import Noted, Visit
from pipelines.store.runs import LISTS_FAILED
from zjol_crawler.channels import cadence_of
from zjol_crawler.links import ListedArticle, as_list, linked_lists, listed_articles, next_list_pages
from zjol_crawler.responses import LEDGER_URL, is_abandoned, to_outcome, to_page
from zjol_crawler.spiders.base import ListedArticlesSpider, Output, conditions


class ChannelSpider(ListedArticlesSpider):
    """Follows list pages back to `since` and fetches the articles on them that are not done.

    A list is followed until a page has nothing new; where it goes on is in the ledger before the page is done, so a
    crawl that was stopped goes on in the middle of its lists.
    """

    name = "channel"

    def __init__(self, since: str | None = None, until: str | None = None, **arguments: Any) -> None:
        """Make the spider.

        Args:
            since: ISO day; older articles are left out, and a list is not followed beyond them.
            until: ISO day; newer articles are left out.
            arguments: those of `ListedArticlesSpider`.
        """
        super().__init__(**arguments)
        self.since, self.until = since, until

    async def start(self) -> AsyncIterator[Any]:
        """Make the lists due; the scheduler asks for them."""
        self.expect(await run_in_thread(self.ledger.note_start))
        # An asynchronous generator, as Scrapy wants it, of nothing.
        for request in list[Request]():
            yield request

    def list_request(self, page: DueVisit) -> Request:
        """Give the request for a list page; a list that must be walked through is asked for whole."""
        return Request(
            page.url,
            callback=self.parse_list,
            errback=self.reject_list,
            cb_kwargs={"first": page.found_on},
            headers=conditions(page) if self.since is None else {},
            meta={"handle_httpstatus_list": [304], LEDGER_URL: page.url},
            dont_filter=True,
        )

    async def parse_list(self, response: Response, first: str) -> AsyncIterator[Output]:
        """Take a list page: its articles and its next page while it still shows what is wanted."""
        self.count("lists")
        visit = visit_of(to_page(response))
        if visit.status == 304:
            # Only what comes round again is asked for conditionally.
            yield Noted(visit, "list", is_front=True, interval=cadence_of(first))
            return
        page = as_list(response)
        if page is None:
            yield _no_list(visit)
            return
        # The parts of a site map change by themselves, so each comes round by itself.
        is_front = visit.url == first or isinstance(page, XmlResponse)
        if is_front and isinstance(page, HtmlResponse):
            await run_in_thread(self.ledger.note_candidates, linked_lists(page))
        listed = listed_articles(page)
        is_empty = not listed
        fresh = set(self.not_met([article.url for article in listed], first))
        listed = [article for article in listed if article.url in fresh]
        wanted = [article.url for article in listed if self._is_wanted(article)]
        follow: Follow = self._follow(listed, page)
        if follow == "if_news" and self.is_news(wanted):
            follow = "yes"
        noted, rejections = await self.note_listed(wanted, first, next_list_pages(page), follow)
        for rejection in rejections:
            yield rejection
        # A list is known as it stands only where all that it names is in the ledger.
        if self.since is not None or self.until is not None or not is_front:
            visit = visit._replace(etag=None, last_modified=None)
        yield Noted(
            visit,
            "list",
            has_news=noted.new > 0,
            is_front=is_front,
            is_empty=is_empty,
            interval=cadence_of(first),
        )

    def reject_list(self, failure: Failure) -> Iterator[Output]:
        """List a list page that could not be fetched as a rejection."""
        if not is_abandoned(failure):
            self.count(LISTS_FAILED)
            yield to_outcome(failure)

    def _is_wanted(self, article: ListedArticle) -> bool:
        if not article.date:
            return True
        return (self.since is None or article.date >= self.since) and (self.until is None or article.date <= self.until)

    def _follow(self, listed: Sequence[ListedArticle], response: HtmlResponse | XmlResponse) -> Follow:
        """Tell whether the next page can hold what is wanted: with `since` by date, without it while there is news."""
        if isinstance(response, XmlResponse):
            # The parts of a site map, each changed since we were here or not.
            return "yes"
        if self.since is None:
            return "if_news"
        dates = [article.date for article in listed if article.date]
        return "yes" if listed and (not dates or max(dates) >= self.since) else "no"


def _no_list(visit: Visit) -> Outcome:
    return Outcome(
        Rejection(url=visit.final_url, reason="not_article", detail="a list page that is neither HTML nor XML"), visit
    )
