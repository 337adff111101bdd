"""What the monitor keeps: counts of each run, findings, and records held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipelines.store.column_types import MARIADB_OPTIONS, UtcInstant, json_type, key_type, string_type, text_type

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "observation",
        sa.Column("run_id", key_type(), nullable=False, comment="Run → crawl_run"),
        sa.Column("record_group", string_type(255), nullable=False, comment="Template and host, or host alone"),
        sa.Column(
            "kind",
            string_type(40),
            nullable=False,
            comment="What is counted: coverage, unread, charset, template, rejection; total for all",
        ),
        sa.Column("name", string_type(40), nullable=False, comment="Field, line, codec, template or reason"),
        sa.Column("record_count", sa.Integer(), nullable=False, comment="How many records of the group showed it"),
        sa.PrimaryKeyConstraint("run_id", "record_group", "kind", "name", name=op.f("pk_observation")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name=op.f("fk_observation_run_id_crawl_run")),
        comment="What the records of a run showed, by group: the monitor's memory",
        **MARIADB_OPTIONS,
    )
    op.create_table("finding", *_finding(), comment=_FINDING, **MARIADB_OPTIONS)
    for column in ("kind", "opened_at", "closed_at"):
        op.create_index(op.f(f"ix_finding_{column}"), "finding", [column])
    op.create_table(
        "told",
        sa.Column("finding_id", key_type(), nullable=False, comment="Finding → finding"),
        sa.Column("event", string_type(40), nullable=False, comment="opened or closed"),
        sa.Column("channel", string_type(40), nullable=False, comment="mail or webhook"),
        sa.Column("told_at", UtcInstant(), nullable=False, comment="When, UTC"),
        sa.CheckConstraint("event in ('opened', 'closed')", name=op.f("ck_told_event")),
        sa.PrimaryKeyConstraint("finding_id", "event", "channel", name=op.f("pk_told")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_told_finding_id_finding")),
        comment="Who was told that a finding opened or ended",
        **MARIADB_OPTIONS,
    )
    op.create_table(
        "held",
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column("url", string_type(700), nullable=False, comment="Where the record was fetched from"),
        sa.Column("finding_id", key_type(), nullable=False, comment="Why it is held → finding"),
        sa.Column("run_id", key_type(), comment="Run that held it → crawl_run"),
        sa.Column("held_at", UtcInstant(), nullable=False, comment="When it was held, UTC"),
        sa.Column("record", json_type(), nullable=False, comment="The record"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held")),
        sa.UniqueConstraint("url", name=op.f("uq_held_url")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_held_finding_id_finding")),
        sa.ForeignKeyConstraint(["run_id"], ["crawl_run.id"], name=op.f("fk_held_run_id_crawl_run")),
        comment="A record held back until a person lets it go or reparses it",
        **MARIADB_OPTIONS,
    )
    op.create_index(op.f("ix_held_finding_id"), "held", ["finding_id"])


_FINDING = "Something that is not as it was: drift, a quiet list, a job that fails"


def _finding() -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("id", key_type(), nullable=False, comment="Surrogate key"),
        sa.Column(
            "kind",
            string_type(40),
            nullable=False,
            comment="coverage, unread, charset, template, rejection, empty_list, quiet_list, job",
        ),
        sa.Column("subject", string_type(700), nullable=False, comment="Where: template and host, host, list or job"),
        sa.Column(
            "name",
            string_type(40),
            nullable=False,
            comment="What changed: field, line, codec, template or reason; empty for lists",
        ),
        sa.Column(
            "field",
            string_type(40),
            nullable=False,
            comment="Field of the record that it is about; empty where it is none",
        ),
        sa.Column(
            "severity",
            string_type(40),
            nullable=False,
            comment="warning, or fatal: records that show it are held back",
        ),
        sa.Column("detail", text_type(), nullable=False, comment="The figures, for people"),
        sa.Column("opened_at", UtcInstant(), nullable=False, comment="When it was found, UTC"),
        sa.Column("opened_run", key_type(), comment="Run that found it → crawl_run"),
        sa.Column("closed_at", UtcInstant(), comment="When it ended, UTC; NULL while it is open"),
        sa.CheckConstraint("severity in ('warning', 'fatal')", name=op.f("ck_finding_severity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.ForeignKeyConstraint(["opened_run"], ["crawl_run.id"], name=op.f("fk_finding_opened_run_crawl_run")),
    ]
