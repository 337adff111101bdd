"""What the crawl remembers of visits: validators of the last answer, when to look again, pages that are gone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import UtcInstant, key_type, string_type, text_type

revision = "0004"
down_revision = "0003"

_STATES = "state in ('found', 'stored', 'rejected', 'failed', 'gone', 'list')"
_STATE_COMMENT = (
    "found (not fetched yet), stored, rejected (gave no record), failed (to be tried again), "
    "gone (stored, and the site has it no more), list (a list page)"
)
_KEPT = ("id", "url", "state", "attempts", "error", "found_at", "visited_at")


def upgrade() -> None:
    """Add the columns; no page has been visited as far as they know, so none is visited again."""
    if op.get_bind().dialect.name == "sqlite":
        _make_anew()
        return
    op.drop_constraint(op.f("ck_page_state"), "page", type_="check")
    op.create_check_constraint(op.f("ck_page_state"), "page", _STATES)
    op.alter_column(
        "page",
        "state",
        existing_type=string_type(40),
        existing_nullable=False,
        comment=_STATE_COMMENT,
    )
    for column in _columns():
        op.add_column("page", column)
    _create_indexes()


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column(
            "found_on",
            string_type(700),
            comment="First page of the list it was found on, or the paper's host; NULL for what no list named",
        ),
        sa.Column("status", sa.Integer(), comment="HTTP status of the last answer that was no 304"),
        sa.Column("etag", text_type(), comment="ETag of that answer, sent back to ask whether the page changed"),
        sa.Column("last_modified", text_type(), comment="Last-Modified of that answer, sent back likewise"),
        sa.Column(
            "visits",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="How often the crawl has fetched it since it was stored, the first time included",
        ),
        sa.Column("next_visit", UtcInstant(), comment="When the crawl will look at it again, UTC; NULL for no more"),
    ]


def _create_indexes() -> None:
    op.create_index(op.f("ix_page_found_on"), "page", ["found_on"])
    op.create_index(op.f("ix_page_next_visit"), "page", ["next_visit"])


def _make_anew() -> None:
    """Copy the table: SQLite changes no constraint of one that stands. Nothing refers to it."""
    op.create_table(
        "page_anew",
        sa.Column("id", key_type(), nullable=False),
        sa.Column("url", string_type(700), nullable=False),
        sa.Column("state", string_type(40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", text_type()),
        sa.Column("found_at", UtcInstant(), nullable=False),
        sa.Column("visited_at", UtcInstant()),
        *_columns(),
        sa.CheckConstraint(_STATES, name=op.f("ck_page_state")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_page_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("url", name=op.f("uq_page_url")),
    )
    columns = ", ".join(_KEPT)
    op.execute(f"INSERT INTO page_anew ({columns}) SELECT {columns} FROM page")
    op.drop_table("page")
    op.rename_table("page_anew", "page")
    op.create_index(op.f("ix_page_state"), "page", ["state"])
    _create_indexes()
