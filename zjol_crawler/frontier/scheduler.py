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
from pipelines.store.frontier import draw, due_hosts
from pipelines.store.hosts import hold_hosts, holder_name, release_hosts, take_host
from pipelines.store.ledger import host_of
from zjol_crawler.crawl_result import HOST_STAT
from zjol_crawler.frontier.gate_notes import GateNotes
from zjol_crawler.frontier.gates import Gates
from zjol_crawler.frontier.lane import Lane
from zjol_crawler.frontier.outage import Outage
from zjol_crawler.frontier.pace import rest_of
from zjol_crawler.frontier.queue_counts import QueueCounts
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
# How often the ledger is asked for hosts while nothing is under way, in seconds.
_DISCOVER = 0.2
logger = logging.getLogger(__name__)


class LedgerScheduler(BaseScheduler):
    """Draws requests from the ledger for a `ListedArticlesSpider`."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._per_host = max(1, crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._patience = crawler.settings.getfloat("ZJOL_HOST_PATIENCE", 300.0)
        self._holder = holder_name()
        self._lanes: dict[str, Lane] = {}
        self._order: deque[str] = deque()
        self._articles = 0
        self._discover_at = 0.0
        self._closing: asyncio.Task[None] | None = None
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
        self._outage = Outage(self._engine, self._give_up)
        self._gate_notes = GateNotes(self._engine, self.gates)
        self._queue_counts = QueueCounts(self._crawler, self._engine, spider.scope)
        self._crawler.signals.connect(self._settle, signals.item_scraped)
        self._renewal = asyncio.create_task(self._keep_hosts())

    def close(self, reason: str) -> Deferred[None]:
        """Let the hosts go."""
        return deferred_from_coro(self._close())

    async def _close(self) -> None:
        self._renewal.cancel()
        await self._gate_notes.close()
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
        self._lane(host_of(request.url)).add_following(request)
        return True

    def next_request(self) -> Request | None:
        """Give the next request of the host that has waited longest among those that may be asked now."""
        if self._outage.lasts():
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
        if self._outage.is_on:
            return True
        self._give_up_closed()
        if any(lane.has_following for lane in self._lanes.values()):
            return True
        if self._is_full:
            return False
        hosts = self._due_hosts()
        self.expect(hosts)
        is_left = any(self._fill(host, self._lanes[host]) for host in hosts if not self._is_given_up(host))
        return is_left or self._outage.is_on

    def _due_hosts(self) -> set[str]:
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                return due_hosts(connection, self._spider.scope, datetime.now(UTC))
        except StoreError as error:
            self._outage.note(error)
            return set()

    @property
    def _is_full(self) -> bool:
        return self._spider.limit is not None and self._articles >= self._spider.limit

    def _lane(self, host: str) -> Lane:
        if host not in self._lanes:
            self._lanes[host] = Lane()
            self._order.append(host)
        return self._lanes[host]

    def _take(self, lane: Lane) -> Request | None:
        if lane.has_following:
            return lane.take_following()
        if self._is_full:
            lane.window.clear()
            return None
        page = lane.window.popleft()
        if page.state != "list":
            self._articles += 1
        return self._spider.due_request(page)

    def _fill(self, host: str, lane: Lane) -> bool:
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
            self._outage.note(error)
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
            self._outage.note(error)
            return False
        if before is None:
            lane.forget_window()
            return False
        lane.is_held = True
        # What was drawn before the host was ours may have been fetched by whoever had it.
        lane.forget_window()
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
            if self._is_given_up(host) and not lane.is_empty and (dropped := lane.give_up()):
                self._count("deferred", dropped)

    async def _keep_hosts(self) -> None:
        """Renew leases, and let hosts go that have nothing to fetch."""
        renewed = 0.0
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            self._wake_engine()
            active = {host_of(request.url) for request in self._crawler.engine.downloader.active}
            await self._queue_counts.update(self._lanes)
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
            rest = rest_of(self._crawler, host)
            names[host] = datetime.now(UTC) + timedelta(seconds=rest) if rest else None
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

    def note_gate(self, host: str) -> None:
        """Note in the database that a host is closed now, or open again."""
        self._gate_notes.note(host)

    def _give_up(self, error: StoreError) -> None:
        if self._crawler.engine is not None and self._closing is None:
            if self._crawler.stats is not None:
                self._crawler.stats.set_value(STORE_ERROR_STAT, str(error))
            self._closing = asyncio.create_task(self._crawler.engine.close_spider_async(reason=STORE_FAILED))

    def _count_closed(self, host: str) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(f"{HOST_STAT}{host}/closed", 1)

    def _count(self, name: str, count: int) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"zjol/{name}", count)
