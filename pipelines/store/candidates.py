"""Lists and hosts that pages link to and nobody has asked for: reported, never followed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from sqlalchemy import Engine, select

from pipelines.store.column_types import URL_LENGTH
from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import CandidateRow
from pipelines.store.statements import insert_missing, table_of


class Candidate(NamedTuple):
    """A list, or a host, that a page links to.

    Attributes:
        url: the list's first page, or the host's address.
        kind: `channel` for a list on a host that is known.
        found_on: the page.
        title: what the link says.
    """

    url: str
    kind: Literal["channel", "host"]
    found_on: str
    title: str | None = None


def note_candidates(engine: Engine, candidates: Iterable[Candidate], found_at: datetime | None = None) -> None:
    """Note candidates; those noted before stay as they are.

    Raises:
        StoreError: the database cannot be written.
    """
    now = found_at or datetime.now(UTC)
    rows = [candidate._asdict() | {"found_at": now} for candidate in candidates if len(candidate.url) <= URL_LENGTH]
    if not rows:
        return

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            connection.execute(insert_missing(connection, table_of(CandidateRow), ["url"]), rows)

    with store_errors(engine):
        retried(engine, work)


def read_candidates(engine: Engine) -> list[Candidate]:
    """Give the candidates, hosts first, by address.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(CandidateRow)
    columns = [table.c[name] for name in Candidate._fields]
    with store_errors(engine), read_transaction(engine) as connection:
        rows = connection.execute(select(*columns).order_by(table.c.kind.desc(), table.c.url))
        return [Candidate(*row) for row in rows]
