"""Where the parts of an article stand on its page: before, in and after the title block, in and after the body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from pipelines.body.flow import flow
from pipelines.body.items import Item, Line
from pipelines.body.noise import is_noise_element
from pipelines.document import Document
from pipelines.templates.base import COMMON_BODY, Template
from pipelines.title_block import HeadlineFinder, is_late_meta_line, is_meta_line

# How many lines after the body are read for editors, keywords and notices before the page's foot is taken to begin.
_AFTER_LINES = 60
# Without one of these a block after the body says nothing of the article.
_NOTICE_WORDS = (
    "编辑",
    "责编",
    "校对",
    "标签",
    "关键",
    "凡",
    "版权",
    "来源",
    "作者",
    "稿源",
    "记者",
    "策划",
    "Tags",
    "tags",
)
_STRING = etree.XPath("string()", smart_strings=False)
# Old pages close the body with source, author and editor.
_LATE_LINES = 6


class Places(NamedTuple):
    """The lines of an article's column by place.

    Attributes:
        before: lines above the title block, nearest last.
        title: the title block's own lines.
        between: from the title block to the body: subheadline, time and source, abstract.
        body: the body's items.
        after: lines after the body.
        title_element, container: the elements of title block and body; `container` is None where no body was found.
        body_selector: the selector that found the body.
    """

    before: list[Line]
    title: list[Line]
    between: list[Line]
    body: list[Item]
    after: list[Line]
    title_element: etree._Element
    container: etree._Element | None
    body_selector: str | None


def find_body(document: Document, template: type[Template]) -> tuple[etree._Element, str] | None:
    """Give the body's container and the selector that found it: the first with text or a picture inside."""
    for selector in dict.fromkeys((*template.body, *COMMON_BODY)):
        best: etree._Element | None = None
        size = 0
        for element in document.index.select(selector):
            length = sum(len(text.strip()) for text in element.itertext(etree.Element))
            if next(element.iter("img"), None) is not None:
                length += 20
            if length > size:
                best, size = element, length
        if best is not None:
            return best, selector
    return None


def has_body_name(document: Document, template: type[Template]) -> bool:
    """Tell whether the page has a container of a name bodies go by, an empty one too."""
    return document.index.has(*template.body, *COMMON_BODY)


def divide(
    document: Document, template: type[Template], body: tuple[etree._Element, str] | None = None
) -> Places | None:
    """Find title block and body and sort the lines of their column by place; None where there is no headline."""
    places = _divide(document, template, body)
    if places is None or not template.meta_after_body:
        return places
    return _move_late_meta(places)


def may_head(element: etree._Element, places: Places) -> bool:
    """Tell whether an element can belong to the article's head: in the column of title and body, not after the body."""
    body = places.container
    if body is None or _is_inside(element, body):
        return True
    if not _is_inside(element, _common_ancestor(places.title_element, body)):
        return False
    shared = _common_ancestor(element, body)
    return _branch(element, shared) <= _branch(body, shared)


def _branch(element: etree._Element, above: etree._Element) -> int:
    """Give the position of the child of `above` that holds an element."""
    current = element
    while (parent := current.getparent()) is not None and parent is not above:
        current = parent
    return -1 if current is above else above.index(current)


def _move_late_meta(places: Places) -> Places:
    """Move source and author lines that close the body's container to the lines after the body."""
    body = list(places.body)
    late: list[Line] = []
    position = max(0, len(body) - _LATE_LINES)
    while position < len(body):
        item = body[position]
        if isinstance(item, Line) and is_late_meta_line(item.text):
            size = 2 if item.text.endswith((":", "：")) and position + 1 < len(body) else 1
            late += _lines(body[position : position + size])
            del body[position : position + size]
        else:
            position += 1
    return places._replace(body=body, after=[*late, *places.after])


