"""What the monitor keeps: counts of each run, findings, and records held back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.column_types import MARIADB_OPTIONS
from pipelines.store.schema.base import Base, HostName, Json, Key, Numbered, Url, Word


class ObservationRow(Base):
    """How many records of a group showed something in a run."""

    __tablename__ = "observation"
    __table_args__ = (
        {"comment": "What the records of a run showed, by group: the monitor's memory", **MARIADB_OPTIONS},
    )

    run_id: Mapped[Key] = mapped_column(ForeignKey("crawl_run.id"), primary_key=True, comment="Run → crawl_run")
    group: Mapped[HostName] = mapped_column(
        "record_group", primary_key=True, comment="Template and host, or host alone"
    )
    kind: Mapped[Word] = mapped_column(
        primary_key=True, comment="What is counted: coverage, unread, charset, template, rejection; total for all"
    )
    name: Mapped[Word] = mapped_column(primary_key=True, comment="Field, line, codec, template or reason")
    count: Mapped[int] = mapped_column("record_count", comment="How many records of the group showed it")


class FindingRow(Numbered, Base):
    """Something that is not as it was."""

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint("severity in ('warning', 'fatal')", name="severity"),
        {"comment": "Something that is not as it was: drift, a quiet list, a job that fails", **MARIADB_OPTIONS},
    )

    kind: Mapped[Word] = mapped_column(
        index=True, comment="coverage, unread, charset, template, rejection, empty_list, quiet_list, job"
    )
    subject: Mapped[Url] = mapped_column(comment="Where: template and host, host, list or job")
    name: Mapped[Word] = mapped_column(comment="What changed: field, line, codec, template or reason; empty for lists")
    field: Mapped[Word] = mapped_column(comment="Field of the record that it is about; empty where it is none")
    severity: Mapped[Word] = mapped_column(comment="warning, or fatal: records that show it are held back")
    detail: Mapped[str] = mapped_column(comment="The figures, for people")
    opened_at: Mapped[datetime] = mapped_column(index=True, comment="When it was found, UTC")
    opened_run: Mapped[Key | None] = mapped_column(ForeignKey("crawl_run.id"), comment="Run that found it → crawl_run")
    closed_at: Mapped[datetime | None] = mapped_column(index=True, comment="When it ended, UTC; NULL while it is open")


class ToldRow(Base):
    """Somebody was told of a finding."""

    __tablename__ = "told"
    __table_args__ = (
        CheckConstraint("event in ('opened', 'closed')", name="event"),
        {"comment": "Who was told that a finding opened or ended", **MARIADB_OPTIONS},
    )

    finding_id: Mapped[Key] = mapped_column(ForeignKey("finding.id"), primary_key=True, comment="Finding → finding")
    event: Mapped[Word] = mapped_column(primary_key=True, comment="opened or closed")
    channel: Mapped[Word] = mapped_column(primary_key=True, comment="mail or webhook")
    told_at: Mapped[datetime] = mapped_column(comment="When, UTC")


class HeldRow(Numbered, Base):
    """A record held back."""

    __tablename__ = "held"
    __table_args__ = ({"comment": "A record held back until a person lets it go or reparses it", **MARIADB_OPTIONS},)

    url: Mapped[Url] = mapped_column(unique=True, comment="Where the record was fetched from")
    finding_id: Mapped[Key] = mapped_column(ForeignKey("finding.id"), index=True, comment="Why it is held → finding")
    run_id: Mapped[Key | None] = mapped_column(ForeignKey("crawl_run.id"), comment="Run that held it → crawl_run")
    held_at: Mapped[datetime] = mapped_column(comment="When it was held, UTC")
    record: Mapped[Json] = mapped_column(comment="The record")
