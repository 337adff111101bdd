"""The crawl's ledger: which pages are known, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, bindparam, or_, select, update

from pipelines.store.column_types import URL_LENGTH
from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.retry import retried
from pipelines.store.schema import ArticleUrlRow, PageRow
from pipelines.store.statements import among, chunks, insert_missing, insert_rows, table_of
from pipelines.urls import canonical_url

PageState = Literal["found", "stored", "rejected", "failed", "gone", "list"]

# Reasons that say nothing of the page itself: another visit may get it.
FAILED_REASONS = frozenset({"http_error", "redirect_loop", "timeout", "connection"})


# How long after the last look at a stored article the next one comes: 1 hour, 1 day, 7 and 30 days after the first.
REVISITS = (timedelta(hours=1), timedelta(hours=23), timedelta(days=6), timedelta(days=23))
# A page that failed is tried again after these times, then by hand.
_RETRIES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))


class Visit(NamedTuple):
    """An answer to a request for a page.

    Attributes:
        url: what was asked for.
        final_url: what answered, redirects followed.
        status: the HTTP status; 304 where the page is as it was.
        etag, last_modified: the answer's validators, where it has any.
    """

    url: str
    final_url: str
    status: int
    etag: str | None = None
    last_modified: str | None = None


class Noted(NamedTuple):
    """A visit that gives no record: a page as it was, one that is gone, a list page."""

    visit: Visit
    state: PageState


class DueVisit(NamedTuple):
    """A page to fetch: its address, its state, and the validators of the last answer."""

    url: str
    state: PageState
    etag: str | None
    last_modified: str | None


class Found(NamedTuple):
    """What `add_found` did with the addresses given: how many are new, and those too long for the ledger."""

    added: int
    too_long: list[str]


class Settlement(NamedTuple):
    """What became of a page."""

    state: PageState
    error: str | None = None


def add_found(engine: Engine, urls: Iterable[str], found_on: str | None = None) -> Found:
    """Add pages met on a list or in a link, before they are fetched; those known already stay as they are.

    Args:
        engine: the database.
        urls: absolute addresses.
        found_on: the first page of the list, by which a later run of it finds them again.

    Raises:
        StoreError: the database cannot be written.
    """
    unique = list(dict.fromkeys(urls))
    short = [url for url in unique if len(url) <= URL_LENGTH]
    now = datetime.now(UTC)

    def work(_is_doubtful: bool) -> int:
        with write_transaction(engine) as connection:
            known = page_states(connection, short)
            rows = [_new_page(url, Settlement("found"), now) for url in short if url not in known]
            new = [row | {"found_on": found_on} for row in rows]
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
    done_states = {"stored", "gone"} if retry_rejected else {"stored", "gone", "rejected"}

    def work(_is_doubtful: bool) -> tuple[set[str], dict[str, PageState]]:
        stored: set[str] = set()
        with read_transaction(engine) as connection:
            for chunk in chunks({form for both in forms.values() for form in both}):
                stored.update(connection.scalars(select(table.c.url).where(among(connection, table.c.url, chunk))))
            return stored, page_states(connection, forms)

    with store_errors(engine):
        stored, states = retried(engine, work)
    return {url for url, both in forms.items() if states.get(url) in done_states or not stored.isdisjoint(both)}


def due_visits(
    engine: Engine, found_on: Iterable[str], *, states: Collection[PageState], now: datetime, limit: int
) -> list[DueVisit]:
    """Give the pages of some lists that are to be fetched now, those longest known first.

    Args:
        engine: the database.
        found_on: first pages of lists.
        states: `found` pages are due at once, `failed` and `stored` ones when their next visit has come, `rejected`
            ones whenever they are asked for.
        now: the time, zone aware.
        limit: how many at most.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(PageRow)
    timed = [state for state in states if state in ("failed", "stored")]
    at_once = [state for state in states if state not in timed]
    condition = or_(table.c.state.in_(at_once), and_(table.c.state.in_(timed), table.c.next_visit <= now))
    columns = (table.c.url, table.c.state, table.c.etag, table.c.last_modified)
    query = select(*columns).where(table.c.found_on.in_(list(found_on)), condition).order_by(table.c.id).limit(limit)

    def work(_is_doubtful: bool) -> list[DueVisit]:
        with read_transaction(engine) as connection:
            return [DueVisit(*row) for row in connection.execute(query)]

    with store_errors(engine):
        return retried(engine, work)


