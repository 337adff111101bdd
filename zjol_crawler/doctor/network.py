"""The network: whether each enabled channel's host answers, lets us in, and still has its lists where they were."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from protego import Protego

from zjol_crawler import settings as defaults
from zjol_crawler.channels import Channel, read_channels
from zjol_crawler.doctor.finding import Finding, Subject, failed, ok, warning

_TIMEOUT = 15.0
_HOSTS_AT_ONCE = 8
# RFC 9309: more of a robots.txt than this need not be read.
_MOST_BYTES = 500 * 1024
# A clock may be so far from the site's.
_SKEW = timedelta(minutes=5)


class _Answer(NamedTuple):
    status: int
    body: bytes
    headers: Message


class _Host(NamedTuple):
    """What was found of a host, and how far our clock is ahead of its own; None where that is not known."""

    findings: list[Finding]
    ahead: timedelta | None


class _KeepRedirects(HTTPRedirectHandler):
    """Follows nothing: a redirect is what we want to know of."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Give no request, so that the redirect is an error with its own status."""


def check_network(subject: Subject) -> Iterator[Finding]:
    """Ask every host of enabled channels for its robots.txt and the channels' list pages, a delay apart."""
    if subject.offline:
        return
    channels: defaultdict[str, list[Channel]] = defaultdict(list)
    for channel in read_channels():
        if channel.enabled:
            channels[urlsplit(channel.url).netloc].append(channel)
    with ThreadPoolExecutor(_HOSTS_AT_ONCE) as pool:
        hosts = list(pool.map(lambda name: _Visitor(subject).visit(name, channels[name]), channels))
    for host in hosts:
        yield from host.findings
    ahead = sorted(host.ahead for host in hosts if host.ahead is not None)
    if ahead:
        # The middle one: a single host may be wrong itself.
        skew = ahead[len(ahead) // 2]
        seconds = int(skew.total_seconds())
        if abs(skew) > _SKEW:
            yield failed("clock", f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} the site's", "use NTP")
        else:
            yield ok("clock", f"agrees with the site's within {int(_SKEW.total_seconds())} s")


class _Visitor:
    """Asks one host, as the crawl would."""

    def __init__(self, subject: Subject) -> None:
        self._agent = str(subject.settings.get("USER_AGENT", defaults.USER_AGENT))
        self._pause = float(subject.settings.get("DOWNLOAD_DELAY", defaults.DOWNLOAD_DELAY))
        self._timeout = float(subject.settings.get("DOWNLOAD_TIMEOUT", _TIMEOUT))
        # It takes http_proxy and https_proxy from the environment.
        self._opener = build_opener(_KeepRedirects)

    def visit(self, host: str, channels: list[Channel]) -> _Host:
        """Give what is found of a host and its channels."""
        address = urljoin(channels[0].url, "/robots.txt")
        try:
            answer = self._robots(address)
        except (OSError, HTTPException, ValueError) as error:
            return _Host([failed(host, f"does not answer: {_words(error)}", "check network, proxy and DNS")], None)
        ahead = _ahead(answer)
        if answer.status >= 500 or answer.status == 429:
            text = f"its robots.txt answers {answer.status}, which means: stay away"
            return _Host([warning(host, text, "wait: the crawl asks it again by itself")], ahead)
        # What else stands in the way of the file is no rule.
        body = answer.body if answer.status == 200 else b""
        rules = Protego.parse(body.decode("utf-8", "replace"))
        allowed = [channel for channel in channels if rules.can_fetch(channel.url, self._agent)]
        findings = [self._forbidden(host, channel) for channel in channels if channel not in allowed]
        if not findings:
            findings = [ok(host, "answers, and its robots.txt permits us")]
        return _Host([*findings, *(self._list(channel) for channel in allowed)], ahead)

    def _forbidden(self, host: str, channel: Channel) -> Finding:
        text = f"its robots.txt forbids {channel.url} to {self._agent}"
        return warning(host, text, f"channel {channel.name} will not be fetched; ask the site, or disable the channel")

    def _list(self, channel: Channel) -> Finding:
        name = f"channel {channel.name}"
        time.sleep(self._pause)
        try:
            answer = self._get(channel.url)
        except (OSError, HTTPException, ValueError) as error:
            return warning(name, f"{channel.url} does not answer: {_words(error)}", "try again later")
        target = answer.headers.get("Location")
        if answer.status in (404, 410) or (300 <= answer.status < 400 and target):
            to = f" to {urljoin(channel.url, target)}" if target else ""
            remedy = "find its new list, crawl it with --start URL, and correct channels.toml"
            return warning(name, f"moved: {channel.url} answers {answer.status}{to}", remedy)
        if answer.status >= 400:
            return warning(name, f"{channel.url} answers {answer.status}", "try again later")
        return ok(name, f"{channel.url} answers {answer.status}")

    def _robots(self, address: str) -> _Answer:
        """Get robots.txt, one redirect followed."""
        answer = self._get(address)
        target = answer.headers.get("Location")
        if 300 <= answer.status < 400 and target:
            time.sleep(self._pause)
            return self._get(urljoin(address, target))
        return answer

    def _get(self, address: str) -> _Answer:
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError(f"{address} is no web address")
        request = Request(address, headers={"User-Agent": self._agent})
        try:
            with self._opener.open(request, timeout=self._timeout) as response:
                return _Answer(response.status, response.read(_MOST_BYTES), response.headers)
        except HTTPError as error:
            with error:
                return _Answer(error.code, b"", error.headers)


def _ahead(answer: _Answer) -> timedelta | None:
    try:
        return datetime.now(UTC) - parsedate_to_datetime(answer.headers["Date"])
    except (TypeError, ValueError):
        return None


def _words(error: Exception) -> str:
    reason: Any = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)
