"""The monitor's memory: what the records of each run showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.retry import retried
from pipelines.store.schema import ObservationRow, PageRow
from pipelines.store.statements import insert_rows, table_of

# Runs that expectations are made of.
_RUNS = 60
_TOTAL = "total"


class Observed(NamedTuple):
    """What the records of one run showed in one group: how many there were, and how many showed what.

    Attributes:
        run_id: the run.
        total: how many records.
        counts: how many showed each mark, by kind and name.
    """

    run_id: int
    total: int
    counts: Counter[tuple[str, str]]


def add_observations(
    connection: Connection, run_id: int, groups: Mapping[str, tuple[int, Mapping[tuple[str, str], int]]]
) -> None:
    """Keep what a run's records showed, in the caller's transaction."""
    rows = [
        {"run_id": run_id, "record_group": group, "kind": kind, "name": name, "record_count": count}
        for group, (total, counts) in groups.items()
        for (kind, name), count in [((_TOTAL, ""), total), *counts.items()]
    ]
    insert_rows(connection, table_of(ObservationRow), rows)


def read_observations(engine: Engine) -> dict[str, list[Observed]]:
    """Give what the last runs showed, by group, oldest first.

    Raises:
        StoreError: the database cannot be read.
    """

    def work(_is_doubtful: bool) -> dict[tuple[str, int], Observed]:
        with read_transaction(engine) as connection:
            return _read(connection)

    with store_errors(engine):
        found = retried(engine, work)
    groups: dict[str, list[Observed]] = {}
    for (group, _), one in found.items():
        groups.setdefault(group, []).append(one)
    return groups


def _read(connection: Connection) -> dict[tuple[str, int], Observed]:
    table = table_of(ObservationRow)
    runs = select(table.c.run_id).distinct().order_by(table.c.run_id.desc()).limit(_RUNS)
    last = sorted(connection.scalars(runs))
    found: dict[tuple[str, int], Observed] = {}
    if not last:
        return found
    query = select(table).where(table.c.run_id >= last[0]).order_by(table.c.run_id)
    for run_id, group, kind, name, count in connection.execute(query):
        one = found.get((group, run_id)) or Observed(run_id, 0, Counter())
        if kind == _TOTAL:
            one = one._replace(total=count)
        else:
            one.counts[kind, name] = count
        found[group, run_id] = one
    return found


def news_times(connection: Connection, lists: Iterable[str], most: int = 40) -> dict[str, list[datetime]]:
    """Give when lists had news, newest first; lists that never had any are left out."""
    table = table_of(PageRow)
    found: dict[str, list[datetime]] = {}
    for url in lists:
        query = (
            select(table.c.found_at)
            .where(table.c.found_on == url, table.c.state != "list")
            .distinct()
            .order_by(table.c.found_at.desc())
            .limit(most)
        )
        if times := list(connection.scalars(query)):
            found[url] = times
    return found
