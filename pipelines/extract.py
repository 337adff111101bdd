"""The road: fetched pages → a record or the reason why there is none.

The grammars take a third of a second to load, so they are loaded with the first page: most commands read none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.page import Page
from pipelines.record import Article, Rejection


def extract(page: Page) -> Article | Rejection:
    """Extract the article a page holds.

    Args:
        page: what was fetched. Of an article of several pages this one alone; `extract_article` joins them.

    Returns:
        The record, or a rejection with its reason. Nothing is raised for bad input.
    """
    return extract_article([page])


def extract_article(pages: Sequence[Page]) -> Article | Rejection:
    """Extract the article that pages hold, in any order, as one record.

    Blocks and pictures follow page order; every other field comes from the first page that has it. A further page that
    cannot be read is left out, so that `page_urls` is shorter than `page_count`; where the first cannot, its rejection
    is the answer.

    Raises:
        ValueError: there are no pages.
    """
    from pipelines.merge import merge_pages

    return merge_pages(pages)
