"""List pages: which articles they link to, and where the list goes on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from scrapy.http import HtmlResponse

from pipelines.lines.dates import read_datetime
from pipelines.urls import UrlKind, parse_url

_DATA: dict[str, Any] = tomllib.loads(files("zjol_crawler").joinpath("links.toml").read_text("utf-8"))
# TRS prints a list's pager by script: createPageHTML(pages, current, "index", "shtml").
_TRS_PAGER = re.compile(r"createPageHTML\(\s*(\d+)\s*,\s*(\d+)\s*,\s*[\"'](\w+)[\"']\s*,\s*[\"'](\w+)[\"']")


class ListedArticle(NamedTuple):
    """An article a list links to; `date` is the ISO day the list or the address gives, None where neither does."""

    url: str
    date: str | None


def listed_articles(response: HtmlResponse) -> list[ListedArticle]:
    """Give the articles a list page links to, in its order, each once."""
    found: dict[str, ListedArticle] = {}
    for url, text in _entries(response):
        parts = _article(url)
        if parts is None or url in found:
            continue
        printed = read_datetime(text)
        found[url] = ListedArticle(url, printed[:10] if printed else parts)
    return list(found.values())


def next_list_page(response: HtmlResponse) -> str | None:
    """Give the address of the list's next page; None on the last."""
    for link in response.xpath("//a[@href]"):
        if "".join(link.xpath(".//text()").getall()).strip() in _DATA["next_words"]:
            url = response.urljoin(link.attrib["href"].strip())
            if url != response.url and _is_list(url):
                return url
    if match := _TRS_PAGER.search(response.text):
        pages, current, stem, ending = int(match[1]), int(match[2]), match[3], match[4]
        if current + 1 < pages:
            return response.urljoin(f"{stem}_{current + 1}.{ending}")
    return None


def issue_indexes(host: str, day: str) -> list[str]:
    """Give the addresses at which the issue of an ISO day may open, the likeliest first."""
    folder = f"http://{host}/html/{day[:7]}/{day[8:]}/"
    return [folder + name.replace("PAPER", host.partition(".")[0]) for name in _DATA["issue_indexes"]]


def issue_pages(response: HtmlResponse) -> list[str]:
    """Give the pages of an e-paper's issue that any one of them, or its index, links to, in the paper's order."""
    day = parse_url(response.url).date
    found: dict[str, None] = {}
    for path in _DATA["issue_pages"]:
        for href in response.xpath(path).getall():
            url = response.urljoin(href.strip())
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
        for href in response.xpath(path).getall():
            url = response.urljoin(href.strip())
            if _kind(url) is UrlKind.ARTICLE and parse_url(url).date == day:
                found[url.partition("#")[0]] = None
        if found:
            break
    return list(found)


def _entries(response: HtmlResponse) -> Iterator[tuple[str, str]]:
    for path in _DATA["lists"]:
        entries = response.xpath(path)
        if entries:
            for entry in entries:
                for href in entry.xpath(".//a/@href").getall():
                    yield (
                        response.urljoin(href.strip()),
                        " ".join(entry.xpath("..//text()" if path == "//h4[a]" else ".//text()").getall()),
                    )
            return
    for href in response.xpath("//a/@href").getall():
        yield response.urljoin(href.strip()), ""


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
