"""Scheduled jobs: who runs which now, and when each ran last. One row is a lock that machines share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Engine, or_, select, update

from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import JobRow
from pipelines.store.statements import insert_missing, table_of


class JobState(NamedTuple):
    """What is known of a job: its last start and end, the exit status, and who holds it until when."""

    name: str
    started_at: datetime | None
    finished_at: datetime | None
    exit_status: int | None
    leased_by: str | None
    leased_until: datetime | None


def take_job(engine: Engine, name: str, holder: str, *, now: datetime, lease: timedelta) -> bool:
    """Take a job for `holder`, and note that it starts; False where another holds it.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)

    def work(_is_doubtful: bool) -> bool:
        with write_transaction(engine) as connection:
            connection.execute(insert_missing(connection, table, ["name"]), [{"name": name}])
            free = or_(table.c.leased_until.is_(None), table.c.leased_until < now, table.c.leased_by == holder)
            taken = connection.execute(
                update(table)
                .where(table.c.name == name, free)
                .values(leased_by=holder, leased_until=now + lease, started_at=now, finished_at=None, exit_status=None)
            )
            return taken.rowcount == 1

    with store_errors(engine):
        return retried(engine, work)


def hold_job(engine: Engine, name: str, holder: str, *, until: datetime) -> bool:
    """Hold a job longer; False where it was lost to another.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)
    mine = (table.c.name == name, table.c.leased_by == holder)

    def work(_is_doubtful: bool) -> bool:
        with write_transaction(engine) as connection:
            return connection.execute(update(table).where(*mine).values(leased_until=until)).rowcount == 1

    with store_errors(engine):
        return retried(engine, work)


def end_job(engine: Engine, name: str, holder: str, *, now: datetime, exit_status: int) -> None:
    """Let a job go, and note how it ended.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(JobRow)
    ended = {"leased_by": None, "leased_until": None, "finished_at": now, "exit_status": exit_status}

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            connection.execute(update(table).where(table.c.name == name, table.c.leased_by == holder).values(ended))

    with store_errors(engine):
        retried(engine, work)


def job_states(engine: Engine) -> dict[str, JobState]:
    """Give what is known of every job that ever ran, by name.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(JobRow)
    columns = (table.c.started_at, table.c.finished_at, table.c.exit_status, table.c.leased_by, table.c.leased_until)
    with store_errors(engine), read_transaction(engine) as connection:
        rows = connection.execute(select(table.c.name, *columns).order_by(table.c.name))
        return {row.name: JobState(*row) for row in rows}
