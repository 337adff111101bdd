"""What spiders yield, and what becomes of it."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.extract import extract_article
from pipelines.page import Page
from pipelines.record import Article, Rejection
from pipelines.store.ledger import Noted, Visit


class Outcome(NamedTuple):
    """What became of what a spider yielded.

    Attributes:
        record: the article or rejection; None for a visit that gives neither, and for an article that nobody asked for.
        visit: the answer to the request for the record's first page, where the crawl made one.
        noted: the visit that gives no record.
    """

    record: Article | Rejection | None
    visit: Visit | None = None
    noted: Noted | None = None

    @property
    def asked_url(self) -> str | None:
        """The address the crawl asked for; None where it asked for none."""
        visit = self.noted.visit if self.noted is not None else self.visit
        return None if visit is None else visit.url


Item = Page | list[Page] | Article | Rejection | Noted | Outcome


def check_item(item: object) -> Item:
    """Give what a spider yielded, if it is something that can become an outcome.

    Raises:
        TypeError: it is not.
    """
    if isinstance(item, Page | Article | Rejection | Noted | Outcome):
        return item
    if isinstance(item, list | tuple) and item and all(isinstance(page, Page) for page in item):
        return list(item)
    raise TypeError(f"a spider yields pages, a list of pages, rejections or visits, not {type(item).__name__}")


def outcome_of(item: Item) -> Outcome:
    """Extract a page, or the pages of one article; wrap what is no page as it is."""
    if isinstance(item, Outcome):
        return item
    if isinstance(item, Article | Rejection):
        return Outcome(item)
    if isinstance(item, Noted):
        return Outcome(None, noted=item)
    pages = item if isinstance(item, list) else [item]
    return Outcome(extract_article(pages), visit_of(pages[0]))


def visit_of(page: Page) -> Visit:
    """Give the answer that a fetched page was."""
    return Visit(
        page.requested_url or page.url,
        page.url,
        page.status,
        page.headers.get("etag"),
        page.headers.get("last-modified"),
    )
