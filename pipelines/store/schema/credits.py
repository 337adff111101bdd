"""Names (people, organizations, keywords), once each, and what links them to articles and pictures."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from pipelines.store.column_types import MARIADB_OPTIONS
from pipelines.store.schema.base import Base, Key, Name, Numbered, Word


class PersonRow(Numbered, Base):
    """A person's name."""

    __tablename__ = "person"
    __table_args__ = ({"comment": "A person's name, once; namesakes are not told apart", **MARIADB_OPTIONS},)

    name: Mapped[Name] = mapped_column(unique=True, comment="Name without inner spaces")


class OrganizationRow(Numbered, Base):
    """An organization's name."""

    __tablename__ = "organization"
    __table_args__ = (
        {
            "comment": "An organization as printed, once: sources, affiliations, agencies, givers of pictures",
            **MARIADB_OPTIONS,
        },
    )

    name: Mapped[Name] = mapped_column(unique=True, comment="Name as printed: 浙江日报, 潮新闻·浙江日报, 本报")


class KeywordRow(Numbered, Base):
    """A keyword."""

    __tablename__ = "keyword"
    __table_args__ = ({"comment": "A word of the 标签 lines, once", **MARIADB_OPTIONS},)

    name: Mapped[Name] = mapped_column(unique=True, comment="The word")


class ArticleKeywordRow(Base):
    """A keyword of an article."""

    __tablename__ = "article_keyword"
    __table_args__ = ({"comment": "The keywords of an article", **MARIADB_OPTIONS},)

    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, comment="→ article"
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="Place in the line, from 0")
    keyword_id: Mapped[Key] = mapped_column(ForeignKey("keyword.id"), index=True, comment="→ keyword")


class _Mention:
    """What is printed about a person where they are named."""

    position: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="Place in the list, from 0", sort_order=2
    )

    @declared_attr
    @classmethod
    def person_id(cls) -> Mapped[Key]:
        return mapped_column(ForeignKey("person.id"), index=True, comment="→ person", sort_order=3)

    role: Mapped[Word] = mapped_column(comment="What they did: author, photographer, editor ...", sort_order=4)
    title: Mapped[str | None] = mapped_column(comment="Printed job word: 记者, 通讯员 ...", sort_order=5)

    @declared_attr
    @classmethod
    def affiliation_id(cls) -> Mapped[Key | None]:
        return mapped_column(
            ForeignKey("organization.id"), index=True, comment="Printed organization → organization", sort_order=6
        )


class ContributionRow(_Mention, Base):
    """Somebody credited for an article as a whole."""

    __tablename__ = "contribution"
    __table_args__ = (
        CheckConstraint("listed_in in ('authors', 'photographers', 'editors', 'contributors')", name="listed_in"),
        {"comment": "Who did what for an article as a whole", **MARIADB_OPTIONS},
    )

    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, comment="→ article", sort_order=0
    )
    listed_in: Mapped[Word] = mapped_column(
        primary_key=True, comment="The record's list: authors, photographers, editors, contributors", sort_order=1
    )


class DatelineContributionRow(_Mention, Base):
    """Somebody named in an article's dateline."""

    __tablename__ = "dateline_contribution"
    __table_args__ = (
        {
            "comment": "Who is named in a dateline's brackets; they are counted as authors or editors in contribution",
            **MARIADB_OPTIONS,
        },
    )

    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, comment="→ article", sort_order=0
    )


class ImageRow(Numbered, Base):
    """A picture of an article."""

    __tablename__ = "image"
    __table_args__ = (
        UniqueConstraint("article_id", "position"),
        {"comment": "The pictures of an article", **MARIADB_OPTIONS},
    )

    article_id: Mapped[Key] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), comment="→ article")
    position: Mapped[int] = mapped_column(comment="Place among the article's pictures, from 0")
    url: Mapped[str] = mapped_column(comment="Absolute address of the picture")
    caption: Mapped[str | None] = mapped_column(comment="Caption without its credit")
    credit_raw: Mapped[str | None] = mapped_column(comment="Credit as printed; NULL where there is none")
    credit_organization_id: Mapped[Key | None] = mapped_column(
        ForeignKey("organization.id"), index=True, comment="Giver, where no person is named → organization"
    )


class ImageContributionRow(_Mention, Base):
    """Somebody named in a picture's credit."""

    __tablename__ = "image_contribution"
    __table_args__ = ({"comment": "Who is named in a picture's credit", **MARIADB_OPTIONS},)

    image_id: Mapped[Key] = mapped_column(
        ForeignKey("image.id", ondelete="CASCADE"), primary_key=True, comment="→ image", sort_order=0
    )
