"""The crawl's ledger: which pages are known, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select, update

from pipelines.store.column_types import URL_LENGTH
from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import ArticleUrlRow, PageRow
from pipelines.store.statements import among, chunks, insert_missing, insert_rows, table_of
from pipelines.urls import canonical_url

PageState = Literal["found", "stored", "rejected", "failed"]

# Reasons that say nothing of the page itself: another visit may get it.
FAILED_REASONS = frozenset({"http_error", "redirect_loop", "timeout", "connection"})


class Found(NamedTuple):
    """What `add_found` did with the addresses given: how many are new, and those too long for the ledger."""

    added: int
    too_long: list[str]


class Settlement(NamedTuple):
    """What became of a page."""

    state: PageState
    error: str | None = None


def add_found(engine: Engine, urls: Iterable[str]) -> Found:
    """Add pages met on a list or in a link, before they are fetched; those known already stay as they are.

    Raises:
        StoreError: the database cannot be written.
    """
    unique = list(dict.fromkeys(urls))
    short = [url for url in unique if len(url) <= URL_LENGTH]
    now = datetime.now(UTC)

    def work(_is_doubtful: bool) -> int:
        with write_transaction(engine) as connection:
            known = page_states(connection, short)
            new = [_new_page(url, Settlement("found"), now) for url in short if url not in known]
            if new:
                connection.execute(insert_missing(connection, table_of(PageRow), ["url"]), new)
        return len(new)

    with store_errors(engine):
        added = retried(engine, work)
    return Found(added, [url for url in unique if len(url) > URL_LENGTH])


def done_urls(engine: Engine, urls: Iterable[str], *, retry_rejected: bool = False) -> set[str]:
    """Give those of `urls` that need no fetch: their article is stored, or they gave no record.

    An address is stored when it or its canonical form leads to a stored article, whoever stored it.

    Args:
        engine: the database.
        urls: absolute addresses.
        retry_rejected: leave out pages that gave no record, so that they are fetched again.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(ArticleUrlRow)
    forms = {url: {url, _canonical(url)} for url in urls}
    done_states = {"stored"} if retry_rejected else {"stored", "rejected"}

    def work(_is_doubtful: bool) -> tuple[set[str], dict[str, PageState]]:
        stored: set[str] = set()
        with read_transaction(engine) as connection:
            for chunk in chunks({form for both in forms.values() for form in both}):
                stored.update(connection.scalars(select(table.c.url).where(among(connection, table.c.url, chunk))))
            return stored, page_states(connection, forms)

    with store_errors(engine):
        stored, states = retried(engine, work)
    return {url for url, both in forms.items() if states.get(url) in done_states or not stored.isdisjoint(both)}


def page_states(connection: Connection, urls: Iterable[str]) -> dict[str, PageState]:
    """Give the state of each address the ledger knows."""
    table = table_of(PageRow)
    states: dict[str, PageState] = {}
    for chunk in chunks(urls):
        rows = connection.execute(select(table.c.url, table.c.state).where(among(connection, table.c.url, chunk)))
        states.update((url, state) for url, state in rows)
    return states


def page_errors(connection: Connection, urls: Iterable[str]) -> dict[str, str | None]:
    """Give why each address the ledger knows is rejected or failed; None where it is neither."""
    table = table_of(PageRow)
    errors: dict[str, str | None] = {}
    for chunk in chunks(urls):
        rows = connection.execute(select(table.c.url, table.c.error).where(among(connection, table.c.url, chunk)))
        errors.update((url, error) for url, error in rows)
    return errors


def settle_pages(connection: Connection, pages: Mapping[str, Settlement], seen_at: datetime) -> None:
    """Write what became of pages, inside the transaction that stores or rejects them.

    A page the ledger does not know is added. A stored page stays stored whatever comes later. A page already in the
    state given is not touched, but for the count of failures.
    """
    table = table_of(PageRow)
    known: dict[str, tuple[int, str, str | None, int]] = {}
    for chunk in chunks(pages):
        columns = (table.c.url, table.c.id, table.c.state, table.c.error, table.c.attempts)
        for url, *rest in connection.execute(select(*columns).where(among(connection, table.c.url, chunk))):
            known[url] = (rest[0], rest[1], rest[2], rest[3])
    new = [_new_page(url, page, seen_at) for url, page in pages.items() if url not in known and len(url) <= URL_LENGTH]
    changed = []
    for url, page in pages.items():
        key, state, error, attempts = known.get(url, (0, "stored", None, 0))
        if state != "stored" and (page.state == "failed" or (page.state, page.error) != (state, error)):
            changed.append(
                {
                    "page_id": key,
                    "state": page.state,
                    "error": page.error,
                    "attempts": attempts + 1 if page.state == "failed" else 0,
                    "visited_at": seen_at,
                }
            )
    insert_rows(connection, table, new)
    if changed:
        connection.execute(
            update(table)
            .where(table.c.id == bindparam("page_id"))
            .values({name: bindparam(name) for name in ("state", "error", "attempts", "visited_at")}),
            changed,
        )


def _new_page(url: str, page: Settlement, seen_at: datetime) -> dict[str, Any]:
    return {
        "url": url,
        "state": page.state,
        "attempts": 1 if page.state == "failed" else 0,
        "error": page.error,
        "found_at": seen_at,
        "visited_at": None if page.state == "found" else seen_at,
    }


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url
