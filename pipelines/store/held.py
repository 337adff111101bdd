"""Records held back: kept beside the tables consumers read, until a person lets them go or reparses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, insert, select

from pipelines.record import Article, from_dict, to_dict
from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.ledger import Settlement, Visit, settle_pages
from pipelines.store.schema import HeldRow
from pipelines.store.statements import among, chunks, table_of


class Held(NamedTuple):
    """A record held back, and why."""

    id: int
    finding_id: int
    held_at: datetime
    article: Article


def hold(
    connection: Connection,
    articles: Iterable[tuple[Article, int]],
    run_id: int | None,
    visits: Iterable[Visit] = (),
) -> None:
    """Hold records back, in the caller's transaction: a record held before is held as it is now.

    Their pages count as rejected, so that they are not fetched again and again.

    Args:
        connection: to the database.
        articles: records, each with the number of its finding.
        run_id: the run that fetched them.
        visits: the answers the crawl got.
    """
    table = table_of(HeldRow)
    now = datetime.now(UTC)
    rows = {
        article.url: {
            "url": article.url,
            "finding_id": finding,
            "run_id": run_id,
            "held_at": now,
            "record": to_dict(article),
        }
        for article, finding in articles
    }
    if not rows:
        return
    drop_held(connection, rows)
    connection.execute(insert(table), list(rows.values()))
    asked = {visit.final_url: visit.url for visit in visits}
    pages = {
        asked.get(url, url): Settlement("rejected", f"held: finding {row['finding_id']}") for url, row in rows.items()
    }
    settle_pages(connection, pages, now, {visit.url: visit for visit in visits})


def drop_held(connection: Connection, urls: Iterable[str]) -> None:
    """Hold nothing of some addresses any more, in the caller's transaction."""
    table = table_of(HeldRow)
    for chunk in chunks(urls):
        connection.execute(delete(table).where(among(connection, table.c.url, chunk)))


def holds_any(connection: Connection, finding_id: int) -> bool:
    """Tell whether records are held for a finding."""
    table = table_of(HeldRow)
    return connection.scalar(select(table.c.id).where(table.c.finding_id == finding_id).limit(1)) is not None


def read_held(engine: Engine, findings: Sequence[int] | None = None) -> list[Held]:
    """Give the records held back, of all findings or some, oldest first.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(HeldRow)
    query = select(table.c.id, table.c.finding_id, table.c.held_at, table.c.record).order_by(table.c.id)
    if findings is not None:
        query = query.where(table.c.finding_id.in_(list(findings)))
    with store_errors(engine), read_transaction(engine) as connection:
        return [Held(*row[:3], from_dict(row[3])) for row in connection.execute(query)]


def discard_held(engine: Engine, findings: Sequence[int]) -> None:
    """Throw away the records held for some findings; their pages stay rejected.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(HeldRow)
    with store_errors(engine), write_transaction(engine) as connection:
        connection.execute(delete(table).where(table.c.finding_id.in_(list(findings))))
