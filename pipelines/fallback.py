"""The body of a page no template knows: a library finds the text, our walker prints it."""

from __future__ import annotations

import re
from collections import defaultdict

from lxml import etree

from pipelines.body.flow import flow
from pipelines.body.items import Line
from pipelines.document import Document
from pipelines.lines.dates import read_datetime
from pipelines.text import clean
from pipelines.title_block import fold

# Shorter paragraphs stand on a page more than once and prove nothing.
_PROOF = 12
_ENOUGH = 0.75
# How far from the title a date is looked for: elements up, characters.
_SURROUNDINGS = 4
_MOST_SURROUNDING_TEXT = 1200
# Blocks that hold a line each; their parent is what holds the text.
_LINE_TAGS = frozenset({"p", "li", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table"})


def locate_body(document: Document) -> etree._Element | None:
    """Give the smallest element that holds most of what trafilatura takes for the article's text; None for no text."""
    import trafilatura  # slow to import, and few pages need it

    markup = etree.tostring(document.root, encoding="unicode", method="html")
    extracted = trafilatura.extract(markup, output_format="txt", include_comments=False)
    if not extracted:
        return None
    wanted = {folded for line in extracted.splitlines() if len(folded := fold(line)) >= _PROOF}
    weights: dict[etree._Element, int] = defaultdict(int)
    total = 0
    for item in flow(document.body).items:
        if not isinstance(item, Line) or fold(item.text) not in wanted:
            continue
        total += len(item.text)
        holder: etree._Element | None = item.block
        if item.block.tag in _LINE_TAGS:
            holder = item.block.getparent()
        while holder is not None:
            weights[holder] += len(item.text)
            holder = holder.getparent()
    if not total:
        return None
    enough = [element for element, weight in weights.items() if weight >= total * _ENOUGH]
    return min(enough, key=lambda element: sum(1 for _ in element.iter()))


def headline_from_title(title: str) -> str | None:
    """Give the first part of a `<title>`, which Chinese sites follow with channel and site names; None where empty."""
    return clean(re.split(r"\s*[-_|]\s*(?=[^-_|]*$)|_|\s-\s|--|——(?=[^—]*网)", title)[0]) or None


def published_near(title: etree._Element) -> str | None:
    """Give the first date printed in the title's surroundings; None where they hold none."""
    holder = title.getparent()
    for _ in range(_SURROUNDINGS):
        if holder is None or holder.tag in ("body", "html"):
            return None
        text = clean(" ".join(holder.itertext(etree.Element)))
        if len(text) > _MOST_SURROUNDING_TEXT:
            return None
        if (date := read_datetime(text)) is not None:
            return date
        holder = holder.getparent()
    return None


def published_from_meta(document: Document) -> str | None:
    """Give the publication date some CMSs keep in meta elements, as printed; None where there is none."""
    for name in ("article:published_time", "pubdate", "publishdate", "publish_time", "og:release_date", "date"):
        if content := document.meta(name):
            return content
    return None
