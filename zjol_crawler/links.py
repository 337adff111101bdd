"""List pages: which articles they link to, and where the list goes on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urlsplit

from lxml import etree
from scrapy.http import HtmlResponse, Response, XmlResponse
from scrapy.utils.gz import gunzip
from scrapy.utils.response import get_base_url
from scrapy.utils.sitemap import Sitemap

from pipelines.lines.dates import read_datetime
from pipelines.store.candidates import Candidate
from pipelines.urls import UrlKind, absolute_url, parse_url
from zjol_crawler.channels import read_channels

_DATA: dict[str, Any] = tomllib.loads(files("zjol_crawler").joinpath("links.toml").read_text("utf-8"))
# TRS prints a list's pager by script: createPageHTML(pages, current, "index", "shtml").
_TRS_PAGER = re.compile(r"createPageHTML\(\s*(\d+)\s*,\s*(\d+)\s*,\s*[\"'](\w+)[\"']\s*,\s*[\"'](\w+)[\"']")


_FEEDS = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|urlset|sitemapindex|rdf:RDF)[\s>]", re.S)
_MOST_BYTES = 64 * 1024 * 1024


class ListedArticle(NamedTuple):
    """An article a list links to; `date` is the ISO day the list or the address gives, None where neither does."""

    url: str
    date: str | None


def as_list(response: Response) -> HtmlResponse | XmlResponse | None:
    """Give a response as a list page, a feed or a site map, whatever it says it is; None for one that is none."""
    body = response.body
    if body.startswith(b"\x1f\x8b"):
        try:
            body = gunzip(body, max_size=_MOST_BYTES)
        except (OSError, EOFError, ValueError):
            return None
    if _FEEDS.match(body[:4096].removeprefix(b"\xef\xbb\xbf")):
        return XmlResponse(response.url, body=body, request=response.request)
    return response if isinstance(response, HtmlResponse | XmlResponse) else None


def listed_articles(response: HtmlResponse | XmlResponse) -> list[ListedArticle]:
    """Give the articles a list page, a feed or a site map links to, in its order, each once."""
    found: dict[str, ListedArticle] = {}
    for url, text in _entries(response) if isinstance(response, HtmlResponse) else _feed_entries(response):
        url = urldefrag(url).url
        parts = _article(url)
        if parts is None or url in found:
            continue
        printed = read_datetime(text)
        found[url] = ListedArticle(url, printed[:10] if printed else parts)
    return list(found.values())


def next_list_pages(response: HtmlResponse | XmlResponse) -> list[str]:
    """Give where a list goes on: the address of its next page, or the parts of a site map; nothing on the last."""
    if isinstance(response, XmlResponse):
        site_map = Sitemap(response.body)
        return [entry["loc"] for entry in site_map] if site_map.type == "sitemapindex" else []
    for link in response.selector.root.iter("a"):
        if _text(link).strip() in _DATA["next_words"]:
            url = absolute_url(get_base_url(response), link.get("href") or "")
            if url is not None and url != response.url and _is_list(url):
                return [url]
    if match := _TRS_PAGER.search(response.text):
        pages, current, stem, ending = int(match[1]), int(match[2]), match[3], match[4]
        if current + 1 < pages:
            return [response.urljoin(f"{stem}_{current + 1}.{ending}")]
    return []


def linked_lists(response: HtmlResponse) -> list[Candidate]:
    """Give the lists and hosts of the site that a page links to and the channel catalogue lacks."""
    known, hosts = _catalogued()
    hosts = hosts | {parse_url(response.url).host}
    found: dict[str, Candidate] = {}
    for url, link in _links(response):
        if _kind(url) is not UrlKind.LIST or parse_url(url).page_number > 1 or _list_key(url) in known:
            continue
        title = " ".join(_text(link).split()) or None
        host = parse_url(url).host
        if host not in hosts:
            root = f"http://{host}/"
            found.setdefault(root, Candidate(root, "host", response.url, title if url == root else None))
        elif urlsplit(url).path not in ("", "/"):
            found.setdefault(_list_key(url), Candidate(url, "channel", response.url, title))
    return list(found.values())


@cache
def _catalogued() -> tuple[frozenset[str], frozenset[str]]:
    """Give the lists and the hosts of the channel catalogue."""
    channels = read_channels()
    return (
        frozenset(_list_key(channel.url) for channel in channels),
        frozenset(parse_url(channel.url).host for channel in channels),
    )


def issue_indexes(host: str, day: str) -> list[str]:
    """Give the addresses at which the issue of an ISO day may open, the likeliest first."""
    folder = f"http://{host}/html/{day[:7]}/{day[8:]}/"
    return [folder + name.replace("PAPER", host.partition(".")[0]) for name in _DATA["issue_indexes"]]


def issue_pages(response: HtmlResponse) -> list[str]:
    """Give the pages of an e-paper's issue that any one of them, or its index, links to, in the paper's order."""
    day = parse_url(response.url).date
    found: dict[str, None] = {}
    for path in _DATA["issue_pages"]:
        for url in _addresses(response, path):
            if _kind(url) is UrlKind.EPAPER_INDEX and "/node_" in url and parse_url(url).date == day:
                found[url] = None
        if found:
            break
    return list(found)


def page_articles(response: HtmlResponse) -> list[str]:
    """Give the articles on one page of an e-paper's issue, in its order, each once."""
    day = parse_url(response.url).date
    found: dict[str, None] = {}
    for path in _DATA["page_articles"]:
        for url in _addresses(response, path):
            if _kind(url) is UrlKind.ARTICLE and parse_url(url).date == day:
                found[url.partition("#")[0]] = None
        if found:
            break
    return list(found)


