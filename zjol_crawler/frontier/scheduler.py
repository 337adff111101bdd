"""Scrapy's scheduler over the ledger: no request that matters is in memory alone.

Articles and list pages are rows of `page` before they are requested; what is kept in memory is a short window of each
host, and requests that follow from one under way (further pages, retries, redirects), whose row is not done until they
are. A host is served by one crawl at a time. Settings read here:

* `ZJOL_DB`: the ledger's database.
* `ZJOL_HOST_PATIENCE`: a host that is to be left alone longer, in seconds, is left to a later run (300).
* `ZJOL_WATCHED`: count what is to be fetched, for somebody who watches.
* `CONCURRENT_REQUESTS_PER_DOMAIN`, `DOWNLOAD_DELAY`: Scrapy's own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Self

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import run_in_thread
from scrapy.utils.defer import deferred_from_coro
from twisted.internet.defer import Deferred

from pipelines.item_pipelines import STORE_ERROR_STAT, STORE_FAILED
from pipelines.outcomes import Outcome
from pipelines.store.engine import open_database, read_transaction, store_errors
from pipelines.store.errors import StoreError
from pipelines.store.frontier import DueVisit, draw, due_hosts, queue_lengths
from pipelines.store.hosts import close_host, hold_hosts, holder_name, release_hosts, take_host
from pipelines.store.ledger import host_of
from pipelines.store.retry import PATIENCE
from zjol_crawler.crawl_result import HOST_STAT
from zjol_crawler.frontier.gates import Gates
from zjol_crawler.frontier.pace import pace_of
from zjol_crawler.spiders.base import ListedArticlesSpider

# Pages of a host that are drawn at once, at least.
_WINDOW = 32
# How often, in seconds: a host with nothing to fetch is looked at again; leases are renewed; one that another crawl
# serves is asked for.
_LOOK_AGAIN, _RENEWAL, _ASK_AGAIN = 20.0, 20.0, 2.0
# How long a host taken over from a crawl that died is left alone at least, in seconds.
_TAKEN_OVER = 1.0
# How often leases, queues and hosts that wait are looked after, in seconds.
_TICK = 0.5
# Queues are counted, for somebody who watches, after a rest of so many times what it took.
_COUNT_REST = 20.0
# How often the ledger is asked for hosts while nothing is under way, in seconds.
_DISCOVER = 0.2
# A host is let go when it has had nothing to fetch for so many seconds, the second where some of what was fetched is
# not stored yet: a record may wait for others to the end of the run.
_IDLE, _LONG_IDLE = 3.0, 120.0

logger = logging.getLogger(__name__)


class _Lane:
    """What is to be fetched from one host."""

    def __init__(self) -> None:
        self.window: deque[DueVisit] = deque()
        self.following: list[tuple[int, int, Request]] = []
        self.under_way: set[str] = set()
        self.is_held = False
        self.ask_at = 0.0
        self.look_at = 0.0
        self.used_at = 0.0

    @property
    def is_empty(self) -> bool:
        return not self.window and not self.following

    def is_idle(self, now: float) -> bool:
        """Tell whether nothing is to be fetched, and what was is stored: another crawl would fetch it again."""
        return self.is_empty and now - self.used_at > (_LONG_IDLE if self.under_way else _IDLE)


class LedgerScheduler(BaseScheduler):
    """Draws requests from the ledger for a `ListedArticlesSpider`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._per_host = max(1, crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._patience = crawler.settings.getfloat("ZJOL_HOST_PATIENCE", 300.0)
        self._holder = holder_name()
        self._lanes: dict[str, _Lane] = {}
        self._order: deque[str] = deque()
        self._numbers = count()
        self._articles = 0
        self._away_since: float | None = None
        self._retry_at = 0.0
        self._discover_at = 0.0
        self._count_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._noting = asyncio.Lock()
        self.gates = Gates()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the scheduler of a crawl."""
        return cls(crawler)

    def open(self, spider: Spider) -> None:
        """Open the ledger and learn where there is something to fetch.

        Raises:
            TypeError: the spider has no ledger.
            StoreError: the database cannot be opened.
        """
        if not isinstance(spider, ListedArticlesSpider):
            raise TypeError(f"{spider.name}: the ledger's scheduler is for spiders of listed articles")
        self._spider = spider
        spider.expect = self.expect
        self._engine = open_database(self._crawler.settings["ZJOL_DB"])
        self._crawler.signals.connect(self._settle, signals.item_scraped)
        self._renewal = asyncio.create_task(self._keep_hosts())

    def close(self, reason: str) -> Deferred[None]:
        """Let the hosts go."""
        return deferred_from_coro(self._close())

    async def _close(self) -> None:
        self._renewal.cancel()
        await asyncio.gather(*self._tasks)
        try:
            await self._release({host for host, lane in self._lanes.items() if lane.is_held})
        except StoreError as error:
            logger.warning("hosts are held until their leases end: %s", error)
        self._engine.dispose()

    def expect(self, hosts: Iterable[str]) -> None:
        """Take note that there is something new to fetch from some hosts."""
        for host in hosts:
            self._lane(host).look_at = 0.0

    def enqueue_request(self, request: Request) -> bool:
        """Take a request that follows from one under way."""
        lane = self._lane(host_of(request.url))
        heappush(lane.following, (-request.priority, next(self._numbers), request))
        return True

    def next_request(self) -> Request | None:
        """Give the next request of the host that has waited longest among those that may be asked now."""
        if self._is_away():
            return None
        active = self._crawler.engine.downloader.active if self._crawler.engine is not None else set()
        request = self._next_request(active)
        if request is None and not active and not self._is_full and time.monotonic() > self._discover_at:
            # Nothing under way would make the engine ask again soon.
            self._discover_at = time.monotonic() + _DISCOVER
            self.expect(self._due_hosts())
            request = self._next_request(active)
        return request

    def _next_request(self, active: Collection[Request]) -> Request | None:
        busy = Counter(host_of(request.url) for request in active)
        for host in list(self._order):
            lane, gate = self._lanes[host], self.gates[host]
            if busy[host] >= self._per_host or gate.wait() or not self._fill(host, lane) or not self._hold(host):
                continue
            request = self._take(lane)
            if request is not None:
                lane.used_at = time.monotonic()
                self._order.remove(host)
                self._order.append(host)
                return request
        return None

    def has_pending_requests(self) -> bool:
        """Tell whether there is anything that this run can still fetch; the engine asks when nothing is under way."""
        if self._away_since is not None:
            return True
        self._give_up_closed()
        if any(lane.following for lane in self._lanes.values()):
            return True
        if self._is_full:
            return False
        hosts = self._due_hosts()
        self.expect(hosts)
        is_left = any(self._fill(host, self._lanes[host]) for host in hosts if not self._is_given_up(host))
        return is_left or self._away_since is not None

    def _due_hosts(self) -> set[str]:
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                return due_hosts(connection, self._spider.scope, datetime.now(UTC))
        except StoreError as error:
            self._go_away(error)
            return set()

    @property
    def _is_full(self) -> bool:
        return self._spider.limit is not None and self._articles >= self._spider.limit

    def _lane(self, host: str) -> _Lane:
        if host not in self._lanes:
            self._lanes[host] = _Lane()
            self._order.append(host)
        return self._lanes[host]

    def _take(self, lane: _Lane) -> Request | None:
        if lane.following:
            return heappop(lane.following)[2]
        if self._is_full:
            lane.window.clear()
            return None
        page = lane.window.popleft()
        if page.state != "list":
            self._articles += 1
        return self._spider.due_request(page)

    def _fill(self, host: str, lane: _Lane) -> bool:
        """Draw from the ledger where a host's window is empty; tell whether there is anything to fetch."""
        now = time.monotonic()
        if not lane.is_empty:
            return True
        if self._is_full or now < lane.look_at:
            return False
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                pages = draw(
                    connection,
                    host,
                    self._spider.scope,
                    datetime.now(UTC),
                    # What is under way is read again to be left out: the more there is, the fewer draws.
                    most=max(_WINDOW, len(lane.under_way)),
                    under_way=lane.under_way,
                )
        except StoreError as error:
            self._go_away(error)
            return False
        if self._spider.is_full:
            pages = [page for page in pages if page.state != "list"]
        lane.window.extend(pages)
        lane.under_way.update(page.url for page in pages)
        lane.look_at = 0.0 if pages else now + _LOOK_AGAIN
        return bool(pages)

    def _hold(self, host: str) -> bool:
        """Take a host, unless another crawl serves it."""
        lane = self._lanes[host]
        now = time.monotonic()
        if lane.is_held or now < lane.ask_at:
            return lane.is_held
        lane.ask_at = now + _ASK_AGAIN
        try:
            before = take_host(self._engine, host, self._holder, datetime.now(UTC))
        except StoreError as error:
            self._go_away(error)
            return False
        if before is None:
            self._forget_window(lane)
            return False
        lane.is_held = True
        # What was drawn before the host was ours may have been fetched by whoever had it.
        self._forget_window(lane)
        if before.leased_by is not None:
            # Whoever served it last may have asked a moment ago, and the host may still be at it.
            self.gates[host].hold_off(max(self._delay, _TAKEN_OVER))
        if before.closed_until is not None:
            seconds = (before.closed_until - datetime.now(UTC)).total_seconds()
            self.gates[host].close(seconds, before.error or "")
            if seconds > 0:
                logger.warning("%s: left alone for %.0f s more (%s)", host, seconds, before.error)
                self._count_closed(host)
        return not self.gates[host].wait() and self._fill(host, lane)

    def _forget_window(self, lane: _Lane) -> None:
        lane.under_way.difference_update(page.url for page in lane.window)
        lane.window.clear()
        lane.look_at = 0.0

    def _settle(self, item: Outcome) -> None:
        url = item.asked_url
        lane = self._lanes.get(host_of(url)) if url is not None else None
        if lane is not None and url is not None:
            lane.under_way.discard(url)

    def _is_given_up(self, host: str) -> bool:
        return self.gates[host].wait() > self._patience

    def _give_up_closed(self) -> None:
        """Leave to a later run what a closed host still has to give."""
        for host, lane in self._lanes.items():
            if self._is_given_up(host) and not lane.is_empty:
                dropped = len(lane.following)
                lane.following.clear()
                self._forget_window(lane)
                if dropped:
                    self._count("deferred", dropped)

    async def _keep_hosts(self) -> None:
        """Renew leases, and let hosts go that have nothing to fetch."""
        renewed = 0.0
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            self._wake_engine()
            active = {host_of(request.url) for request in self._crawler.engine.downloader.active}
            await self._count_queues()
            held = {host for host, lane in self._lanes.items() if lane.is_held}
            idle = {host for host in held - active if self._lanes[host].is_idle(now)}
            try:
                if idle:
                    await self._release(idle)
                if held - idle and now - renewed > _RENEWAL:
                    renewed = now
                    kept = await run_in_thread(hold_hosts, self._engine, held - idle, self._holder, datetime.now(UTC))
                    for host in held - idle - kept:
                        logger.warning("%s: another crawl has taken it, for nothing was heard from here too long", host)
                        self._lanes[host].is_held = False
            except StoreError as error:
                logger.debug("leases: %s", error)

    async def _release(self, hosts: Collection[str]) -> None:
        """Let hosts go, each to be asked by others when its delay is over."""
        names: dict[str, datetime | None] = {}
        for host in hosts:
            lane = self._lanes[host]
            lane.is_held = False
            # Not taken again before the row says that it is let go.
            lane.ask_at = float("inf")
            rest = lane.used_at + pace_of(self._crawler, host) - time.monotonic()
            names[host] = datetime.now(UTC) + timedelta(seconds=rest) if lane.used_at and rest > 0 else None
        try:
            await run_in_thread(release_hosts, self._engine, names, self._holder)
        finally:
            for host in hosts:
                self._lanes[host].ask_at = time.monotonic() + _ASK_AGAIN

    def _wake_engine(self) -> None:
        """Have the engine ask again although nothing was answered: a host may be asked by now.

        Scrapy has no public call for it; without this one it asks again every five seconds by itself.
        """
        slot = getattr(self._crawler.engine, "_slot", None)
        if slot is not None:
            slot.nextcall.schedule()

    async def _count_queues(self) -> None:
        """Tell those who watch how much each host has left."""
        if self._crawler.stats is None or not self._crawler.settings.getbool("ZJOL_WATCHED"):
            return
        began = time.monotonic()
        if began < self._count_at:
            return
        try:
            queues = await run_in_thread(self._read_queues)
        except StoreError:
            return
        # A long queue takes long to count; counting is not to be what the database does all day.
        now = time.monotonic()
        self._count_at = now + _COUNT_REST * (now - began)
        for host in self._lanes:
            self._crawler.stats.set_value(f"{HOST_STAT}{host}/queued", queues.get(host, 0))

    def _read_queues(self) -> dict[str, int]:
        with store_errors(self._engine), read_transaction(self._engine) as connection:
            return queue_lengths(connection, self._spider.scope, datetime.now(UTC))

    def note_gate(self, host: str) -> None:
        """Note in the database that a host is closed now, or open again."""
        task = asyncio.create_task(self._write_gate(host))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_gate(self, host: str) -> None:
        # One after the other, each what holds by then: two threads might write in the wrong order.
        async with self._noting:
            gate = self.gates[host]
            until = datetime.now(UTC) + timedelta(seconds=gate.wait()) if gate.is_closed else None
            try:
                await run_in_thread(close_host, self._engine, host, until, gate.error)
            except StoreError as failure:
                logger.warning("%s: that it is closed is not noted: %s", host, failure)

    def _is_away(self) -> bool:
        """Tell whether the database was away a moment ago; ask again each second."""
        if self._away_since is None:
            return False
        now = time.monotonic()
        if now < self._retry_at:
            return True
        self._retry_at = now + 1.0
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                connection.exec_driver_sql("SELECT 1")
        except StoreError as error:
            self._go_away(error)
            return True
        logger.warning("the database is back after %.0f s", now - self._away_since)
        self._away_since = None
        return False

    def _go_away(self, error: StoreError) -> None:
        now = time.monotonic()
        self._engine.dispose()
        self._retry_at = now + 1.0
        if self._away_since is None:
            self._away_since = now
            logger.warning("%s; waiting up to %.0f s", error, PATIENCE)
        elif now - self._away_since > PATIENCE and self._crawler.engine is not None:
            if self._crawler.stats is not None:
                self._crawler.stats.set_value(STORE_ERROR_STAT, str(error))
            task = asyncio.create_task(self._crawler.engine.close_spider_async(reason=STORE_FAILED))
            self._tasks.add(task)

    def _count_closed(self, host: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(f"{HOST_STAT}{host}/closed", 1)

    def _count(self, name: str, count: int) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"zjol/{name}", count)