def list_validators(engine: Engine, url: str) -> DueVisit | None:
    """Give what was kept of the last answer to a list page; None for one not visited before.

    Raises:
        StoreError: the database cannot be read.
    """
    table = table_of(PageRow)
    columns = (table.c.url, table.c.state, table.c.etag, table.c.last_modified)
    with store_errors(engine), read_transaction(engine) as connection:
        row = connection.execute(select(*columns).where(table.c.url == url, table.c.state == "list")).one_or_none()
    return None if row is None else DueVisit(*row)


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


def settle_pages(
    connection: Connection,
    pages: Mapping[str, Settlement],
    seen_at: datetime,
    visits: Mapping[str, Visit] | None = None,
) -> None:
    """Write what became of pages, inside the transaction that stores or rejects them.

    A page the ledger does not know is added. A stored page stays stored, but for one that is gone. A page already in
    the state given is not touched, but for the count of failures and what a visit tells.

    Args:
        connection: in the caller's transaction.
        pages: what became of each address.
        seen_at: when.
        visits: the answers the crawl got, by address asked for; none for what came from a file.
    """
    visits = visits or {}
    table = table_of(PageRow)
    known: dict[str, _Known] = {}
    for chunk in chunks(pages):
        columns = (table.c.id, table.c.state, table.c.error, table.c.attempts, table.c.visits, table.c.next_visit)
        query = select(table.c.url, *columns).where(among(connection, table.c.url, chunk))
        known.update((url, _Known(*rest)) for url, *rest in connection.execute(query))
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for url, page in pages.items():
        before = known.get(url)
        visit = visits.get(url)
        if before is None:
            if len(url) <= URL_LENGTH:
                row = _new_page(url, page, seen_at)
                new.append(row | _visited(_Known(0, page.state, None, row["attempts"], 0, None), page, visit, seen_at))
            continue
        is_settled = before.state in ("stored", "gone") and page.state not in ("stored", "gone")
        now = Settlement(before.state, before.error) if is_settled else page
        attempts = before.attempts + 1 if page.state == "failed" else 0
        state_changes = not is_settled and (page.state == "failed" or (now.state, now.error) != before[1:3])
        if not state_changes and visit is None:
            continue
        row = {"page_id": before.id, "state": now.state, "error": now.error, "attempts": attempts}
        row |= {"visited_at": seen_at if state_changes or visit is not None else None}
        changed.append(row | _visited(before._replace(attempts=attempts), now, visit, seen_at))
    insert_rows(connection, table, [row for row in new if "etag" not in row])
    insert_rows(connection, table, [row for row in new if "etag" in row])
    _update(connection, [row for row in changed if "etag" not in row])
    _update(connection, [row for row in changed if "etag" in row])


class _Known(NamedTuple):
    id: int
    state: PageState
    error: str | None
    attempts: int
    visits: int
    next_visit: datetime | None


def _visited(before: _Known, page: Settlement, visit: Visit | None, seen_at: datetime) -> dict[str, Any]:
    """Give the columns that a visit changes: when to look again, and the validators of an answer that is new."""
    if page.state == "failed":
        # An article that is stored already waits for its next turn like one that is not.
        tried = max(1, before.attempts)
        return {
            "visits": before.visits,
            "next_visit": seen_at + _RETRIES[tried - 1] if tried <= len(_RETRIES) else None,
        }
    if visit is None:
        return {"visits": before.visits, "next_visit": before.next_visit}
    if page.state != "stored":
        found: dict[str, Any] = {"visits": before.visits, "next_visit": None}
    else:
        following = REVISITS[before.visits] if before.visits < len(REVISITS) else None
        found = {"visits": before.visits + 1, "next_visit": None if following is None else seen_at + following}
    if visit.status != 304:
        found |= {"status": visit.status, "etag": visit.etag, "last_modified": visit.last_modified}
    return found


def _update(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        table = table_of(PageRow)
        names = [name for name in rows[0] if name != "page_id"]
        statement = update(table).where(table.c.id == bindparam("page_id"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), rows)


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
