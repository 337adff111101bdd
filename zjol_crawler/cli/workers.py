"""`zjol workers`: which crawl serves which host."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from pipelines.store.hosts import HostState


@click.command()
@database_option
def command(db: str) -> int:
    """Show each host: the crawl that serves it now, what is due on it, and whether it is left alone."""
    from rich.console import Console
    from rich.table import Table

    from pipelines.store.engine import open_database, read_transaction
    from pipelines.store.frontier import queue_lengths
    from pipelines.store.hosts import host_states

    now = datetime.now(UTC)
    engine = open_database(db, create=False)
    try:
        hosts = {state.name: state for state in host_states(engine)}
        with read_transaction(engine) as connection:
            queues = queue_lengths(connection, None, now)
    finally:
        engine.dispose()
    table = Table("host", "due", "served by", "state")
    table.columns[1].justify = "right"
    for name in sorted({*hosts, *queues}):
        holder, state = _shown(hosts.get(name), now)
        table.add_row(name, str(queues.get(name, 0)), holder, state)
    Console().print(table, markup=False)
    return 0


def _shown(host: HostState | None, now: datetime) -> tuple[str, str]:
    from pipelines.store.hosts import is_dead

    if host is None:
        return "", ""
    holder = host.leased_by or ""
    if holder and (is_dead(holder) or host.leased_until is None or host.leased_until < now):
        holder = f"{holder} (dead)"
    if host.closed_until is not None and host.closed_until > now:
        return holder, f"left alone for {int((host.closed_until - now).total_seconds())} s: {host.error}"
    return holder, ""
