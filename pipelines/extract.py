"""The road: one fetched page → a record or the reason why there is none."""

from __future__ import annotations

from pipelines.merge import extract_article
from pipelines.page import Page
from pipelines.record import Article, Rejection


def extract(page: Page) -> Article | Rejection:
    """Extract the article a page holds.

    Args:
        page: what was fetched. Of an article of several pages this one alone; `pipelines.merge.extract_article`
            joins them.

    Returns:
        The record, or a rejection with its reason. Nothing is raised for bad input.
    """
    return extract_article([page])
