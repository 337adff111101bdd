"""Which crawl serves which host: a host is one crawl's at a time, on however many machines they run."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, or_, select, update

from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import HostRow
from pipelines.store.statements import insert_missing, table_of

# A host belongs to its crawl this long after the last word from it.
LEASE = timedelta(minutes=2)


class HostState(NamedTuple):
    """What is known of a host: who serves it until when, and until when and why it is left alone."""

    name: str
    leased_by: str | None
    leased_until: datetime | None
    closed_until: datetime | None
    error: str | None


def holder_name(process: int | None = None) -> str:
    """Give the name a process, this one by default, holds things under: machine, number, when it began, kernel."""
    number = os.getpid() if process is None else process
    return f"{socket.gethostname()}/{number}/{_started(number)}/{_kernel()}"


def is_alive(holder: str) -> bool | None:
    """Tell whether a holder is a process that lives; None where this process cannot look it up.

    Machines and containers may share a name, and a machine that was started again has new processes under old numbers.
    """
    machine, number, started, kernel = (holder.split("/") + [""] * 3)[:4]
    if machine != socket.gethostname() or kernel != _kernel() or not number.isdigit():
        return None
    return _started(int(number)) == started


def is_dead(holder: str) -> bool:
    """Tell whether a holder was a process of this machine that is no more; False where it cannot be known."""
    return is_alive(holder) is False


def take_host(engine: Engine, name: str, holder: str, now: datetime) -> HostState | None:
    """Take a host for `holder`, and give what was known of it before; None where another crawl serves it.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(HostRow)

    def work(_is_doubtful: bool) -> HostState | None:
        with write_transaction(engine) as connection:
            connection.execute(insert_missing(connection, table, ["name"]), [{"name": name}])
            columns = [table.c[field] for field in HostState._fields]
            before = HostState(*connection.execute(select(*columns).where(table.c.name == name)).one())
            free = or_(table.c.leased_until.is_(None), table.c.leased_until < now, table.c.leased_by == holder)
            if before.leased_by is not None and is_dead(before.leased_by):
                free = or_(free, table.c.leased_by == before.leased_by)
            values = {"leased_by": holder, "leased_until": now + LEASE}
            taken = connection.execute(update(table).where(table.c.name == name, free).values(values))
            return before if taken.rowcount == 1 else None

    with store_errors(engine):
        return retried(engine, work, patience=0)


def hold_hosts(engine: Engine, names: Collection[str], holder: str, now: datetime) -> set[str]:
    """Hold hosts longer, and give those that were not lost to another crawl.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(HostRow)
    mine = (table.c.leased_by == holder, table.c.name.in_(list(names)))

    def work(_is_doubtful: bool) -> set[str]:
        with write_transaction(engine) as connection:
            connection.execute(update(table).where(*mine).values(leased_until=now + LEASE))
            return set(connection.scalars(select(table.c.name).where(*mine)))

    with store_errors(engine):
        return retried(engine, work, patience=0)


def release_hosts(engine: Engine, names: Mapping[str, datetime | None], holder: str) -> None:
    """Let hosts go.

    Args:
        engine: the database.
        names: the hosts, each with the moment before which no other crawl may take it; None for at once.
        holder: who held them.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(HostRow)

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            for name, until in sorted(names.items()):
                statement = update(table).where(table.c.name == name, table.c.leased_by == holder)
                connection.execute(statement.values(leased_by=None, leased_until=until))

    with store_errors(engine):
        retried(engine, work, patience=0)


def close_host(engine: Engine, name: str, until: datetime | None, error: str | None) -> None:
    """Note until when a host is to be left alone, and why; None where it is well.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(HostRow)

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            statement = update(table).where(table.c.name == name)
            connection.execute(statement.values(closed_until=until, error=error))

    with store_errors(engine):
        retried(engine, work)


def host_states(engine: Engine) -> list[HostState]:
    """Give what is known of every host the crawl ever fetched from.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(HostRow)
    columns = [table.c[field] for field in HostState._fields]
    with store_errors(engine), read_transaction(engine) as connection:
        return [HostState(*row) for row in connection.execute(select(*columns).order_by(table.c.name))]


@cache
def _kernel() -> str:
    """Tell the run of this machine's kernel, and the space its processes are numbered in, from all others."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _started(process: int) -> str:
    """Give when a process began, in the kernel's own count; the empty text for one that is no more."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("latin-1").rpartition(")")[2].split()
    except OSError:
        return "" if not _is_running(process) else "?"
    # A process that was killed and that nobody has waited for is no more, too.
    return "" if fields[0] in "ZX" else fields[19]


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
