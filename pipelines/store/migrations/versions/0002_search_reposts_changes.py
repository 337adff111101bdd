"""Full-text search, links between reposts, and the numbers of the change feed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import MARIADB_OPTIONS, key_type, string_type
from pipelines.store.near_duplicates import fingerprints
from pipelines.store.search.engines import SQLITE_INDEX, Terms
from pipelines.store.search.terms import rows_of_terms

revision = "0002"
down_revision = "0001"

_BATCH = 200


def upgrade() -> None:
    """Add the columns and tables, and fill them for the articles there are."""
    _add_columns()
    _add_tables()
    _fill(op.get_bind())


def _add_columns() -> None:
    op.add_column(
        "article",
        sa.Column(
            "change_number",
            key_type(),
            nullable=False,
            server_default="0",
            comment="Number of its last change among all changes, in the order they were committed",
        ),
    )
    foreign_key = op.f("fk_article_duplicate_of_id_article")
    if op.get_bind().dialect.name == "sqlite":
        # SQLite takes a foreign key only with its column, and a table made anew would empty those that refer to it.
        op.execute(
            f"ALTER TABLE article ADD COLUMN duplicate_of_id INTEGER CONSTRAINT {foreign_key} REFERENCES article (id)"
        )
    else:
        op.add_column(
            "article",
            sa.Column(
                "duplicate_of_id",
                key_type(),
                nullable=True,
                comment="Earlier article of which this is a repost, to the letter or nearly so → article",
            ),
        )
        op.create_foreign_key(foreign_key, "article", "article", ["duplicate_of_id"], ["id"])
    op.execute("UPDATE article SET change_number = id")
    op.create_index(op.f("ix_article_change_number"), "article", ["change_number"])
    op.create_index(op.f("ix_article_duplicate_of_id"), "article", ["duplicate_of_id"])


def _add_tables() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "change_counter",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="Always 1"),
        sa.Column(
            "value",
            key_type(),
            nullable=False,
            comment="Number of the last change; writers take numbers in the order they commit",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_counter")),
        comment="One row: the number of the last change of any article",
        **MARIADB_OPTIONS,
    )
    op.execute("INSERT INTO change_counter (id, value) SELECT 1, COALESCE(MAX(id), 0) FROM article")
    op.create_table(
        "article_fingerprint",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False, comment="Digest of the band"),
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_fingerprint_article_id_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("band", "article_id", name=op.f("pk_article_fingerprint")),
        comment="MinHash bands of article bodies: articles that share one may be the same text",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_article_fingerprint_article_id"), "article_fingerprint", ["article_id"])
    op.create_table(
        "article_search",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("article_id", key_type(), nullable=False, comment="→ article"),
        sa.Column(
            "field",
            string_type(40),
            nullable=False,
            comment="What the terms are of: headline, abstract, article_body, caption",
        ),
        sa.Column(
            "terms", Terms(), nullable=False, comment="Pairs of neighbouring characters and Latin words, in order"
        ),
        sa.CheckConstraint(
            "field in ('headline', 'abstract', 'article_body', 'caption')", name=op.f("ck_article_search_field")
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_article_search_article_id_article"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_search")),
        comment="The full-text index; ask it by zjol search",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_article_search_article_id"), "article_search", ["article_id"])
    if dialect == "sqlite":
        for statement in SQLITE_INDEX:
            op.execute(statement)
    else:
        op.create_index(
            "ix_article_search_terms",
            "article_search",
            ["terms"],
            postgresql_using="gin",
            mariadb_prefix="FULLTEXT",
        )


def _fill(connection: sa.Connection) -> None:
    """Index the articles an earlier release stored; reposts among them are linked when they are met again."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("id", "headline", "abstract", "article_body")]
    articles = sa.table("article", *columns)
    images = sa.table("image", sa.column("article_id"), sa.column("caption"), sa.column("position"))
    search = sa.table("article_search", sa.column("article_id"), sa.column("field"), sa.column("terms", Terms()))
    bands = sa.table("article_fingerprint", sa.column("band"), sa.column("article_id"))
    last = 0
    while rows := connection.execute(
        sa.select(*columns).select_from(articles).where(columns[0] > last).order_by(columns[0]).limit(_BATCH)
    ).all():
        last = rows[-1].id
        keys = [row.id for row in rows]
        captions: dict[int, list[str]] = {}
        pictured = sa.select(images).where(images.c.article_id.in_(keys)).order_by(images.c.position)
        for key, caption, _ in connection.execute(pictured):
            captions.setdefault(key, []).append(caption or "")
        parts = [
            {"article_id": row.id, "field": field, "terms": found}
            for row in rows
            for field, text in (
                ("headline", row.headline),
                ("abstract", row.abstract or ""),
                ("article_body", row.article_body),
                ("caption", "\n".join(captions.get(row.id, []))),
            )
            for found in rows_of_terms(text)
        ]
        digests = [{"band": band, "article_id": row.id} for row in rows for band in fingerprints(row.article_body)]
        if parts:
            connection.execute(search.insert(), parts)
        if digests:
            connection.execute(bands.insert(), digests)
