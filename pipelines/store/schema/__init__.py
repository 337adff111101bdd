"""The tables, as typed SQLAlchemy mappings; `docs/database.md` shows them with sample queries."""

from pipelines.store.schema.articles import ArticleRow, ArticleUrlRow, ChannelRow, RevisionRow
from pipelines.store.schema.base import Base
from pipelines.store.schema.crawl import CrawlRunRow, PageRow, RejectionRow
from pipelines.store.schema.credits import (
    ArticleKeywordRow,
    ContributionRow,
    DatelineContributionRow,
    ImageContributionRow,
    ImageRow,
    KeywordRow,
    OrganizationRow,
    PersonRow,
)

__all__ = [
    "ArticleKeywordRow",
    "ArticleRow",
    "ArticleUrlRow",
    "Base",
    "ChannelRow",
    "ContributionRow",
    "CrawlRunRow",
    "DatelineContributionRow",
    "ImageContributionRow",
    "ImageRow",
    "KeywordRow",
    "OrganizationRow",
    "PageRow",
    "PersonRow",
    "RejectionRow",
    "RevisionRow",
]
