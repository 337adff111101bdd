"""Scheduled jobs: who runs which now, and when each ran last. One row is a lock that machines share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Engine, func, select, update

from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import JobRow
from pipelines.store.statements import insert_missing, table_of

# A job belongs to its process this long after the last word from it, where nobody can see whether the process lives.
LEASE = timedelta(minutes=15)
# Rows whose names begin so are locks of the program's own, and no jobs.
_LOCK_MARK = "@"


class JobState(NamedTuple):
    """What is known of a job: its last start and end, the last exit status, and who holds it until when.

    A job that began, did not end and is held by nobody who lives was cut off.
    """

    name: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    exit_status: int | None = None
    leased_by: str | None = None
    leased_until: datetime | None = None


def take_job(engine: Engine, seen: JobState, holder: str, *, now: datetime) -> bool:
    """Take a job for `holder`, and note that it starts; False where it is no longer as it was seen.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)
    same = [_is(table.c[field], getattr(seen, field)) for field in ("started_at", "leased_by", "leased_until")]
    values = {"leased_by": holder, "leased_until": now + LEASE, "started_at": now, "finished_at": None}

    def work(_is_doubtful: bool) -> bool:
        with write_transaction(engine) as connection:
            connection.execute(insert_missing(connection, table, ["name"]), [{"name": seen.name}])
            return (
                connection.execute(update(table).where(table.c.name == seen.name, *same).values(values)).rowcount == 1
            )

    with store_errors(engine):
        return retried(engine, work, patience=0)


def hold_job(engine: Engine, name: str, holder: str, *, now: datetime) -> bool:
    """Hold a job longer; False where it was lost to another.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)
    mine = (table.c.name == name, table.c.leased_by == holder)

    def work(_is_doubtful: bool) -> bool:
        with write_transaction(engine) as connection:
            return connection.execute(update(table).where(*mine).values(leased_until=now + LEASE)).rowcount == 1

    with store_errors(engine):
        return retried(engine, work, patience=0)


def end_job(engine: Engine, name: str, holder: str, *, now: datetime, exit_status: int | None) -> None:
    """Let a job go, and note how it ended; None where it was cut off and is to be begun again.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)
    ended: dict[str, object] = {"leased_by": None, "leased_until": None}
    if exit_status is not None:
        ended |= {"finished_at": now, "exit_status": exit_status}

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            connection.execute(update(table).where(table.c.name == name, table.c.leased_by == holder).values(ended))

    with store_errors(engine):
        retried(engine, work, patience=0)


def database_time(engine: Engine) -> datetime:
    """Give the time by the database's clock, which all machines share.

    Raises:
        StoreError: the database cannot be read.
    """
    with store_errors(engine), read_transaction(engine) as connection:
        if connection.dialect.name == "sqlite":
            return datetime.now(UTC)
        clock = func.now() if connection.dialect.name == "postgresql" else func.utc_timestamp()
        now: datetime = connection.execute(select(clock)).scalar_one()
        return now.astimezone(UTC) if now.tzinfo is not None else now.replace(tzinfo=UTC)


def job_states(engine: Engine) -> Mapping[str, JobState]:
    """Give what is known of every job that ever ran, by name.

    Raises:
        StoreError: the database cannot be read.
    """
    return {name: state for name, state in _states(engine).items() if not name.startswith(_LOCK_MARK)}


def lock_state(engine: Engine, name: str) -> JobState:
    """Give what is known of a lock of the program's own, which is taken, held and ended as a job is.

    Raises:
        StoreError: the database cannot be read.
    """
    return _states(engine).get(_LOCK_MARK + name, JobState(_LOCK_MARK + name))


def _states(engine: Engine) -> dict[str, JobState]:
    table = table_of(JobRow)
    columns = [table.c[field] for field in JobState._fields]
    with store_errors(engine), read_transaction(engine) as connection:
        rows = connection.execute(select(*columns).order_by(table.c.name))
        return {row.name: JobState(*row) for row in rows}


def _is(column: ColumnElement[object], value: object) -> ColumnElement[bool]:
    return column.is_(None) if value is None else column == value
