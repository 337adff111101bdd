"""The crawl's frontier: pages are noted in the ledger before they are fetched, and drawn from it host by host."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from pipelines.store.column_types import URL_LENGTH
from pipelines.store.engine import store_errors, write_transaction
from pipelines.store.ledger import PageState, host_of, page_states
from pipelines.store.retry import retried
from pipelines.store.schema import ArticleUrlRow, HostRow, PageRow
from pipelines.store.statements import among, chunks, insert_missing, table_of
from pipelines.urls import canonical_url

# States of pages that are fetched when their time has come, each drawn for itself, which an index serves.
_DRAWN: tuple[PageState, ...] = ("list", "found", "stored", "failed")

Follow = Literal["yes", "no", "if_news"]


class DueVisit(NamedTuple):
    """A page to fetch: its address, its state, the list it was found on, and the validators of the last answer."""

    url: str
    state: PageState
    found_on: str
    etag: str | None
    last_modified: str | None

    @property
    def is_front(self) -> bool:
        """Whether it is the first page of a list."""
        return self.state == "list" and self.url == self.found_on


class Listed(NamedTuple):
    """What a list page told the ledger.

    Attributes:
        new: how many addresses it did not know.
        waiting: how many it knew and that are still to be fetched.
        known: how many need no fetch now: done, or to be tried again at their time.
        hosts: where something is to be fetched now.
        too_long: addresses longer than the ledger takes; they are left out.
        news: those that are new or waiting.
    """

    new: int
    waiting: int
    known: int
    hosts: set[str]
    too_long: list[str]
    news: list[str]


def note_listed(
    engine: Engine, urls: Iterable[str], found_on: str, *, following: Sequence[str] = (), follow: Follow = "if_news"
) -> Listed:
    """Note the articles a list page names, and where the list goes on: all of it, or nothing.

    An address is done when it or its canonical form leads to a stored article, whoever stored it, or when it gave no
    record. What is not done is due at once, for the list that named it last; what failed is tried again at its time.

    Args:
        engine: the database.
        urls: the articles' addresses.
        found_on: the list's first page, or the paper's host.
        following: the list's next page, or the parts of a site map.
        follow: whether they are to be read; `if_news` where an article is not done.

    Raises:
        StoreError: the database cannot be written.
    """
    unique = list(dict.fromkeys(urls))
    short = [url for url in unique if len(url) <= URL_LENGTH]

    def work(_is_doubtful: bool) -> Listed:
        now = datetime.now(UTC)
        with write_transaction(engine) as connection:
            states = page_states(connection, short)
            stored = _stored(connection, [url for url in short if url not in states])
            new = [url for url in short if url not in states and url not in stored]
            waiting = [url for url in short if states.get(url) == "found"]
            _insert(connection, new, "found", found_on, now)
            _make_due(connection, waiting, found_on, now)
            _adopt(connection, [url for url in short if states.get(url) == "failed"], found_on)
            hosts = {host_of(url) for url in (*new, *waiting)}
            if follow == "yes" or (follow == "if_news" and (new or waiting)):
                _insert(connection, following, "list", found_on, now)
                _make_due(connection, following, found_on, now)
                hosts |= {host_of(url) for url in following}
        known = len(short) - len(new) - len(waiting)
        too_long = [url for url in unique if len(url) > URL_LENGTH]
        return Listed(len(new), len(waiting), known, hosts, too_long, [*new, *waiting])

    with store_errors(engine):
        return retried(engine, work)


def note_lists(engine: Engine, urls: Iterable[str], holder: str, *, only_due: bool = False) -> None:
    """Make lists due: their first pages, and pages of them that failed.

    A list on a host that another crawl serves now is left to that crawl.

    Args:
        engine: the database.
        urls: first pages of lists.
        holder: who asks.
        only_due: leave lists to their own time; one that is new is due all the same.

    Raises:
        StoreError: the database cannot be written.
    """
    lists = list(dict.fromkeys(urls))
    table, host = table_of(PageRow), table_of(HostRow)

    def work(_is_doubtful: bool) -> None:
        now = datetime.now(UTC)
        with write_transaction(engine) as connection:
            _insert(connection, lists, "list", None, now)
            others = select(host.c.name).where(host.c.leased_until > now, host.c.leased_by != holder)
            for chunk in chunks(lists):
                if only_due:
                    break
                front = and_(table.c.url == table.c.found_on, table.c.url.in_(chunk))
                # Pages that failed, and the parts of a site map, which come round like first pages.
                failed = and_(table.c.state == "list", or_(table.c.attempts > 0, table.c.next_visit.is_not(None)))
                connection.execute(
                    update(table)
                    .where(table.c.found_on.in_(chunk), or_(front, failed), table.c.host.not_in(others))
                    .values(state="list", next_visit=now)
                )

    with store_errors(engine):
        retried(engine, work)


def note_rejected(engine: Engine, found_on: Iterable[str]) -> None:
    """Make those pages of lists due that gave no record, or could not be fetched.

    Raises:
        StoreError: the database cannot be written.
    """
    table = table_of(PageRow)

    def work(_is_doubtful: bool) -> None:
        with write_transaction(engine) as connection:
            for chunk in chunks(found_on):
                statement = update(table).where(table.c.state.in_(("rejected", "failed")), table.c.found_on.in_(chunk))
                connection.execute(statement.values(state="found", attempts=0, next_visit=datetime.now(UTC)))

    with store_errors(engine):
        retried(engine, work)


def due_hosts(connection: Connection, found_on: Sequence[str], now: datetime) -> set[str]:
    """Give the hosts on which pages of some lists are to be fetched now."""
    table = table_of(PageRow)
    return {
        host
        for host in _hosts(connection)
        if any(
            connection.scalar(
                select(table.c.id)
                .where(table.c.host == host, table.c.state == state, table.c.next_visit <= now)
                .where(table.c.found_on.in_(found_on))
                .limit(1)
            )
            is not None
            for state in _DRAWN
        )
    }


def _hosts(connection: Connection) -> Iterator[str]:
    """Give the hosts of the ledger by steps through an index: there are few, and of each very many pages."""
    table = table_of(PageRow)
    host = connection.scalar(select(func.min(table.c.host)))
    while host is not None:
        yield host
        host = connection.scalar(select(func.min(table.c.host)).where(table.c.host > host))


def queue_lengths(connection: Connection, found_on: Sequence[str] | None, now: datetime) -> dict[str, int]:
    """Give how many pages of some lists, or of all, are to be fetched from each host now."""
    table = table_of(PageRow)
    query = select(table.c.host, func.count()).where(table.c.next_visit <= now).group_by(table.c.host)
    if found_on is not None:
        query = query.where(table.c.found_on.in_(found_on))
    return {row[0]: row[1] for row in connection.execute(query)}


def draw(
    connection: Connection, host: str, found_on: Sequence[str], now: datetime, *, most: int, under_way: Collection[str]
) -> list[DueVisit]:
    """Give pages of some lists to be fetched from a host now: first pages of lists first, then those longest due.

    Args:
        connection: to the database.
        host: a host's name.
        found_on: first pages of lists.
        now: the time, zone aware.
        most: how many at most.
        under_way: addresses to leave out.
    """
    table = table_of(PageRow)
    columns = [table.c[name] for name in DueVisit._fields]
    due: list[tuple[bool, datetime, int, DueVisit]] = []
    for state in _DRAWN:
        query = (
            select(table.c.id, table.c.next_visit, *columns)
            .where(table.c.host == host, table.c.state == state, table.c.next_visit <= now)
            .where(table.c.found_on.in_(found_on))
            .order_by(table.c.next_visit, table.c.id)
            .limit(most + len(under_way))
        )
        for key, moment, *rest in connection.execute(query):
            page = DueVisit(*rest)
            if page.url not in under_way:
                due.append((not page.is_front, moment, key, page))
    return [page for *_, page in sorted(due, key=lambda entry: entry[:3])[:most]]


def _stored(connection: Connection, urls: Sequence[str]) -> set[str]:
    """Give those of the addresses that lead to a stored article, whatever their form."""
    table = table_of(ArticleUrlRow)
    forms = {url: {url, _canonical(url)} for url in urls}
    stored: set[str] = set()
    for chunk in chunks({form for both in forms.values() for form in both}):
        stored.update(connection.scalars(select(table.c.url).where(among(connection, table.c.url, chunk))))
    return {url for url, both in forms.items() if not stored.isdisjoint(both)}


def _insert(connection: Connection, urls: Sequence[str], state: PageState, found_on: str | None, now: datetime) -> None:
    if urls:
        rows = [_row(url, state, found_on or url, now) for url in urls]
        connection.execute(insert_missing(connection, table_of(PageRow), ["url"]), rows)


def _row(url: str, state: PageState, found_on: str, now: datetime) -> dict[str, Any]:
    return {
        "url": url,
        "host": host_of(url),
        "state": state,
        "attempts": 0,
        "found_at": now,
        "found_on": found_on,
        "next_visit": now,
    }


def _make_due(connection: Connection, urls: Sequence[str], found_on: str, now: datetime) -> None:
    table = table_of(PageRow)
    for chunk in chunks(urls):
        statement = update(table).where(among(connection, table.c.url, chunk))
        connection.execute(statement.values(found_on=found_on, next_visit=now))


def _adopt(connection: Connection, urls: Sequence[str], found_on: str) -> None:
    table = table_of(PageRow)
    for chunk in chunks(urls):
        statement = update(table).where(among(connection, table.c.url, chunk))
        connection.execute(statement.values(found_on=found_on))


def _canonical(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url