def _divide(document: Document, template: type[Template], body: tuple[etree._Element, str] | None) -> Places | None:
    title = HeadlineFinder(document).find(template)
    if title is None:
        return None
    found = body or find_body(document, template)
    if found is None:
        parent = title.getparent()
        column = parent if parent is not None else title
        walked = flow(column, title)
        at = walked.ranges[title]
        return Places(
            _before(walked.items[: at.begin], title, column),
            _lines(walked.items[at.begin : at.end]) or _lines(flow(title).items),
            _lines(walked.items[at.end :]),
            [],
            _following(column),
            title,
            None,
            None,
        )
    container, selector = found
    column = _common_ancestor(title, container)
    pictures = [
        element
        for name in template.pictures
        for element in document.index.select(name)
        if not _is_inside(element, container) and _is_inside(element, column)
    ]
    walked = flow(column, title, container, *pictures, most_after=_AFTER_LINES)
    items = walked.items
    head, main = walked.ranges.get(title), walked.ranges.get(container)
    if head is None or main is None:
        # Title or body stands inside an element that is passed over; read each on its own.
        return Places(
            [], _lines(flow(title).items), [], flow(container).items, _following(container), title, container, selector
        )
    if main.begin <= head.begin and head.end <= main.end:
        inner = items[head.end : main.end]
        return Places(
            _before(items[: head.begin], title, column),
            _lines(items[head.begin : head.end]),
            _lines(inner[: _meta_end(inner)]),
            inner[_meta_end(inner) :],
            _after(items[main.end :], column),
            title,
            container,
            selector,
        )
    body_items = items[main.begin : main.end]
    shown_before: list[Item] = []
    for element in pictures:
        own = walked.ranges[element]
        shown = items[own.begin : own.end]
        if own.begin < main.begin:
            shown_before += shown
        else:
            body_items += shown
    body_items = shown_before + body_items
    if head.end > main.begin:
        return Places(
            _before(items[: head.begin], title, column),
            _lines(items[head.begin : head.end]),
            _lines(items[head.end :])[:_AFTER_LINES],
            body_items,
            _following(column),
            title,
            container,
            selector,
        )
    return Places(
        _before(items[: head.begin], title, column),
        _lines(items[head.begin : head.end]),
        [
            line
            for line in _lines(items[head.end : main.begin])
            if not any(_is_inside(line.block, element) for element in pictures)
        ],
        body_items,
        _after(items[main.end :], column),
        title,
        container,
        selector,
    )


def _meta_end(items: list[Item]) -> int:
    """Where the body begins in a container that holds title and meta line too: after the last line of either."""
    end = 0
    for position, item in enumerate(items[:8]):
        if isinstance(item, Line) and is_meta_line(item.text):
            end = position + 1
    return end


def _lines(items: list[Item]) -> list[Line]:
    return [item for item in items if isinstance(item, Line)]


def _before(items: list[Item], title: etree._Element, column: etree._Element) -> list[Line]:
    """Give the lines above the title; where the column has none, those of the block right before it."""
    lines = _lines(items)
    if lines:
        return lines
    current: etree._Element | None = column
    while current is not None and current.tag not in ("body", "html"):
        for sibling in current.itersiblings(preceding=True):
            if not isinstance(sibling.tag, str) or is_noise_element(sibling):
                continue
            lines = _lines(flow(sibling).items)
            if lines:
                return lines if len(lines) <= 2 else []
        current = current.getparent()
    return []


def _after(items: list[Item], column: etree._Element) -> list[Line]:
    """Give the lines after the body: the rest of its column's, and those that follow the column."""
    lines = _lines(items)
    if len(lines) < _AFTER_LINES:
        lines += _following(column)
    return lines[:_AFTER_LINES]


def _following(element: etree._Element) -> list[Line]:
    """Give the first lines that follow an element, outside it, of blocks that hold words of a notice."""
    lines: list[Line] = []
    follows_label = False
    for sibling in _siblings_after(element):
        text = str(_STRING(sibling))
        if not follows_label and not any(word in text for word in _NOTICE_WORDS):
            continue
        follows_label = text.rstrip().endswith((":", "："))
        lines += _lines(flow(sibling, most=_AFTER_LINES - len(lines)).items)
        if len(lines) >= _AFTER_LINES:
            break
    return lines[:_AFTER_LINES]


def _siblings_after(element: etree._Element) -> Iterator[etree._Element]:
    current: etree._Element | None = element
    while current is not None and current.tag not in ("body", "html"):
        for sibling in current.itersiblings():
            if isinstance(sibling.tag, str) and not is_noise_element(sibling):
                yield sibling
        current = current.getparent()


def _common_ancestor(first: etree._Element, second: etree._Element) -> etree._Element:
    above = {first, *first.iterancestors()}
    current: etree._Element = second
    while current not in above:
        parent = current.getparent()
        if parent is None:
            return current
        current = parent
    return current


def _is_inside(element: etree._Element, frame: etree._Element) -> bool:
    return element is frame or any(ancestor is frame for ancestor in element.iterancestors())
