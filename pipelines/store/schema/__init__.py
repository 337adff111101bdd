"""The tables, as typed SQLAlchemy mappings; `docs/database.md` shows them with sample queries."""

from pipelines.store.schema.articles import ArticleRow, ArticleUrlRow, ChannelRow, RevisionRow
from pipelines.store.schema.base import Base
from pipelines.store.schema.crawl import CandidateRow, CrawlRunRow, HostRow, JobRow, PageRow, RejectionRow
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
from pipelines.store.schema.derived import ArticleFingerprintRow, ArticleSearchRow, ChangeCounterRow
from pipelines.store.schema.monitoring import FindingRow, HeldRow, ObservationRow, ToldRow

__all__ = [
    "ArticleFingerprintRow",
    "ArticleKeywordRow",
    "ArticleRow",
    "ArticleSearchRow",
    "ArticleUrlRow",
    "Base",
    "CandidateRow",
    "ChangeCounterRow",
    "ChannelRow",
    "ContributionRow",
    "CrawlRunRow",
    "DatelineContributionRow",
    "FindingRow",
    "HeldRow",
    "HostRow",
    "ImageContributionRow",
    "ImageRow",
    "JobRow",
    "KeywordRow",
    "ObservationRow",
    "OrganizationRow",
    "PageRow",
    "PersonRow",
    "RejectionRow",
    "RevisionRow",
    "ToldRow",
]
