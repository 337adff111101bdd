"""Scheduled jobs: who runs which now, and how each ran last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import MARIADB_OPTIONS, UtcInstant, string_type, text_type

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "job",
        sa.Column("name", string_type(40), nullable=False, comment="What the schedule calls it"),
        sa.Column("started_at", UtcInstant(), comment="When it started last, UTC"),
        sa.Column("finished_at", UtcInstant(), comment="When it ended last, UTC; NULL while it runs or after a kill"),
        sa.Column("exit_status", sa.Integer(), comment="Exit status of its last run"),
        sa.Column("leased_by", text_type(), comment="Machine and process that run it; NULL where none does"),
        sa.Column("leased_until", UtcInstant(), comment="Until when it is theirs unless they say so again, UTC"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job")),
        comment="A job of zjol schedule: who runs it now, and how it ran last",
        **MARIADB_OPTIONS,
    )
