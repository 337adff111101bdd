"""One page → its parts, or the reason why it is no article. `pipelines.merge` makes the record from the parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from pipelines.body.assembly import Assembly, assemble, take_notices
from pipelines.body.items import Line
from pipelines.breadcrumb_trail import read_breadcrumbs
from pipelines.decode import Undecodable, decode
from pipelines.document import Document
from pipelines.fallback import headline_from_title, locate_body, published_from_meta, published_near
from pipelines.lines.dates import read_datetime
from pipelines.lines.editors import read_staff_line
from pipelines.lines.labels import strip_abstract_label
from pipelines.meta_line import Meta, read_meta
from pipelines.page import Page
from pipelines.pager import page_count
from pipelines.papers import paper_name
from pipelines.places import Places, divide, find_body, has_body_name
from pipelines.record import Breadcrumb, Person, Rejection
from pipelines.refusals import (
    MAX_BYTES,
    MAX_TAGS,
    is_list,
    is_login,
    is_not_found,
    is_truncated,
    redirect_target,
    refuse,
)
from pipelines.templates.base import Template
from pipelines.templates.fallback import Fallback
from pipelines.templates.registry import choose
from pipelines.text import clean, clean_or_none
from pipelines.title_block import Title, read_title
from pipelines.urls import UrlKind, article_id, is_on_site, parse_url

# An unknown page with more tags than any article has is not searched for its body: that takes minutes.
_MOST_TAGS = 20_000
# An e-paper's page name follows its number: 第00009版：文化.
_PAGE_NUMBER = re.compile(r"^第?\s*[A-Za-z]{0,2}\d+\s*版?\s*[:：]?\s*")


@dataclass(kw_only=True)
class PageReading:
    """The parts one page of an article gives; what a page does not print is None or empty.

    Attributes:
        flags: what a reader of the record should know: broken bytes, a stale charset, a date taken from the URL.
    """

    url: str
    article_id: str
    page_number: int
    page_count: int
    template: type[Template]
    encoding: str
    title: Title
    meta: Meta
    breadcrumbs: list[Breadcrumb]
    section: str | None
    abstract: str | None
    assembly: Assembly
    editors: list[Person]
    keywords: list[str]
    copyright_notice: str | None
    flags: list[str] = field(default_factory=list)


def read_page(page: Page) -> PageReading | Rejection:
    """Read one page. Any bytes whatever end in a reading or a rejection; nothing is raised for bad input."""
    if (refusal := _refuse_response(page)) is not None:
        return refusal
    try:
        decoded = decode(page.body, page.content_type)
    except Undecodable:
        return Rejection(url=page.url, reason="undecodable")
    if len(decoded.text) > MAX_TAGS and decoded.text.count("<") > MAX_TAGS:
        return Rejection(url=page.url, reason="too_large", detail=f"over {MAX_TAGS:,} tags")
    # Sound UTF-8 that opens with markup, not with a byte-order mark, is parsed as it came.
    is_sound = decoded.encoding == "utf-8" and not decoded.flags and page.body.startswith(b"<")
    document = Document(decoded.text, page.url, page.body if is_sound else None)
    found = find_places(document, decoded.text)
    if isinstance(found, Rejection):
        return found
    template, places = found
    if document.is_cut or is_truncated(decoded.text, document, places.container):
        return Rejection(url=page.url, reason="truncated")
    return _read_parts(document, template, places, decoded.encoding, list(decoded.flags))


def find_places(document: Document, text: str) -> tuple[type[Template], Places] | Rejection:
    """Tell which template printed a page and where its parts stand, or why it is no article.

    Args:
        document: the page.
        text: its decoded text.
    """
    if parse_url(document.url).kind is UrlKind.EPAPER_INDEX:
        return _refuse_page(document) or Rejection(url=document.url, reason="not_article")
    template = choose(document)
    if template is not None:
        places = divide(document, template)
        if places is not None and places.container is None and not has_body_name(document, template):
            body = _searched_body(document, text)
            if body is not None and "。" in "".join(body[0].itertext()):
                places = divide(document, template, body)
        return (template, places) if places is not None else refuse(document, text)
    if (refusal := _refuse_page(document)) is not None:
        return refusal
    unknown = _read_unknown(document, text)
    return unknown if isinstance(unknown, Rejection) else (Fallback, unknown)


def _refuse_response(page: Page) -> Rejection | None:
    if not is_on_site(page.url):
        return Rejection(url=page.url, reason="off_site")
    if page.status in (404, 410):
        return Rejection(url=page.url, reason="not_found")
    if page.status >= 400:
        return Rejection(url=page.url, reason="http_error", detail=str(page.status))
    if len(page.body) > MAX_BYTES:
        return Rejection(url=page.url, reason="too_large")
    if not page.body.strip():
        return Rejection(url=page.url, reason="empty_body")
    return None


def _refuse_page(document: Document) -> Rejection | None:
    """Tell pages that say themselves that they are no article."""
    if (target := redirect_target(document)) is not None:
        return Rejection(url=document.url, reason="redirect_stub", detail=target)
    if is_not_found(document):
        return Rejection(url=document.url, reason="not_found")
    if is_login(document):
        return Rejection(url=document.url, reason="not_article")
    return None


def _read_unknown(document: Document, text: str) -> Places | Rejection:
    """Find the parts of a page no template knows; a list page is told before its links are taken for text."""
    kind = parse_url(document.url).kind
    if kind in (UrlKind.LIST, UrlKind.EPAPER_INDEX):
        return Rejection(url=document.url, reason="not_article")
    places = divide(document, Fallback, find_body(document, Fallback) or _searched_body(document, text))
    if places is None or (places.container is None and is_list(document)):
        return refuse(document, text)
    return places


def _searched_body(document: Document, text: str) -> tuple[etree._Element, str] | None:
    """Find the body of a page whose container has no known name."""
    if text.count("<") > _MOST_TAGS or (container := locate_body(document)) is None:
        return None
    return container, "trafilatura"


def _read_parts(
    document: Document, template: type[Template], places: Places, encoding: str, flags: list[str]
) -> PageReading:
    parts = parse_url(document.url)
    title = _title(document, template, places)
    meta = read_meta(document, template, places)
    published = meta.published
    if template is Fallback:
        published = _published_unknown(document, places, published)
    if template.date_from_url and parts.date is not None:
        published = parts.date
    source = meta.source
    if template.is_paper:
        source = paper_name(parts.host) or _paper_in_title(document) or source
    meta = meta._replace(published=published, source=source)
    container = places.container if places.container is not None else places.title_element
    assembly = assemble(places.body, container, document, published)
    after = take_notices(list(places.after))
    staff = [person for item in after.rest if isinstance(item, Line) for person in read_staff_line(item.text)]
    breadcrumbs = read_breadcrumbs(document, places.before) if template.has_breadcrumbs else []
    section = breadcrumbs[-1].name if breadcrumbs else None
    names = (
        _PAGE_NUMBER.sub("", clean(" ".join(element.itertext())))
        for selector in template.section
        for element in document.index.select(selector)
    )
    section = next(filter(None, names), section)
    notices = assembly.notices
    copyright_lines = notices.copyright_lines + after.copyright_lines
    return PageReading(
        url=document.url,
        article_id=article_id(document.url),
        page_number=parts.page_number,
        page_count=page_count(document),
        template=template,
        encoding=encoding,
        title=title,
        meta=meta,
        breadcrumbs=breadcrumbs,
        section=section,
        abstract=_abstract(places) or assembly.abstract,
        assembly=assembly,
        editors=meta.editors + notices.editors + after.editors + staff,
        keywords=notices.keywords or after.keywords,
        copyright_notice="\n".join(copyright_lines) or None,
        flags=flags,
    )


def _published_unknown(document: Document, places: Places, printed: str | None) -> str | None:
    """Give an unknown page's date: the head's, where it is of the day printed and finer, else the printed one."""
    noted = published_from_meta(document)
    noted = read_datetime(noted) if noted else None
    if noted and (printed is None or (noted[:10] == printed[:10] and len(noted) > 10)):
        return noted
    return printed or published_near(places.title_element)


def _paper_in_title(document: Document) -> str | None:
    """Give the paper's name that closes an e-paper's `<title>`: `标题-浙江日报`."""
    name = document.title.rpartition("-")[2].strip()
    return name if name.endswith(("报", "刊")) else None


def _title(document: Document, template: type[Template], places: Places) -> Title:
    title = read_title(places.title, places.before, places.between, document.title)
    if title.headline is None and template is Fallback:
        title = title._replace(headline=headline_from_title(document.title))
    kicker, subheadline = title.kicker, title.subheadline
    for selector in template.kicker:
        element = document.index.first(selector)
        kicker = _element_text(element)
    for selector in template.subheadline:
        element = document.index.first(selector)
        subheadline = _element_text(element)
    return Title(kicker, title.headline, subheadline)


def _element_text(element: etree._Element | None) -> str | None:
    return None if element is None else clean_or_none(" ".join(element.itertext()))


def _abstract(places: Places) -> str | None:
    for position, line in enumerate(places.between):
        text = strip_abstract_label(line.text)
        if text is None:
            continue
        rest = [other.text for other in places.between[position + 1 :] if other.block is line.block]
        if not text and not rest and position + 1 < len(places.between):
            rest = [places.between[position + 1].text]
        return " ".join(filter(None, [text, *rest])) or None
    return None
