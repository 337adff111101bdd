"""In-article paging: how many pages an article has, and where they are."""

from __future__ import annotations

import re

from lxml import etree

from pipelines.decode import Undecodable, decode
from pipelines.document import Document
from pipelines.page import Page
from pipelines.text import join_short
from pipelines.urls import canonical_url, page_url, parse_url

# zjol's own pager, and class names of pagers on the same CMSs.
_PAGERS = (
    "div.news_more_page",
    ".news_more_page",
    ".more_page",
    ".pagination",
    ".pager",
    ".page",
    ".fenye",
    "#page",
    "#pager",
)
# TRS prints the pager by script: createPageHTML(pages, current, "t20221018_24938507", "shtml").
_TRS_SCRIPT = re.compile(r"createPageHTML\(\s*(\d{1,3})\s*,")
_COUNT = re.compile(r"共\s*(\d{1,3})\s*页|\b\d{1,3}\s*/\s*(\d{1,3})\b")
_LINKS_TO = etree.XPath(".//a[contains(@href, $stem)]")
_PRINTED_NUMBER = re.compile(r"[\s\[【(（第]*(\d{1,3})[\s\]】)）页]*")
_MOST_PAGES = 200
# A frame around a whole article goes by such names too.
_LONGEST_PAGER = 300


def page_count(document: Document) -> int:
    """Give how many pages the pager says the article has; 1 where there is no pager."""
    count = 1
    own = _own_key(document.url)
    for pager in _pagers(document):
        text = " ".join(pager.itertext())
        for match in _COUNT.finditer(text):
            count = max(count, int(match[1] or match[2]))
        links = _own_links(pager, document, own)
        if links or pager.tag == "div":
            for number in re.findall(r"(?<![\d.])\d{1,3}(?![\d.])", text):
                if int(number) <= _MOST_PAGES:
                    count = max(count, int(number))
        count = max(count, *links, 1)
    stem = own.rpartition("/")[2].partition(".")[0]
    if count == 1 and stem and document.mentions(f"{stem}_"):
        for link in _LINKS_TO(document.body, stem=stem):
            count = max(count, _page_number(link, document, own) or 1)
    if document.mentions("createPageHTML"):
        for script in document.root.iter("script"):
            printed = _TRS_SCRIPT.search(script.text or "")
            if printed:
                count = max(count, int(printed[1]))
    return min(count, _MOST_PAGES)


def page_links(page: Page) -> list[str]:
    """Give the addresses of all pages of a page's article, in order; only its own where it has no pager."""
    if not _may_have_pager(page):
        return [page.url]
    try:
        text = decode(page.body, page.content_type).text
    except Undecodable:
        return [page.url]
    document = Document(text, page.url)
    count = page_count(document)
    if count == 1:
        return [page.url]
    known: dict[int, str] = {parse_url(page.url).page_number: page.url}
    own = _own_key(page.url)
    for pager in _pagers(document):
        known |= {number: url for number, url in _own_links(pager, document, own).items() if number not in known}
    return [known.get(number) or page_url(page.url, number) for number in range(1, count + 1)]


def _may_have_pager(page: Page) -> bool:
    """Tell, without parsing it, whether a page can have a pager: a crawl asks this of every page in its event loop."""
    stem = _own_key(page.url).rpartition("/")[2].partition(".")[0]
    marks = (b"createPageHTML", b"news_more_page", f"{stem}_".encode())
    # Encodings of two bytes a character hide the marks.
    return any(mark in page.body for mark in marks) or b"\0" in page.body[:1000]


def _pagers(document: Document) -> list[etree._Element]:
    own = _own_key(document.url)
    found: list[etree._Element] = []
    for selector in _PAGERS:
        for element in document.index.select(selector):
            if element in found:
                continue
            is_named = "news_more_page" in (element.get("class") or "")
            if is_named or (_is_short(element) and _own_links(element, document, own)):
                found.append(element)
    return found


def _is_short(element: etree._Element) -> bool:
    return join_short((piece.strip() for piece in element.itertext()), _LONGEST_PAGER) is not None


def _own_links(pager: etree._Element, document: Document, own: str) -> dict[int, str]:
    """Give the addresses of the article's pages in a pager by number: as printed, or as the address has it.

    Where numbers are printed, links without one (下一页) name no further page.
    """
    printed: dict[int, str] = {}
    named: dict[int, str] = {}
    for link in pager.iter("a"):
        number = _page_number(link, document, own)
        if number is None:
            continue
        address = document.absolute(link.get("href") or "")
        named.setdefault(number, address)
        if label := _PRINTED_NUMBER.fullmatch("".join(link.itertext())):
            printed.setdefault(int(label[1]), address)
    return printed or named


def _page_number(link: etree._Element, document: Document, own: str) -> int | None:
    href = (link.get("href") or "").strip()
    if not href or href.startswith(("#", "javascript:")):
        return None
    address = document.absolute(href)
    if _own_key(address) != own:
        return None
    return parse_url(address).page_number


def _own_key(url: str) -> str:
    try:
        return canonical_url(url)
    except ValueError:
        return url
