"""Findings: opened once, closed once, told once each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, Select, delete, insert, or_, select, update

from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import FindingRow, ToldRow
from pipelines.store.statements import insert_missing, table_of

Severity = Literal["warning", "fatal"]
Event = Literal["opened", "closed"]


class Finding(NamedTuple):
    """Something that is not as it was; the columns of table `finding`."""

    id: int
    kind: str
    subject: str
    name: str
    field: str
    severity: Severity
    detail: str
    opened_at: datetime
    closed_at: datetime | None

    @property
    def key(self) -> FindingKey:
        """What makes it the same finding again."""
        return FindingKey(self.kind, self.subject, self.name)


class FindingKey(NamedTuple):
    """What makes two findings one: the kind, where, and what."""

    kind: str
    subject: str
    name: str


class NewFinding(NamedTuple):
    """A finding to open."""

    key: FindingKey
    field: str
    severity: Severity
    detail: str


def open_findings(connection: Connection, kinds: Iterable[str] | None = None) -> list[Finding]:
    """Give the findings that are open, of all kinds or some, oldest first."""
    table = table_of(FindingRow)
    query = _select().where(table.c.closed_at.is_(None)).order_by(table.c.id)
    if kinds is not None:
        query = query.where(table.c.kind.in_(list(kinds)))
    return [Finding(*row) for row in connection.execute(query)]


def read_findings(engine: Engine, *, closed: bool = False) -> list[Finding]:
    """Give the open findings, or all, oldest first.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(FindingRow)
    query = _select().order_by(table.c.id)
    if not closed:
        query = query.where(table.c.closed_at.is_(None))
    with store_errors(engine), read_transaction(engine) as connection:
        return [Finding(*row) for row in connection.execute(query)]


def add_findings(connection: Connection, new: Iterable[NewFinding], run_id: int | None) -> dict[FindingKey, int]:
    """Open findings, in the caller's transaction; one that is open already stays as it is, but for a warning that grew.

    Returns:
        The number of each.
    """
    table = table_of(FindingRow)
    known = {finding.key: finding for finding in open_findings(connection)}
    numbers: dict[FindingKey, int] = {}
    for finding in new:
        if before := known.get(finding.key):
            numbers[finding.key] = before.id
            if finding.severity == "fatal" and before.severity == "warning":
                grown = {"severity": "fatal", "detail": finding.detail}
                connection.execute(update(table).where(table.c.id == before.id).values(grown))
                told = table_of(ToldRow)
                connection.execute(delete(told).where(told.c.finding_id == before.id))
            continue
        row = {
            **finding.key._asdict(),
            "field": finding.field,
            "severity": finding.severity,
            "detail": finding.detail,
            "opened_at": datetime.now(UTC),
            "opened_run": run_id,
        }
        result = connection.execute(insert(table).values(row))
        key = result.inserted_primary_key
        if key is None:
            raise RuntimeError("the database gave no key for the finding")
        numbers[finding.key] = int(key[0])
    return numbers


def close_findings(connection: Connection, numbers: Iterable[int]) -> None:
    """Close findings, in the caller's transaction."""
    table = table_of(FindingRow)
    condition = (table.c.id.in_(list(numbers)), table.c.closed_at.is_(None))
    connection.execute(update(table).where(*condition).values(closed_at=datetime.now(UTC)))


def untold_findings(engine: Engine, channel: str) -> list[Finding]:
    """Give the findings that a channel has not told: those that are open, and those that ended after it had told them.

    Raises:
        StoreError: the database cannot be read.
    """
    table, told = table_of(FindingRow), table_of(ToldRow)

    def is_told(event: Event) -> ColumnElement[bool]:
        same = (told.c.finding_id == table.c.id, told.c.event == event, told.c.channel == channel)
        return select(told.c.event).where(*same).exists()

    opened = table.c.closed_at.is_(None) & ~is_told("opened")
    ended = table.c.closed_at.is_not(None) & is_told("opened") & ~is_told("closed")
    with store_errors(engine), read_transaction(engine) as connection:
        return [Finding(*row) for row in connection.execute(_select().where(or_(opened, ended)).order_by(table.c.id))]


def mark_told(engine: Engine, findings: Iterable[Finding], channel: str) -> None:
    """Note that a channel has told findings as they are.

    Raises:
        StoreError: the database cannot be written.
    """
    now = datetime.now(UTC)
    rows = [
        {
            "finding_id": finding.id,
            "event": "opened" if finding.closed_at is None else "closed",
            "channel": channel,
            "told_at": now,
        }
        for finding in findings
    ]

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            if rows:
                key = ["finding_id", "event", "channel"]
                connection.execute(insert_missing(connection, table_of(ToldRow), key), rows)

    with store_errors(engine):
        retried(engine, work)


def _select() -> Select[Any]:
    table = table_of(FindingRow)
    return select(*(table.c[name] for name in Finding._fields))
