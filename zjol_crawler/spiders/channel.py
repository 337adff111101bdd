"""Channels: list pages, the articles they link to that the database lacks, the lists' next pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import Any

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from pipelines.record import Rejection
from pipelines.store.runs import LISTS_FAILED
from zjol_crawler.links import ListedArticle, listed_articles, next_list_page
from zjol_crawler.responses import to_rejection
from zjol_crawler.spiders.base import ArticlePagesSpider, Output

DoneUrls = Callable[[Collection[str]], set[str]]


def _nothing_done(_urls: Collection[str]) -> set[str]:
    return set()


class ChannelSpider(ArticlePagesSpider):
    """Follows list pages back to `since` and fetches the articles on them that are not done.

    Stats: `zjol/found` articles met on lists, `zjol/known` of them done before, `zjol/lists` list pages read.
    """

    name = "channel"

    def __init__(
        self,
        lists: Sequence[str] | str = (),
        since: str | None = None,
        until: str | None = None,
        limit: int | str | None = None,
        done_urls: DoneUrls = _nothing_done,
        add_found: Callable[[Collection[str]], object] | None = None,
        thorough: bool = False,
        **arguments: Any,
    ) -> None:
        """Make the spider.

        Args:
            lists: addresses of list pages.
            since: ISO day; older articles are left out, and a list is not followed beyond them.
            until: ISO day; newer articles are left out.
            limit: fetch at most so many articles.
            done_urls: gives those of some addresses that need no fetch.
            add_found: told the addresses that will be fetched.
            thorough: follow lists to their ends, even past pages with nothing new.
            arguments: Scrapy's own.
        """
        super().__init__(**arguments)
        self.lists = lists.split() if isinstance(lists, str) else list(lists)
        self.since, self.until = since, until
        self.limit = int(limit) if limit is not None else None
        self._done_urls, self._add_found = done_urls, add_found
        self._thorough = thorough
        self._met: set[str] = set()
        self._asked = 0

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the list pages."""
        for url in dict.fromkeys(self.lists):
            yield self._list_request(url)

    def _list_request(self, url: str) -> Request:
        return Request(url, callback=self.parse_list, errback=self.reject_list, priority=5)

    def parse_list(self, response: Response) -> Iterator[Output]:
        """Take a list page: its articles, then its next page while it still shows what is wanted."""
        self._count("lists")
        if not isinstance(response, HtmlResponse):
            yield Rejection(url=response.url, reason="not_article", detail="a list page that is no HTML")
            return
        listed = [article for article in listed_articles(response) if article.url not in self._met]
        self._met.update(article.url for article in listed)
        self._count("found", len(listed))
        wanted = [article for article in listed if self._is_wanted(article)]
        done = self._done_urls([article.url for article in wanted])
        self._count("known", len(done))
        new = [article.url for article in wanted if article.url not in done]
        if self.limit is not None:
            new = new[: max(0, self.limit - self._asked)]
        self._asked += len(new)
        if new and self._add_found is not None:
            self._add_found(new)
        for url in new:
            yield self.article_request(url)
        if self.limit is not None and self._asked >= self.limit:
            return
        following = next_list_page(response)
        if following is not None and self._goes_on(listed, new):
            yield self._list_request(following)

    def reject_list(self, failure: Failure) -> Iterator[Output]:
        """List a list page that could not be fetched as a rejection."""
        self._count(LISTS_FAILED)
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

    def _count(self, name: str, count: int = 1) -> None:
        if self.crawler.stats is not None:
            self.crawler.stats.inc_value(f"zjol/{name}", count)