def _entries(response: HtmlResponse) -> Iterator[tuple[str, str]]:
    for path in _DATA["lists"]:
        if entries := _compiled(path)(response.selector.root):
            for entry in entries:
                # A heading's day stands beside it.
                around = entry.getparent() if entry.tag == "h4" else entry
                for url, _ in _links(response, entry):
                    yield url, _text(around, " ")
            return
    for url, _ in _links(response):
        yield url, ""


def _links(response: HtmlResponse, within: etree._Element | None = None) -> Iterator[tuple[str, etree._Element]]:
    """Give the links of a page, or of a part of it, each with its absolute address.

    By lxml's own means: a selector for each link would take ten times as long, in the crawl's event loop.
    """
    base = get_base_url(response)
    for link in (response.selector.root if within is None else within).iter("a"):
        href = link.get("href")
        if href is not None and (url := absolute_url(base, href)) is not None:
            yield url, link


def _addresses(response: HtmlResponse, path: str) -> Iterator[str]:
    base = get_base_url(response)
    for href in _compiled(path)(response.selector.root):
        if (url := absolute_url(base, str(href))) is not None:
            yield url


def _text(element: etree._Element, joint: str = "") -> str:
    return joint.join(element.itertext(etree.Element))


@cache
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path)


def _feed_entries(response: XmlResponse) -> Iterator[tuple[str, str]]:
    if response.xpath("/*[local-name() = 'urlset']"):
        for entry in Sitemap(response.body):
            yield entry["loc"], entry.get("lastmod") or ""
    for item in response.xpath("//*[local-name() = 'item' or local-name() = 'entry']"):
        # RSS has the address as the text of `link`, Atom as an attribute.
        url = item.xpath("string(*[local-name() = 'link'])").get() or item.xpath("*/@href").get() or ""
        day = item.xpath("string(*[local-name() = 'pubDate' or local-name() = 'updated'])").get() or ""
        yield response.urljoin(url.strip()), _feed_day(day.strip())


def _feed_day(text: str) -> str:
    try:
        return parsedate_to_datetime(text).strftime("%Y-%m-%d")
    except ValueError:
        return text[:10]


def _list_key(url: str) -> str:
    """Give what two addresses of one list share."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}{parts.path.removesuffix('index.shtml').removesuffix('index.html')}"


def _article(url: str) -> str | None:
    try:
        parts = parse_url(url)
    except ValueError:
        return None
    return (parts.date or "") if parts.kind is UrlKind.ARTICLE else None


def _is_list(url: str) -> bool:
    return _kind(url) is UrlKind.LIST


def _kind(url: str) -> UrlKind | None:
    try:
        return parse_url(url).kind
    except ValueError:
        return None
