"""What the writer works out of records for search, reposts and the change feed: all of it can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Dialect, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.column_types import MARIADB_OPTIONS
from pipelines.store.schema.base import Base, Key, Numbered, Word
from pipelines.store.search.engines import Terms


def _not_on_sqlite(*_arguments: Any, dialect: Dialect, **_options: Any) -> bool:
    return dialect.name != "sqlite"


class ArticleSearchRow(Numbered, Base):
    """The terms of a part of an article."""

    __tablename__ = "article_search"
    __table_args__ = (
        CheckConstraint("field in ('headline', 'abstract', 'article_body', 'caption')", name="field"),
        Index("ix_article_search_terms", "terms", postgresql_using="gin", mariadb_prefix="FULLTEXT").ddl_if(
            callable_=_not_on_sqlite
        ),
        {"comment": "The full-text index; ask it by zjol search", **MARIADB_OPTIONS},
    )

    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), index=True, comment="→ article"
    )
    field: Mapped[Word] = mapped_column(comment="What the terms are of: headline, abstract, article_body, caption")
    terms: Mapped[Sequence[str]] = mapped_column(
        Terms(), comment="Pairs of neighbouring characters and Latin words, in order"
    )


class ArticleFingerprintRow(Base):
    """A band of an article's MinHash."""

    __tablename__ = "article_fingerprint"
    __table_args__ = (
        {"comment": "MinHash bands of article bodies: articles that share one may be the same text", **MARIADB_OPTIONS},
    )

    band: Mapped[int] = mapped_column(BigInteger(), primary_key=True, autoincrement=False, comment="Digest of the band")
    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True, comment="→ article"
    )


class ChangeCounterRow(Base):
    """The number of the last change."""

    __tablename__ = "change_counter"
    __table_args__ = ({"comment": "One row: the number of the last change of any article", **MARIADB_OPTIONS},)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="Always 1")
    value: Mapped[Key] = mapped_column(
        comment="Number of the last change; writers take numbers in the order they commit"
    )
