"""Channels: list pages, the articles they link to that the database lacks, the lists' next pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from pipelines.outcomes import visit_of
from pipelines.record import Rejection
from pipelines.store.ledger import Noted
from pipelines.store.runs import LISTS_FAILED
from zjol_crawler.links import ListedArticle, listed_articles, next_list_page
from zjol_crawler.responses import to_page, to_rejection
from zjol_crawler.spiders.base import ListedArticlesSpider, Output, conditions


class ChannelSpider(ListedArticlesSpider):
    """Follows list pages back to `since` and fetches the articles on them that are not done."""

    name = "channel"

    def __init__(
        self,
        lists: Sequence[str] | str = (),
        since: str | None = None,
        until: str | None = None,
        thorough: bool = False,
        **arguments: Any,
    ) -> None:
        """Make the spider.

        Args:
            lists: addresses of list pages.
            since: ISO day; older articles are left out, and a list is not followed beyond them.
            until: ISO day; newer articles are left out.
            thorough: follow lists to their ends, even past pages with nothing new.
            arguments: those of `ListedArticlesSpider`.
        """
        super().__init__(**arguments)
        self.lists = lists.split() if isinstance(lists, str) else list(lists)
        self.since, self.until = since, until
        self._thorough = thorough

    async def start(self) -> AsyncIterator[Any]:
        """Ask for what earlier runs have left, and for the list pages."""
        for request in self.due_requests():
            yield request
        for url in dict.fromkeys(self.lists):
            # A list that must be walked through is asked for whole.
            known = None if self._thorough or self.since is not None else self.ledger.list_validators(url)
            yield self._list_request(url, url, conditions(known) if known else {})

    def _list_request(self, url: str, first: str, headers: dict[str, str]) -> Request:
        return Request(
            url,
            callback=self.parse_list,
            errback=self.reject_list,
            cb_kwargs={"first": first},
            headers=headers,
            meta={"handle_httpstatus_list": [304]},
            priority=5,
        )

    def parse_list(self, response: Response, first: str) -> Iterator[Output]:
        """Take a list page: its articles, then its next page while it still shows what is wanted."""
        self.count("lists")
        visit = visit_of(to_page(response))
        if visit.status == 304:
            yield Noted(visit, "list")
            return
        if not isinstance(response, HtmlResponse):
            yield Rejection(url=response.url, reason="not_article", detail="a list page that is no HTML")
            return
        listed = listed_articles(response)
        fresh = self.not_met([article.url for article in listed])
        listed = [article for article in listed if article.url in fresh]
        new = self.new_articles([article.url for article in listed if self._is_wanted(article)], first)
        for url in new:
            yield self.article_request(url)
        # A list is known as it stands only where all that it names is in the ledger.
        if self.limit is None and self.since is None and self.until is None:
            yield Noted(visit, "list")
        if self.is_full:
            return
        following = next_list_page(response)
        if following is not None and self._goes_on(listed, new):
            yield self._list_request(following, first, {})

    def reject_list(self, failure: Failure) -> Iterator[Output]:
        """List a list page that could not be fetched as a rejection."""
        self.count(LISTS_FAILED)
        yield to_rejection(failure.request.url, failure)  # type: ignore[attr-defined]

    def _is_wanted(self, article: ListedArticle) -> bool:
        if not article.date:
            return True
        return (self.since is None or article.date >= self.since) and (self.until is None or article.date <= self.until)

    def _goes_on(self, listed: Sequence[ListedArticle], new: Sequence[str]) -> bool:
        """Tell whether the next page can hold what is wanted: with `since` by date, without it while there is news."""
        if self.since is not None:
            dates = [article.date for article in listed if article.date]
            return bool(listed) and (not dates or max(dates) >= self.since)
        return bool(new) or (self._thorough and bool(listed))
