"""The ledger as the crawl's frontier: the host of each page, who serves which host, and lists nobody has asked for."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import MARIADB_OPTIONS, UtcInstant, string_type, text_type

revision = "0006"
down_revision = "0005"

_CHUNK = 5000
_NEXT_VISIT = "When the crawl will look at it, UTC; NULL for no more"


def upgrade() -> None:
    """Add the column and the tables; what was found and not fetched is due at once."""
    op.add_column(
        "page",
        sa.Column("host", string_type(255), nullable=False, server_default="", comment="Host of its address"),
    )
    _fill_hosts()
    # SQLite keeps no comments, and changing one would copy the table.
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("page", "next_visit", existing_type=UtcInstant(), comment=_NEXT_VISIT)
    op.execute("UPDATE page SET next_visit = found_at WHERE state = 'found'")
    op.create_index("ix_page_due", "page", ["host", "state", "next_visit"])
    op.create_table(
        "host",
        sa.Column("name", string_type(255), nullable=False, comment="Host name"),
        sa.Column("leased_by", text_type(), comment="Machine and process that serve it; NULL where none does"),
        sa.Column("leased_until", UtcInstant(), comment="Until when it is theirs unless they say so again, UTC"),
        sa.Column("closed_until", UtcInstant(), comment="Until when it is left alone after failures, UTC"),
        sa.Column("error", text_type(), comment="Why it is left alone"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_host")),
        comment="A host of the site: which crawl serves it now, and whether it is to be left alone",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "candidate",
        sa.Column("url", string_type(700), nullable=False, comment="First page of the list, or the host's address"),
        sa.Column("kind", string_type(40), nullable=False, comment="channel or host"),
        sa.Column("found_on", string_type(700), comment="A page that links to it"),
        sa.Column("title", text_type(), comment="What the link says"),
        sa.Column("found_at", UtcInstant(), nullable=False, comment="When it was first seen, UTC"),
        sa.PrimaryKeyConstraint("url", name=op.f("pk_candidate")),
        comment="A list or host of the site that pages link to and the channel catalogue lacks",
        **MARIADB_OPTIONS,
    )


def _fill_hosts() -> None:
    connection = op.get_bind()
    page = sa.table("page", sa.column("id", sa.BigInteger), sa.column("url", sa.String), sa.column("host", sa.String))
    last = 0
    while True:
        query = sa.select(page.c.id, page.c.url).where(page.c.id > last).order_by(page.c.id).limit(_CHUNK)
        rows = connection.execute(query).all()
        if not rows:
            return
        last = rows[-1].id
        statement = sa.update(page).where(page.c.id == sa.bindparam("key")).values(host=sa.bindparam("name"))
        connection.execute(statement, [{"key": key, "name": _host(url)} for key, url in rows])


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:255]
    except ValueError:
        return ""
