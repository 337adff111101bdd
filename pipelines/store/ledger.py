"""The crawl's ledger: which pages are known, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from pipelines.store.column_types import HOST_LENGTH, URL_LENGTH
from pipelines.store.schema import PageRow
from pipelines.store.statements import among, chunks, insert_rows, table_of, update_rows

PageState = Literal["found", "stored", "rejected", "failed", "gone", "list"]

# Reasons that say nothing of the page itself: another visit may get it.
FAILED_REASONS = frozenset({"http_error", "redirect_loop", "timeout", "connection"})


# How long after the last look at a stored article the next one comes: 1 hour, 1 day, 7 and 30 days after the first.
REVISITS = (timedelta(hours=1), timedelta(hours=23), timedelta(days=6), timedelta(days=23))
# A list is looked at again after this time, after twice as long each time it had nothing new, after a day at most.
_LIST_INTERVAL, _LONGEST_LIST_INTERVAL = timedelta(minutes=10), timedelta(days=1)
# A page that failed is tried again after these times, then by hand.
_RETRIES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
# A list's further page that cannot be had is tried so often, a day apart at last.
_MOST_LIST_ATTEMPTS = 14


class Visit(NamedTuple):
    """An answer to a request for a page.

    Attributes:
        url: what was asked for.
        final_url: what answered, redirects followed.
        status: the HTTP status; 304 where the page is as it was, None where nothing answered.
        etag, last_modified: the answer's validators, where it has any.
    """

    url: str
    final_url: str
    status: int | None
    etag: str | None = None
    last_modified: str | None = None


class Noted(NamedTuple):
    """A visit that gives no record: a page as it was, one that is gone, a list page.

    Attributes:
        visit: the answer.
        state: what the page is now.
        has_news: of a list page: whether it named what was not known.
        is_front: of a list page: whether it is the first one, which is visited again.
        is_empty: of a list page: whether it named nothing at all.
        error: why it failed.
        interval: of a list's first page: the shortest time until the next look, where it has its own.
    """

    visit: Visit
    state: PageState
    has_news: bool = False
    is_front: bool = False
    is_empty: bool = False
    error: str | None = None
    interval: timedelta | None = None


class Settlement(NamedTuple):
    """What became of a page; of a list page also whether it had news, and is the list's first."""

    state: PageState
    error: str | None = None
    has_news: bool = False
    is_front: bool = False
    interval: timedelta | None = None


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


def is_rejected_since(connection: Connection, host: str, reason: str, since: datetime) -> bool:
    """Tell whether a page of a host is rejected for a reason since some time."""
    table = table_of(PageRow)
    query = select(table.c.id).where(
        table.c.host == host, table.c.state == "rejected", table.c.error == reason, table.c.visited_at >= since
    )
    return connection.scalar(query.limit(1)) is not None


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
    known: dict[str, Known] = {}
    for chunk in chunks(pages):
        columns = [table.c[name] for name in Known._fields]
        query = select(table.c.url, *columns).where(among(connection, table.c.url, chunk))
        known.update((url, Known(*rest)) for url, *rest in connection.execute(query))
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for url, page in pages.items():
        before = known.get(url)
        visit = visits.get(url)
        if before is None:
            if len(url) <= URL_LENGTH:
                row = _new_page(url, page, seen_at)
                new.append(
                    row | _visited(Known(0, page.state, None, row["attempts"], 0, None, None), page, visit, seen_at)
                )
            continue
        if before.state == "list":
            changed.append(_list_row(before, page, visit, seen_at, is_front=before.found_on == url))
            continue
        is_settled = before.state in ("stored", "gone") and page.state not in ("stored", "gone")
        now = Settlement(before.state, before.error) if is_settled else page
        attempts = before.attempts + 1 if page.state == "failed" else 0
        state_changes = not is_settled and (page.state == "failed" or (now.state, now.error) != before[1:3])
        if not state_changes and visit is None:
            continue
        row = {"id": before.id, "state": now.state, "error": now.error, "attempts": attempts}
        row |= {"visited_at": seen_at if state_changes or visit is not None else None}
        changed.append(row | _visited(before._replace(attempts=attempts), now, visit, seen_at))
    for rows in _alike(new):
        insert_rows(connection, table, rows)
    for rows in _alike(changed):
        update_rows(connection, table, ["id"], rows)


class Known(NamedTuple):
    """What the ledger says of a page before a visit."""

    id: int
    state: PageState
    error: str | None
    attempts: int
    visits: int
    next_visit: datetime | None
    found_on: str | None


def _visited(before: Known, page: Settlement, visit: Visit | None, seen_at: datetime) -> dict[str, Any]:
    """Give the columns that a visit changes: when to look again, and the validators of an answer that is new."""
    if page.state == "failed":
        # An article that is stored already waits for its next turn like one that is not.
        tried = max(1, before.attempts)
        return {
            "visits": before.visits,
            "next_visit": seen_at + _RETRIES[tried - 1] if tried <= len(_RETRIES) else None,
        }
    if visit is None:
        return {"visits": before.visits, "next_visit": before.next_visit if before.state == "stored" else None}
    if page.state != "stored":
        found: dict[str, Any] = {"visits": before.visits, "next_visit": None}
    else:
        following = REVISITS[before.visits] if before.visits < len(REVISITS) else None
        found = {"visits": before.visits + 1, "next_visit": None if following is None else seen_at + following}
    if visit.status != 304:
        found |= {"status": visit.status, "etag": visit.etag, "last_modified": visit.last_modified}
    return found


def _list_row(
    before: Known, page: Settlement, visit: Visit | None, seen_at: datetime, *, is_front: bool
) -> dict[str, Any]:
    """Give what a visit makes of a list page: the first one is due again sooner the more it changes, others never."""
    row: dict[str, Any] = {"id": before.id, "visited_at": seen_at, "error": page.error}
    if page.state != "list":
        wait = _RETRIES[min(before.attempts, len(_RETRIES) - 1)] if page.state == "failed" else _LONGEST_LIST_INTERVAL
        is_given_up = not is_front and before.attempts + 1 >= _MOST_LIST_ATTEMPTS
        return row | {"attempts": before.attempts + 1, "next_visit": None if is_given_up else seen_at + wait}
    quiet = 0 if page.has_news else before.visits + 1
    first = page.interval or _LIST_INTERVAL
    wait = min(first * 2 ** min(quiet, 20), max(first, _LONGEST_LIST_INTERVAL))
    row |= {"attempts": 0, "visits": quiet, "next_visit": seen_at + wait if page.is_front else None}
    if visit is not None and visit.status != 304:
        row |= {"status": visit.status, "etag": visit.etag, "last_modified": visit.last_modified}
    return row


def _alike(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """Give the rows in lists that have the same columns."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row), []).append(row)
    return groups.values()


def _new_page(url: str, page: Settlement, seen_at: datetime) -> dict[str, Any]:
    return {
        "url": url,
        "host": host_of(url),
        "state": page.state,
        "attempts": 1 if page.state == "failed" else 0,
        "error": page.error,
        "found_at": seen_at,
        "visited_at": seen_at,
    }


# The scheduler asks for the hosts of what is under way over and over.
@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """Give the host of an address as the ledger keeps it; the empty text for what is no address."""
    try:
        return (urlsplit(url).hostname or "")[:HOST_LENGTH]
    except ValueError:
        return ""
