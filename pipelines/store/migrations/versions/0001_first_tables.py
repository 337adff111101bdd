"""The first tables: articles, names, channels, pictures, revisions, and the crawl's ledger, runs and rejections."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import MARIADB_OPTIONS, UtcInstant, json_type, key_type, string_type, text_type

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "channel",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("parent_id", key_type(), nullable=True, comment="The step before → channel; NULL for the first"),
        sa.Column(
            "kind",
            string_type(40),
            nullable=False,
            comment="breadcrumb: printed in the breadcrumbs; section: named by the page alone",
        ),
        sa.Column("name", text_type(), nullable=False, comment="Name as printed"),
        sa.Column(
            "url", text_type(), nullable=True, comment="Absolute address the step links to; NULL where it is no link"
        ),
        sa.Column(
            "path_hash",
            string_type(64),
            nullable=False,
            comment="SHA-256 of the path's kinds, names and addresses: the natural key, for NULLs repeat in SQL",
        ),
        sa.CheckConstraint("kind in ('breadcrumb', 'section')", name=op.f("ck_channel_kind")),
        sa.ForeignKeyConstraint(["parent_id"], ["channel.id"], name=op.f("fk_channel_parent_id_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("path_hash", name=op.f("uq_channel_path_hash")),
        comment="A step of 您当前的位置, or the section of a page without it (an e-paper's page)",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_channel_parent_id"), "channel", ["parent_id"], unique=False)
    op.create_table(
        "crawl_run",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column(
            "command", text_type(), nullable=False, comment="What was run: crawl, demo, scrape ... with its arguments"
        ),
        sa.Column("parser_version", string_type(40), nullable=False, comment="Release of this program"),
        sa.Column("started_at", UtcInstant(), nullable=False, comment="When it started, UTC"),
        sa.Column(
            "finished_at", UtcInstant(), nullable=True, comment="When it ended, UTC; NULL while it runs or after a kill"
        ),
        sa.Column("outcome", text_type(), nullable=True, comment="How it ended: finished, shutdown, store_failed ..."),
        sa.Column(
            "counts", json_type(), nullable=True, comment="What it counted: fetched, stored, rejected by reason ..."
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl_run")),
        comment="A run of a command that fetches and stores",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_crawl_run_started_at"), "crawl_run", ["started_at"], unique=False)
    op.create_table(
        "keyword",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("name", string_type(500), nullable=False, comment="The word"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyword")),
        sa.UniqueConstraint("name", name=op.f("uq_keyword_name")),
        comment="A word of the 标签 lines, once",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "organization",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("name", string_type(500), nullable=False, comment="Name as printed: 浙江日报, 潮新闻·浙江日报, 本报"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization")),
        sa.UniqueConstraint("name", name=op.f("uq_organization_name")),
        comment="An organization as printed, once: sources, affiliations, agencies, givers of pictures",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "page",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("url", string_type(700), nullable=False, comment="Address as it was found"),
        sa.Column(
            "state",
            string_type(40),
            nullable=False,
            comment="found (not fetched yet), stored, rejected (gave no record), failed (to be tried again)",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="Fetches that failed since the last that did not"),
        sa.Column("error", text_type(), nullable=True, comment="Why it is rejected or failed"),
        sa.Column("found_at", UtcInstant(), nullable=False, comment="When it was found, UTC"),
        sa.Column("visited_at", UtcInstant(), nullable=True, comment="When its state last changed by a fetch, UTC"),
        sa.CheckConstraint("state in ('found', 'stored', 'rejected', 'failed')", name=op.f("ck_page_state")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_page_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("url", name=op.f("uq_page_url")),
        comment="The crawl's ledger: every page found, and what became of it",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_page_state"), "page", ["state"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("name", string_type(500), nullable=False, comment="Name without inner spaces"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("name", name=op.f("uq_person_name")),
        comment="A person's name, once; namesakes are not told apart",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "article",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column(
            "article_id",
            string_type(700),
            nullable=False,
            comment="The site's own id: t20161001_1990123, system/2016/10/01/021319213, zjrb/2016-10-01/3007921",
        ),
        sa.Column(
            "url", string_type(700), nullable=False, comment="Where the record was fetched from, the first address met"
        ),
        sa.Column(
            "canonical_url",
            string_type(700),
            nullable=False,
            comment="Identity on the web: https, no query, fragment, page suffix or _ext",
        ),
        sa.Column(
            "template",
            string_type(40),
            nullable=False,
            comment="Page template that was read: trs-2016, epaper, fallback ...",
        ),
        sa.Column(
            "encoding",
            string_type(40),
            nullable=False,
            comment="Codec that decoded the page: utf-8, gb18030 or a Python codec's name",
        ),
        sa.Column("kicker", text_type(), nullable=True, comment="引题, the line above the headline"),
        sa.Column("headline", text_type(), nullable=False, comment="标题"),
        sa.Column("subheadline", text_type(), nullable=True, comment="副题, the line under the headline"),
        sa.Column(
            "published_at",
            UtcInstant(),
            nullable=False,
            comment="When it was published, UTC (Shanghai minus 8 hours); a bare date is midnight in Shanghai",
        ),
        sa.Column(
            "published_precision",
            string_type(40),
            nullable=False,
            comment="What the page prints: day (a bare date) or second",
        ),
        sa.Column("source_id", key_type(), nullable=True, comment="来源 as printed → organization"),
        sa.Column("byline", text_type(), nullable=True, comment="作者 as printed"),
        sa.Column("channel_id", key_type(), nullable=True, comment="Channel it stands in, the section → channel"),
        sa.Column("abstract", text_type(), nullable=True, comment="【摘要】 without its label"),
        sa.Column(
            "editors_note",
            text_type(),
            nullable=True,
            comment="编者按 without its label, paragraphs ended by line feeds",
        ),
        sa.Column("dateline_raw", text_type(), nullable=True, comment="电头 as printed; NULL where there is none"),
        sa.Column(
            "dateline_organization_id",
            key_type(),
            nullable=True,
            comment="Agency or paper of the dateline → organization",
        ),
        sa.Column("dateline_place", text_type(), nullable=True, comment="City of the dateline"),
        sa.Column("dateline_date", sa.Date(), nullable=True, comment="Day of the dateline"),
        sa.Column(
            "article_body", text_type(), nullable=False, comment="Text of the body, its lines joined by line feeds"
        ),
        sa.Column(
            "body_blocks",
            json_type(),
            nullable=False,
            comment="Steps of the body in reading order: the next line of article_body, or a picture by its position",
        ),
        sa.Column("copyright_notice", text_type(), nullable=True, comment="版权 paragraphs after the article"),
        sa.Column("page_count", sa.Integer(), nullable=False, comment="How many pages the pager says there are"),
        sa.Column(
            "content_hash",
            string_type(64),
            nullable=False,
            comment="SHA-256 of headline, line feed and article_body: equal for the same text under another number",
        ),
        sa.Column(
            "record_hash",
            string_type(64),
            nullable=False,
            comment="SHA-256 of the whole record but its addresses: tells a changed record from the same again",
        ),
        sa.Column(
            "parser_version",
            string_type(40),
            nullable=False,
            comment="Release of this program that read the record as it stands",
        ),
        sa.Column("first_seen", UtcInstant(), nullable=False, comment="When it was first stored, UTC"),
        sa.Column("last_changed", UtcInstant(), nullable=False, comment="When the record last changed, UTC"),
        sa.Column("last_seen", UtcInstant(), nullable=False, comment="When it was last met, changed or not, UTC"),
        sa.CheckConstraint("published_precision in ('day', 'second')", name=op.f("ck_article_published_precision")),
        sa.CheckConstraint("page_count >= 0", name=op.f("ck_article_page_count")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_article_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["dateline_organization_id"],
            ["organization.id"],
            name=op.f("fk_article_dateline_organization_id_organization"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["organization.id"], name=op.f("fk_article_source_id_organization")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("article_id", name=op.f("uq_article_article_id")),
        comment="A news article, once, whatever addresses it has",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_article_canonical_url"), "article", ["canonical_url"], unique=False)
    op.create_index(op.f("ix_article_channel_id"), "article", ["channel_id"], unique=False)
    op.create_index(op.f("ix_article_content_hash"), "article", ["content_hash"], unique=False)
    op.create_index(op.f("ix_article_dateline_organization_id"), "article", ["dateline_organization_id"], unique=False)
    op.create_index(op.f("ix_article_last_changed"), "article", ["last_changed"], unique=False)
    op.create_index(op.f("ix_article_published_at"), "article", ["published_at"], unique=False)
    op.create_index(op.f("ix_article_source_id"), "article", ["source_id"], unique=False)
    op.create_index(op.f("ix_article_template"), "article", ["template"], unique=False)
    op.create_table(
        "rejection",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("url", text_type(), nullable=False, comment="Where the page was fetched from"),
        sa.Column(
            "reason",
            string_type(40),
            nullable=False,
            comment="Why: not_article, not_found, empty_body, http_error, unstorable ...",
        ),
        sa.Column(
            "detail", text_type(), nullable=True, comment="Target of a redirect stub, an HTTP status, or a remark"
        ),
        sa.Column("run_id", key_type(), nullable=True, comment="Run that met it → crawl_run; NULL outside a run"),
        sa.Column("seen_at", UtcInstant(), nullable=False, comment="When it was met, UTC"),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name=op.f("fk_rejection_run_id_crawl_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejection")),
        comment="A page that gave no record, each time it was met",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_rejection_reason"), "rejection", ["reason"], unique=False)
    op.create_index(op.f("ix_rejection_run_id"), "rejection", ["run_id"], unique=False)
    op.create_index(op.f("ix_rejection_seen_at"), "rejection", ["seen_at"], unique=False)
    op.create_table(
        "article_keyword",
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place in the line, from 0"),
        sa.Column("keyword_id", key_type(), nullable=False, comment="→ keyword"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_keyword_article_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["keyword_id"], ["keyword.id"], name=op.f("fk_article_keyword_keyword_id_keyword")),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_article_keyword")),
        comment="The keywords of an article",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_article_keyword_keyword_id"), "article_keyword", ["keyword_id"], unique=False)
    op.create_table(
        "article_url",
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column("url", string_type(700), nullable=False, comment="The address"),
        sa.Column(
            "page_position",
            sa.Integer(),
            nullable=True,
            comment="Place among the pages merged into the record, from 0; NULL for an address that is none of them",
        ),
        sa.CheckConstraint("page_position >= 0", name=op.f("ck_article_url_page_position")),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_url_article_id_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "url", name=op.f("pk_article_url")),
        comment="Every address that leads to an article: fetched, canonical, further pages, other channels",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_article_url_url"), "article_url", ["url"], unique=False)
    op.create_table(
        "contribution",
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column(
            "listed_in",
            string_type(40),
            nullable=False,
            comment="The record's list: authors, photographers, editors, contributors",
        ),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place in the list, from 0"),
        sa.Column("person_id", key_type(), nullable=False, comment="→ person"),
        sa.Column("role", string_type(40), nullable=False, comment="What they did: author, photographer, editor ..."),
        sa.Column("title", text_type(), nullable=True, comment="Printed job word: 记者, 通讯员 ..."),
        sa.Column("affiliation_id", key_type(), nullable=True, comment="Printed organization → organization"),
        sa.CheckConstraint(
            "listed_in in ('authors', 'photographers', 'editors', 'contributors')",
            name=op.f("ck_contribution_listed_in"),
        ),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organization.id"], name=op.f("fk_contribution_affiliation_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_contribution_article_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_contribution_person_id_person")),
        sa.PrimaryKeyConstraint("article_id", "listed_in", "position", name=op.f("pk_contribution")),
        comment="Who did what for an article as a whole",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_contribution_affiliation_id"), "contribution", ["affiliation_id"], unique=False)
    op.create_index(op.f("ix_contribution_person_id"), "contribution", ["person_id"], unique=False)
    op.create_table(
        "dateline_contribution",
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place in the list, from 0"),
        sa.Column("person_id", key_type(), nullable=False, comment="→ person"),
        sa.Column("role", string_type(40), nullable=False, comment="What they did: author, photographer, editor ..."),
        sa.Column("title", text_type(), nullable=True, comment="Printed job word: 记者, 通讯员 ..."),
        sa.Column("affiliation_id", key_type(), nullable=True, comment="Printed organization → organization"),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organization.id"], name=op.f("fk_dateline_contribution_affiliation_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_dateline_contribution_article_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_dateline_contribution_person_id_person")),
        sa.PrimaryKeyConstraint("article_id", "position", name=op.f("pk_dateline_contribution")),
        comment="Who is named in a dateline's brackets; they are counted as authors or editors in contribution",
        **MARIADB_OPTIONS,
    )
    op.create_index(
        op.f("ix_dateline_contribution_affiliation_id"), "dateline_contribution", ["affiliation_id"], unique=False
    )
    op.create_index(op.f("ix_dateline_contribution_person_id"), "dateline_contribution", ["person_id"], unique=False)
    op.create_table(
        "image",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column("position", sa.Integer(), nullable=False, comment="Place among the article's pictures, from 0"),
        sa.Column("url", text_type(), nullable=False, comment="Absolute address of the picture"),
        sa.Column("caption", text_type(), nullable=True, comment="Caption without its credit"),
        sa.Column("credit_raw", text_type(), nullable=True, comment="Credit as printed; NULL where there is none"),
        sa.Column(
            "credit_organization_id",
            key_type(),
            nullable=True,
            comment="Giver, where no person is named → organization",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_image_article_id_article"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["credit_organization_id"], ["organization.id"], name=op.f("fk_image_credit_organization_id_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("article_id", "position", name=op.f("uq_image_article_id_position")),
        comment="The pictures of an article",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_image_credit_organization_id"), "image", ["credit_organization_id"], unique=False)
    op.create_table(
        "revision",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column("number", sa.Integer(), nullable=False, comment="1 for the first record stored, and so on"),
        sa.Column("seen_at", UtcInstant(), nullable=False, comment="When the record that replaced it was met, UTC"),
        sa.Column(
            "parser_version",
            string_type(40),
            nullable=False,
            comment="Release of this program that read the replaced record",
        ),
        sa.Column("record", json_type(), nullable=False, comment="The replaced record, whole"),
        sa.Column(
            "changed_fields",
            json_type(),
            nullable=False,
            comment="Names of the record's fields that changed, in the record's order",
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_revision_article_id_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("article_id", "number", name=op.f("uq_revision_article_id_number")),
        comment="What an article said before it changed",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "image_contribution",
        sa.Column("image_id", key_type(), nullable=False, comment="→ image"),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False, comment="Place in the list, from 0"),
        sa.Column("person_id", key_type(), nullable=False, comment="→ person"),
        sa.Column("role", string_type(40), nullable=False, comment="What they did: author, photographer, editor ..."),
        sa.Column("title", text_type(), nullable=True, comment="Printed job word: 记者, 通讯员 ..."),
        sa.Column("affiliation_id", key_type(), nullable=True, comment="Printed organization → organization"),
        sa.ForeignKeyConstraint(
            ["affiliation_id"], ["organization.id"], name=op.f("fk_image_contribution_affiliation_id_organization")
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_image_contribution_image_id_image"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_image_contribution_person_id_person")),
        sa.PrimaryKeyConstraint("image_id", "position", name=op.f("pk_image_contribution")),
        comment="Who is named in a picture's credit",
        **MARIADB_OPTIONS,
    )
    op.create_index(
        op.f("ix_image_contribution_affiliation_id"), "image_contribution", ["affiliation_id"], unique=False
    )
    op.create_index(op.f("ix_image_contribution_person_id"), "image_contribution", ["person_id"], unique=False)
