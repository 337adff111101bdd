"""The crawl's own tables: its ledger of pages, its runs, and the pages that gave no record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.column_types import MARIADB_OPTIONS
from pipelines.store.schema.base import Base, HostName, Json, Key, Large, Numbered, Url, Word


class PageRow(Numbered, Base):
    """A page the crawl knows of."""

    __tablename__ = "page"
    __table_args__ = (
        CheckConstraint("state in ('found', 'stored', 'rejected', 'failed', 'gone', 'list')", name="state"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_page_due", "host", "state", "next_visit"),
        {"comment": "The crawl's ledger: every page found, and what became of it", **MARIADB_OPTIONS},
    )

    url: Mapped[Url] = mapped_column(unique=True, comment="Address as it was found")
    state: Mapped[Word] = mapped_column(
        index=True,
        comment="found (not fetched yet), stored, rejected (gave no record), failed (to be tried again), "
        "gone (stored, and the site has it no more), list (a list page)",
    )
    attempts: Mapped[int] = mapped_column(comment="Fetches that failed since the last that did not")
    error: Mapped[str | None] = mapped_column(comment="Why it is rejected or failed")
    found_at: Mapped[datetime] = mapped_column(comment="When it was found, UTC")
    visited_at: Mapped[datetime | None] = mapped_column(comment="When its state last changed by a fetch, UTC")
    found_on: Mapped[Url | None] = mapped_column(
        index=True, comment="First page of the list it was found on, or the paper's host; NULL for what no list named"
    )
    status: Mapped[int | None] = mapped_column(comment="HTTP status of the last answer that was no 304")
    etag: Mapped[str | None] = mapped_column(comment="ETag of that answer, sent back to ask whether the page changed")
    last_modified: Mapped[str | None] = mapped_column(comment="Last-Modified of that answer, sent back likewise")
    visits: Mapped[int] = mapped_column(
        server_default="0", comment="How often the crawl has fetched it since it was stored, the first time included"
    )
    next_visit: Mapped[datetime | None] = mapped_column(
        index=True, comment="When the crawl will look at it, UTC; NULL for no more"
    )
    host: Mapped[HostName] = mapped_column(server_default="", comment="Host of its address")


class HostRow(Base):
    """A host the crawl fetches from."""

    __tablename__ = "host"
    __table_args__ = (
        {
            "comment": "A host of the site: which crawl serves it now, and whether it is to be left alone",
            **MARIADB_OPTIONS,
        },
    )

    name: Mapped[HostName] = mapped_column(primary_key=True, comment="Host name")
    leased_by: Mapped[str | None] = mapped_column(comment="Machine and process that serve it; NULL where none does")
    leased_until: Mapped[datetime | None] = mapped_column(
        comment="Until when it is theirs unless they say so again, UTC"
    )
    closed_until: Mapped[datetime | None] = mapped_column(comment="Until when it is left alone after failures, UTC")
    error: Mapped[str | None] = mapped_column(comment="Why it is left alone")


class CandidateRow(Base):
    """A list nobody has asked for yet."""

    __tablename__ = "candidate"
    __table_args__ = (
        {
            "comment": "A list or host of the site that pages link to and the channel catalogue lacks",
            **MARIADB_OPTIONS,
        },
    )

    url: Mapped[Url] = mapped_column(primary_key=True, comment="First page of the list, or the host's address")
    kind: Mapped[Word] = mapped_column(comment="channel or host")
    found_on: Mapped[Url | None] = mapped_column(comment="A page that links to it")
    title: Mapped[str | None] = mapped_column(comment="What the link says")
    found_at: Mapped[datetime] = mapped_column(comment="When it was first seen, UTC")


class CrawlRunRow(Numbered, Base):
    """A run of a command that crawls."""

    __tablename__ = "crawl_run"
    __table_args__ = ({"comment": "A run of a command that fetches and stores", **MARIADB_OPTIONS},)

    command: Mapped[str] = mapped_column(comment="What was run: crawl, demo, scrape ... with its arguments")
    parser_version: Mapped[Word] = mapped_column(comment="Release of this program")
    started_at: Mapped[datetime] = mapped_column(index=True, comment="When it started, UTC")
    finished_at: Mapped[datetime | None] = mapped_column(
        comment="When it ended, UTC; NULL while it runs or after a kill"
    )
    outcome: Mapped[str | None] = mapped_column(comment="How it ended: finished, shutdown, store_failed ...")
    counts: Mapped[Json | None] = mapped_column(comment="What it counted: fetched, stored, rejected by reason ...")
    holder: Mapped[str | None] = mapped_column(comment="Machine and process that ran it, and when the process began")
    alive_at: Mapped[datetime | None] = mapped_column(comment="When it was last heard of while it ran, UTC")
    bytes_received: Mapped[Large | None] = mapped_column(comment="Bytes of answers, headers included, as they came")
    peak_memory: Mapped[Large | None] = mapped_column(
        comment="Most memory of its process and its largest helper process together, in bytes"
    )
    seconds: Mapped[Json | None] = mapped_column(
        comment="Seconds by stage: fetch (waiting for answers, all hosts added), extract, store, archive"
    )
    error: Mapped[str | None] = mapped_column(comment="Traceback of the first exception it met, or why it failed")


class RejectionRow(Numbered, Base):
    """A page that gave no record."""

    __tablename__ = "rejection"
    __table_args__ = ({"comment": "A page that gave no record, each time it was met", **MARIADB_OPTIONS},)

    url: Mapped[str] = mapped_column(comment="Where the page was fetched from")
    reason: Mapped[Word] = mapped_column(
        index=True, comment="Why: not_article, not_found, empty_body, http_error, unstorable ..."
    )
    detail: Mapped[str | None] = mapped_column(comment="Target of a redirect stub, an HTTP status, or a remark")
    run_id: Mapped[Key | None] = mapped_column(
        ForeignKey("crawl_run.id"), index=True, comment="Run that met it → crawl_run; NULL outside a run"
    )
    seen_at: Mapped[datetime] = mapped_column(index=True, comment="When it was met, UTC")


class JobRow(Base):
    """A scheduled job."""

    __tablename__ = "job"
    __table_args__ = ({"comment": "A job of zjol schedule: who runs it now, and how it ran last", **MARIADB_OPTIONS},)

    name: Mapped[Word] = mapped_column(primary_key=True, comment="What the schedule calls it")
    started_at: Mapped[datetime | None] = mapped_column(comment="When it started last, UTC")
    finished_at: Mapped[datetime | None] = mapped_column(
        comment="When it ended last, UTC; NULL while it runs or after a kill"
    )
    exit_status: Mapped[int | None] = mapped_column(comment="Exit status of its last run")
    leased_by: Mapped[str | None] = mapped_column(comment="Machine and process that run it; NULL where none does")
    leased_until: Mapped[datetime | None] = mapped_column(
        comment="Until when it is theirs unless they say so again, UTC"
    )
