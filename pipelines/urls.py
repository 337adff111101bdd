"""The site's URL grammar: what an address says about the page behind it, with nothing fetched.

Article addresses, each followed by the `article_id` it gives:

* TRS WCM (seen since December 2016): `/zjnews/zjxw/201801/t20180118_6398110.shtml` → `t20180118_6398110`. The number is
  one rising counter over all hosts and channels, so the same number under two channels is the same article.
* the older CMS (seen 2006 to 2017): `/system/2016/10/01/021319213.shtml`, also under `/05zjnews/` and, on an associated
  site with its own counter, `/zja/` → `system/2016/10/01/021319213`.
* e-papers: `http://zjrb.zjol.com.cn/html/2016-10/01/content_3007921.htm?div=-1` → `zjrb/2016-10-01/3007921`.

Both systems mark the further pages of an article by a suffix that starts at 1 on the second page: TRS `…_5.shtml` is
the sixth page (as `index_1.shtml` is the second of a list), the older CMS pads it to two digits (`…_01.shtml`). `_ext`
marks another rendering of the same article.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

SITE = "zjol.com.cn"
# 钱江晚报's e-paper moved to this host with its addresses unchanged.
_MOVED_HOSTS = frozenset({"qjwb.thehour.cn"})
# Same CMS, same ids; crawled by nobody here, but a repost may be saved from there.
_ASSOCIATED_SITES = ("zja.org.cn",)
# Hosts of the site that serve pictures and scripts, never pages.
_ASSET_HOSTS = frozenset({"img.zjol.com.cn", "v-img.zjol.com.cn"})

_SUFFIX = r"(?P<suffix>(?:_ext|_\d{1,3})*)\.s?html?$"
_TRS = re.compile(r"(?P<stem>(?:^|/)(?P<id>t(?P<day>\d{8})_\d{3,12}))" + _SUFFIX, re.I)
_SYSTEM = re.compile(r"(?P<stem>/(?P<id>system/(?P<day>\d{4}/\d{2}/\d{2})/\d{5,12}))" + _SUFFIX, re.I)
_EPAPER = re.compile(r"(?P<stem>/html/(?P<day>\d{4}-\d{2}/\d{2})/content_(?P<number>\d+))" + _SUFFIX, re.I)
_EPAPER_INDEX = re.compile(
    r"/html/(?P<day>\d{4}-\d{2}/\d{2})/?(?:(?:node_\w+|\w*index)\.s?html?)?$|/paperindex\.s?html?$", re.I
)
_LIST = re.compile(r"/(?:(?P<stem>index|default|list)(?:_(?P<page>\d{1,5}))?\.s?html?)?$", re.I)
_WHOLE_ADDRESS = re.compile(r"https?://[\w.:-]+/[\w./%-]*", re.ASCII)
_DIGITS = re.compile(r"\d+")


class UrlKind(StrEnum):
    """What stands behind an address."""

    ARTICLE = "article"
    LIST = "list"
    EPAPER_INDEX = "epaper_index"
    OFF_SITE = "off_site"
    OTHER = "other"


class UrlParts(NamedTuple):
    """What an address says.

    Attributes:
        kind: what stands behind it; an e-paper's article is an `ARTICLE` like any other.
        host: lower-case, without the port.
        article_id: the site's id, or None where the address has none (see `article_id`).
        page_number: 1 for the first page of an article or list, and so on.
        date: the ISO day in the address, or None. It may differ from the printed one by a day.
        paper: an e-paper's short name (`zjrb`), the first label of its host; None elsewhere.
    """

    kind: UrlKind
    host: str
    article_id: str | None = None
    page_number: int = 1
    date: str | None = None
    paper: str | None = None


# One page asks for its own address over and over.
@lru_cache(maxsize=128)
def parse_url(url: str) -> UrlParts:
    """Read what `url` says about the page behind it.

    Raises:
        ValueError: `url` is no absolute http or https address.
    """
    host, path = _host_and_path(_split(url))
    on_site = _is_site_host(host)
    if not on_site and not _is_under(host, _ASSOCIATED_SITES):
        return UrlParts(UrlKind.OFF_SITE, host)
    kind = UrlKind.ARTICLE if on_site else UrlKind.OFF_SITE
    if match := _article_match(path):
        suffix = match["suffix"].lower()
        number = _DIGITS.search(suffix)
        page = int(number[0]) + 1 if number else 1
        day = _iso_day(match["day"])
        if match.re is _EPAPER:
            paper = host.partition(".")[0]
            printed_day = match["day"].replace("/", "-")
            return UrlParts(kind, host, f"{paper}/{printed_day}/{match['number']}", page, day, paper)
        return UrlParts(kind, host, match["id"].lower(), page, day)
    if not on_site:
        return UrlParts(kind, host)
    if match := _EPAPER_INDEX.search(path):
        return UrlParts(UrlKind.EPAPER_INDEX, host, date=_iso_day(match["day"] or ""), paper=host.partition(".")[0])
    if match := _LIST.search(path):
        return UrlParts(UrlKind.LIST, host, page_number=int(match["page"] or 0) + 1)
    if host.startswith("search."):
        # What a search found is a list, whatever its address.
        return UrlParts(UrlKind.LIST, host)
    return UrlParts(UrlKind.OTHER, host)


def article_id(url: str) -> str:
    """Give the id an article at `url` has: the site's own, else one made of the address.

    The made one is the canonical address without its scheme, query kept where there is one, since such pages
    (`news.html?id=3012345`) differ in nothing else.

    Raises:
        ValueError: `url` is no absolute http or https address.
    """
    known = parse_url(url).article_id
    if known is not None:
        return known
    query = _split(url).query
    return canonical_url(url).removeprefix("https://") + (f"?{query}" if query else "")


@lru_cache(maxsize=128)
def canonical_url(url: str) -> str:
    """Give the identity of an article on the web: https, lower-case host, no query, fragment, page suffix or `_ext`.

    User name, default port and a closing dot of the host go too; the path keeps its case. The canonical form of a
    canonical form is itself.

    Raises:
        ValueError: `url` is no absolute http or https address.
    """
    parts = _split(url)
    host, path = _host_and_path(parts)
    if (match := _article_match(path)) and match["suffix"]:
        path = path[: match.start("suffix")] + path[match.end("suffix") :]
    return f"https://{_authority(host, parts.port)}{path}"


def page_url(url: str, number: int) -> str:
    """Give the address of page `number` (from 1) of the article or list at `url`, in the convention of that address.

    Scheme and host are kept; query, fragment and `_ext` go.

    Raises:
        ValueError: `url` is no absolute http or https address, `number` is below 1, or pages above the first are asked
            of an address with no known paging.
    """
    if number < 1:
        raise ValueError(f"page {number} of {url}: pages are counted from 1")
    parts = _split(url)
    host, path = _host_and_path(parts)
    start = f"{parts.scheme.lower()}://{_authority(host, parts.port)}"
    if (match := _article_match(path)) and match.re is not _EPAPER:
        width = 2 if match.re is _SYSTEM else 1
        suffix = f"_{number - 1:0{width}d}" if number > 1 else ""
        return start + path[: match.start("suffix")] + suffix + path[match.end("suffix") :]
    if match is None and (match := _LIST.search(path)):
        stem, extension = match["stem"] or "index", path.rpartition(".")[2] if match["stem"] else "shtml"
        if number == 1:
            return start + path[: match.start()] + (f"/{stem}.{extension}" if match["stem"] else "/")
        return f"{start}{path[: match.start()]}/{stem}_{number - 1}.{extension}"
    if number == 1:
        return start + path
    raise ValueError(f"page {number} of {url}: addresses of this form have no further pages")


def absolute_url(base: str, address: str) -> str | None:
    """Give an address as a page at `base` prints it as an absolute one; None where it cannot be read."""
    address = address.strip()
    if _WHOLE_ADDRESS.fullmatch(address):
        # Most are, and `urljoin` would take them apart to put them together again.
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return None


def is_on_site(url: str) -> bool:
    """Say whether `url` is a page of the site: any host under zjol.com.cn but those that only serve pictures.

    False too for what is no http or https address at all, and for 潮新闻 (tidenews.com.cn), a site of its own.
    """
    try:
        return _is_site_host(_host_and_path(_split(url))[0])
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    """Split `url`, or raise ValueError with a line that names it."""
    shown = url if len(url) <= 200 else f"{url[:200]}…"
    try:
        parts = urlsplit(url.strip())
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise ValueError(f"{shown!r} is no web address: {error}") from None
    if parts.scheme not in ("http", "https") or not (parts.hostname or "").strip("."):
        raise ValueError(f"{shown!r} is no web address: give it in full, starting with http:// or https://")
    return parts


def _host_and_path(parts: SplitResult) -> tuple[str, str]:
    """Give the host as it is compared, and the path, which is never empty."""
    return (parts.hostname or "").lower().rstrip("."), parts.path or "/"


def _authority(host: str, port: int | None) -> str:
    """Write host and port as an address has them, without a default port."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port in (None, 80, 443) else f"{shown}:{port}"


def _is_site_host(host: str) -> bool:
    """Say whether `host` serves pages of the site."""
    return (_is_under(host, (SITE,)) and host not in _ASSET_HOSTS) or host in _MOVED_HOSTS


def _is_under(host: str, domains: tuple[str, ...]) -> bool:
    """Say whether `host` is one of `domains` or a host below it."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def _article_match(path: str) -> re.Match[str] | None:
    """Match `path` against the three forms of an article's address."""
    return _TRS.search(path) or _SYSTEM.search(path) or _EPAPER.search(path)


def _iso_day(digits: str) -> str | None:
    """Read `20161001`, `2016/10/01` or `2016-10/01` as an ISO day, or give None where there is no such day."""
    digits = digits.replace("/", "").replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return None
