"""Articles, the addresses that lead to them, the channels they stand in, and what they said before."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.column_types import MARIADB_OPTIONS
from pipelines.store.schema.base import Base, Digest, Json, Key, Numbered, Url, Word


class ArticleRow(Numbered, Base):
    """A news article."""

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("published_precision in ('day', 'second')", name="published_precision"),
        CheckConstraint("page_count >= 0", name="page_count"),
        {"comment": "A news article, once, whatever addresses it has", **MARIADB_OPTIONS},
    )

    article_id: Mapped[Url] = mapped_column(
        unique=True,
        comment="The site's own id: t20161001_1990123, system/2016/10/01/021319213, zjrb/2016-10-01/3007921",
    )
    url: Mapped[Url] = mapped_column(comment="Where the record was fetched from, the first address met")
    canonical_url: Mapped[Url] = mapped_column(
        index=True, comment="Identity on the web: https, no query, fragment, page suffix or _ext"
    )
    template: Mapped[Word] = mapped_column(
        index=True, comment="Page template that was read: trs-2016, epaper, fallback ..."
    )
    encoding: Mapped[Word] = mapped_column(
        comment="Codec that decoded the page: utf-8, gb18030 or a Python codec's name"
    )
    kicker: Mapped[str | None] = mapped_column(comment="引题, the line above the headline")
    headline: Mapped[str] = mapped_column(comment="标题")
    subheadline: Mapped[str | None] = mapped_column(comment="副题, the line under the headline")
    published_at: Mapped[datetime] = mapped_column(
        index=True, comment="When it was published, UTC (Shanghai minus 8 hours); a bare date is midnight in Shanghai"
    )
    published_precision: Mapped[Word] = mapped_column(comment="What the page prints: day (a bare date) or second")
    source_id: Mapped[Key | None] = mapped_column(
        ForeignKey("organization.id"), index=True, comment="来源 as printed → organization"
    )
    byline: Mapped[str | None] = mapped_column(comment="作者 as printed")
    channel_id: Mapped[Key | None] = mapped_column(
        ForeignKey("channel.id"), index=True, comment="Channel it stands in, the section → channel"
    )
    abstract: Mapped[str | None] = mapped_column(comment="【摘要】 without its label")
    editors_note: Mapped[str | None] = mapped_column(comment="编者按 without its label, paragraphs ended by line feeds")
    dateline_raw: Mapped[str | None] = mapped_column(comment="电头 as printed; NULL where there is none")
    dateline_organization_id: Mapped[Key | None] = mapped_column(
        ForeignKey("organization.id"), index=True, comment="Agency or paper of the dateline → organization"
    )
    dateline_place: Mapped[str | None] = mapped_column(comment="City of the dateline")
    dateline_date: Mapped[date | None] = mapped_column(comment="Day of the dateline")
    article_body: Mapped[str] = mapped_column(comment="Text of the body, its lines joined by line feeds")
    body_blocks: Mapped[Json] = mapped_column(
        comment="Steps of the body in reading order: the next line of article_body, or a picture by its position"
    )
    copyright_notice: Mapped[str | None] = mapped_column(comment="版权 paragraphs after the article")
    page_count: Mapped[int] = mapped_column(comment="How many pages the pager says there are")
    content_hash: Mapped[Digest] = mapped_column(
        index=True,
        comment="SHA-256 of headline, line feed and article_body: equal for the same text under another number",
    )
    record_hash: Mapped[Digest] = mapped_column(
        comment="SHA-256 of the whole record but its addresses: tells a changed record from the same again"
    )
    parser_version: Mapped[Word] = mapped_column(comment="Release of this program that read the record as it stands")
    first_seen: Mapped[datetime] = mapped_column(comment="When it was first stored, UTC")
    last_changed: Mapped[datetime] = mapped_column(index=True, comment="When the record last changed, UTC")
    last_seen: Mapped[datetime] = mapped_column(comment="When it was last met, changed or not, UTC")
    change_number: Mapped[Key] = mapped_column(
        index=True,
        server_default="0",
        comment="Number of its last change among all changes, in the order they were committed",
    )
    duplicate_of_id: Mapped[Key | None] = mapped_column(
        ForeignKey("article.id"),
        index=True,
        comment="Earlier article of which this is a repost, to the letter or nearly so → article",
    )


class ArticleUrlRow(Base):
    """An address that leads to an article."""

    __tablename__ = "article_url"
    __table_args__ = (
        CheckConstraint("page_position >= 0", name="page_position"),
        {
            "comment": "Every address that leads to an article: fetched, canonical, further pages, other channels",
            **MARIADB_OPTIONS,
        },
    )

    article_id: Mapped[Key] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, comment="→ article"
    )
    url: Mapped[Url] = mapped_column(primary_key=True, index=True, comment="The address")
    page_position: Mapped[int | None] = mapped_column(
        comment="Place among the pages merged into the record, from 0; NULL for an address that is none of them"
    )


class ChannelRow(Numbered, Base):
    """A channel: a step of the breadcrumbs, or an e-paper's page."""

    __tablename__ = "channel"
    __table_args__ = (
        CheckConstraint("kind in ('breadcrumb', 'section')", name="kind"),
        {
            "comment": "A step of 您当前的位置, or the section of a page without it (an e-paper's page)",
            **MARIADB_OPTIONS,
        },
    )

    parent_id: Mapped[Key | None] = mapped_column(
        ForeignKey("channel.id"), index=True, comment="The step before → channel; NULL for the first"
    )
    kind: Mapped[Word] = mapped_column(
        comment="breadcrumb: printed in the breadcrumbs; section: named by the page alone"
    )
    name: Mapped[str] = mapped_column(comment="Name as printed")
    url: Mapped[str | None] = mapped_column(comment="Absolute address the step links to; NULL where it is no link")
    path_hash: Mapped[Digest] = mapped_column(
        unique=True,
        comment="SHA-256 of the path's kinds, names and addresses: the natural key, for NULLs repeat in SQL",
    )


class RevisionRow(Base):
    """What an article said before it changed."""

    __tablename__ = "revision"
    __table_args__ = (
        UniqueConstraint("article_id", "number"),
        {"comment": "What an article said before it changed", **MARIADB_OPTIONS},
    )

    id: Mapped[Key] = mapped_column(primary_key=True, comment="Surrogate key")
    article_id: Mapped[Key] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"), comment="→ article")
    number: Mapped[int] = mapped_column(comment="1 for the first record stored, and so on")
    seen_at: Mapped[datetime] = mapped_column(comment="When the record that replaced it was met, UTC")
    parser_version: Mapped[Word] = mapped_column(comment="Release of this program that read the replaced record")
    record: Mapped[Json] = mapped_column(comment="The replaced record, whole")
    changed_fields: Mapped[Json] = mapped_column(
        comment="Names of the record's fields that changed, in the record's order"
    )
