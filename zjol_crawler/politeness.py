"""What a good guest does: robots.txt as RFC 9309 has it, only the site's own hosts, and rest for a host that fails."""

from __future__ import annotations

import logging
import time
from typing import Self, cast
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import load_object

from pipelines.store.ledger import host_of
from pipelines.urls import is_on_site
from zjol_crawler.crawl_result import HOST_STAT
from zjol_crawler.frontier.gates import Gate, retry_after
from zjol_crawler.frontier.scheduler import LedgerScheduler
from zjol_crawler.responses import AbandonedError, RefusedError

# RFC 9309: a robots.txt is not to be used longer than a day.
_DAY = 24 * 3600.0
# After so many seconds a robots.txt that could not be read is asked for again; until then the host is left alone.
_UNREADABLE_PAUSE = 1800.0
_OVERLOADED = (429, 503)

logger = logging.getLogger(__name__)


class SiteOnlyMiddleware:
    """Refuses whatever is no http or https address of the site, where a redirect leads there, too."""

    def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Let a request pass.

        Raises:
            RefusedError: it leads off the site.
        """
        if not is_on_site(request.url):
            raise RefusedError("off_site")


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt: Scrapy's middleware with the rest of RFC 9309.

    A server error and a host that does not answer mean stay away, for half an hour; the file is read again after a day;
    `Crawl-delay`, which is no part of the RFC, is honoured. A page that was not asked for because the file could not be
    read counts as failed, not as forbidden; the host's gate is closed, so that the others stay as they were.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._read_at: dict[str, float] = {}
        self._errors: dict[str, RefusedError | AbandonedError] = {}
        self._paced: set[str] = set()

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        """Let a request pass.

        Raises:
            RefusedError: robots.txt forbids it, or cannot be read.
        """
        if request.meta.get("dont_obey_robotstxt"):
            return
        netloc = urlparse_cached(request).netloc
        longest = _UNREADABLE_PAUSE if netloc in self._errors else _DAY
        if time.monotonic() - self._read_at.setdefault(netloc, time.monotonic()) >= longest:
            for known in (self._parsers, self._read_at, self._errors):
                known.pop(netloc, None)
        try:
            await super().process_request(request)
        except IgnoreRequest as error:
            raise RefusedError("robots") from error
        if netloc in self._errors:
            refusal = self._errors[netloc]
            raise RefusedError(refusal.reason, refusal.detail) if isinstance(refusal, RefusedError) else AbandonedError
        if netloc in self._paced:
            # The host's own wish holds, whatever autothrottle finds.
            request.meta["autothrottle_dont_adjust_delay"] = True

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._stay_away(netloc, RefusedError("http_error", f"robots.txt: {response.status}"))
        elif response.status == 200:
            self._pace(netloc, response)
        else:
            # Whatever stands on an error page, it is no rule.
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, RefusedError | AbandonedError):
            self._errors[netloc] = exc
        else:
            self._stay_away(netloc, RefusedError("connection", f"robots.txt: {str(exc)[:150] or type(exc).__name__}"))
        super()._robots_error(exc, netloc)

    def _stay_away(self, netloc: str, refusal: RefusedError) -> None:
        self._errors[netloc] = refusal
        self._read_at[netloc] = time.monotonic()
        logger.warning("%s: left alone, for its robots.txt cannot be read (%s)", netloc, refusal.detail)
        scheduler = self.crawler.engine.scheduler if self.crawler.engine is not None else None
        host = urlsplit(f"//{netloc}").hostname
        if isinstance(scheduler, LedgerScheduler) and host:
            scheduler.gates[host].close(_UNREADABLE_PAUSE, refusal.detail or refusal.reason)
            scheduler.note_gate(host)

    def _pace(self, netloc: str, response: Response) -> None:
        rules = Protego.parse(response.body.decode("utf-8", "replace"))
        delay = rules.crawl_delay(str(self._robotstxt_useragent or self._default_useragent))
        downloader = self.crawler.engine.downloader if self.crawler.engine is not None else None
        host = urlparse_cached(response.request).hostname if response.request is not None else None
        if delay is None or downloader is None or host is None:
            return
        slot = downloader.slots.get(host)
        pace = max(float(delay), self.crawler.settings.getfloat("DOWNLOAD_DELAY"))
        # Scrapy forgets the slot of a host it has not asked for a while, and makes it anew with these.
        downloader.per_slot_settings[host] = {"delay": pace}
        if slot is not None:
            slot.delay = pace
        self._paced.add(netloc)


class HostHealthMiddleware:
    """Tells a host's gate how the host fares; nearest to the network, so that every attempt counts.

    Stats: `answers` and `errors` of each host, its `closings`, how often it was left alone after failures, and `closed`
    while it is.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl.

        Raises:
            NotConfigured: the crawl has no ledger, and so no gates.
        """
        if load_object(crawler.settings["SCHEDULER"]) is not LedgerScheduler:
            raise NotConfigured
        return cls(crawler)

    def process_response(self, request: Request, response: Response, spider: Spider | None = None) -> Response:
        """Take note of an answer."""
        host = host_of(request.url)
        gate = self._scheduler.gates[host]
        self._count(host, "answers")
        if response.status in _OVERLOADED:
            header = response.headers.get("Retry-After")
            gate.failures += 1
            self._count(host, "errors")
            gate.close(retry_after(header.decode("latin-1") if header else None), f"HTTP {response.status}")
            self._note(host, gate)
        elif response.status >= 500:
            self._fail(host, gate, f"HTTP {response.status}")
        elif gate.succeed():
            logger.warning("%s: answers again", host)
            self._count(host, "closed", -1)
            self._scheduler.note_gate(host)
        return response

    def process_exception(self, request: Request, exception: Exception, spider: Spider | None = None) -> None:
        """Take note that nothing answered."""
        if not isinstance(exception, IgnoreRequest):
            host = host_of(request.url)
            self._fail(host, self._scheduler.gates[host], str(exception)[:150] or type(exception).__name__)

    def _fail(self, host: str, gate: Gate, error: str) -> None:
        self._count(host, "errors")
        if gate.fail(error):
            self._note(host, gate)

    def _note(self, host: str, gate: Gate) -> None:
        logger.warning("%s: left alone for %.0f s (%s)", host, gate.wait(), gate.error)
        self._count(host, "closings")
        if self._crawler.stats is not None:
            self._crawler.stats.set_value(f"{HOST_STAT}{host}/closed", 1)
        self._scheduler.note_gate(host)

    def _count(self, host: str, name: str, count: int = 1) -> None:
        if self._crawler.stats is not None:
            self._crawler.stats.inc_value(f"{HOST_STAT}{host}/{name}", count)

    @property
    def _scheduler(self) -> LedgerScheduler:
        return cast(LedgerScheduler, self._crawler.engine and self._crawler.engine.scheduler)
