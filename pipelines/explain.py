"""Why a record says what it says: for one page, which selector, place and line gave each field, and what was left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from pipelines.body.flow import flow
from pipelines.body.items import Line
from pipelines.decode import Undecodable, decode
from pipelines.document import Document
from pipelines.extract import extract_article
from pipelines.page import Page
from pipelines.places import Places
from pipelines.reading import find_places
from pipelines.record import Article, Rejection
from pipelines.templates.base import Template
from pipelines.templates.registry import TEMPLATES, claims
from pipelines.unread import unread_pieces


class Finding(NamedTuple):
    """One line of the explanation: a field, what it says, and where that came from."""

    field: str
    value: str
    origin: str


def explain(page: Page) -> list[Finding]:
    """Explain how a page was read; of a page that is no article, why.

    The findings come in the order of the record's fields; after them `left out`, the body's lines that stand nowhere in
    the record, and `unread`, what a grammar could make nothing of.
    """
    result = extract_article([page])
    try:
        decoded = decode(page.body, page.content_type)
    except Undecodable as error:
        return [Finding("rejected", "undecodable", str(error))]
    document = Document(decoded.text, page.url)
    found = find_places(document, decoded.text)
    findings = [Finding("encoding", decoded.encoding, ", ".join(decoded.flags) or "as declared")]
    if isinstance(result, Rejection):
        findings.append(Finding("rejected", result.reason, result.detail or ""))
    if not isinstance(found, Rejection):
        template, places = found
        findings += _where(document, template, places)
        if isinstance(result, Article):
            findings += _what(result, places)
            findings += _left_out(result, places)
    return findings


def _where(document: Document, template: type[Template], places: Places) -> Iterator[Finding]:
    rivals = [other.name for other in TEMPLATES if other is not template and claims(document, other)]
    marks = [mark for mark in template.marks if document.index.has(mark)]
    headline = [selector for selector in template.headline if document.index.has(selector)]
    meta = [selector for selector in template.meta if document.index.has(selector)]
    reason = f"headline {headline[0] if headline else 'found by place'}"
    if meta:
        reason += f", meta line {meta[0]}"
    if marks:
        reason += f", marked by {marks[0]}"
    if rivals:
        reason += f"; could also be {', '.join(rivals)}"
    yield Finding("template", template.name, reason)
    yield Finding("title block", _path(document, places.title_element), f"{len(places.title)} lines")
    if places.container is not None:
        yield Finding("body container", _path(document, places.container), f"selector {places.body_selector}")


def _what(article: Article, places: Places) -> Iterator[Finding]:
    for field in ("kicker", "headline", "subheadline", "date_published", "source", "byline", "abstract"):
        value = getattr(article, field)
        yield Finding(field, value or "—", _origin(value, places) if value else "not on the page")
    for field in ("authors", "photographers", "editors", "contributors"):
        people = getattr(article, field)
        yield Finding(
            field, ", ".join(f"{person.name} ({person.title or person.role})" for person in people) or "—", ""
        )
    yield Finding("section", article.section or "—", " > ".join(crumb.name for crumb in article.breadcrumbs))
    yield Finding("dateline", article.dateline.raw if article.dateline else "—", "")
    yield Finding("keywords", "; ".join(article.keywords) or "—", "")
    for number, image in enumerate(article.images):
        credit = image.credit.raw if image.credit else "no credit"
        yield Finding(f"image {number}", image.caption or "—", credit)
    for field, text in unread_pieces(article):
        yield Finding("unread", text, field)


def _origin(value: str, places: Places) -> str:
    """Name the place whose lines hold a value."""
    for name in ("title", "before", "between", "after"):
        for line in getattr(places, name):
            if value in line.text or (len(line.text) > 1 and line.text in value):
                return f"{name.replace('_', ' ')}: {line.text[:60]}"
    return "an element of its own" if value else ""


def _left_out(article: Article, places: Places) -> Iterator[Finding]:
    """List the body's lines, share bars and pagers included, that stand nowhere in the record."""
    if places.container is None:
        return
    printed = [block.text for block in article.body if block.text]
    printed += [image.caption or "" for image in article.images]
    printed += [image.credit.raw if image.credit else "" for image in article.images]
    printed += [article.editors_note or "", article.abstract or "", article.copyright_notice or ""]
    whole = "\n".join(printed)
    for item in flow(places.container, keep_noise=True).items:
        if isinstance(item, Line) and item.text not in whole:
            yield Finding("left out", item.text[:100], f"<{item.block.tag!s}> {item.block.get('class') or ''}".strip())


def _path(document: Document, element: etree._Element) -> str:
    return document.root.getroottree().getpath(element)
