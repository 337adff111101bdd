"""Names of the site that lead to a private address are not followed: no DNS is to aim the crawl inside a network.

Setting read here: `ZJOL_PRIVATE_ADDRESSES`, whether they may be asked all the same (false).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from pipelines.urls import is_on_site


class PublicResolver(CachingThreadedResolver):
    """Resolves as Scrapy does, but refuses private addresses of the site's names; a proxy is the user's choice."""

    is_private_allowed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Make the resolver of a crawl."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.is_private_allowed = crawler.settings.getbool("ZJOL_PRIVATE_ADDRESSES")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Give the address of a name; fails with `DNSLookupError` for one that is not public."""
        found: Deferred[str] = super().getHostByName(name, timeout)
        if self.is_private_allowed or not is_on_site(f"http://{name}/"):
            return found
        return found.addCallback(_public, name)


def _public(address: str, name: str) -> str:
    if not ipaddress.ip_address(address).is_global:
        raise DNSLookupError(f"{name} leads to the private address {address}")
    return address
