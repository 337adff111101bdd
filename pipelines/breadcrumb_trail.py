"""您当前的位置: the trail of names and links above an article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from lxml import etree

from pipelines.body.items import Line
from pipelines.body.markup import BLOCK_TAGS
from pipelines.document import Document
from pipelines.lines.breadcrumbs import read_breadcrumb_names
from pipelines.record import Breadcrumb
from pipelines.text import clean

_OPENER = re.compile(
    r"^[\s\u3000]*(?:您|你)?(?:当前|现在|目前|所在)?的?(?:当前|现在|目前|所在)?的?位置(?:是)?\s*[:：]?"
)
_LABELLED = etree.XPath("descendant::text()[contains(., '位置')]/..")
_LOOSE_SEPARATORS = ("", "-", "－", "—", "/", "|", "·", "：", ":")
# TRS marks the links of a trail with this class.
_TRAIL_LINK = "a.CurrChnlCls"
_LONGEST = 200


def read_breadcrumbs(document: Document, before: Sequence[Line]) -> list[Breadcrumb]:
    """Give the trail without its label and the closing 正文; empty where the page prints none.

    Args:
        document: the page.
        before: the lines above the headline, where the trail usually stands.
    """
    blocks = [line.block for line in before if _OPENER.match(line.text)]
    element = _complete(blocks[-1]) if blocks else None
    if element is None:
        element = _trail(document)
    if element is None:
        return []
    names = read_breadcrumb_names("".join(_marked_text(element)))
    links: dict[str, list[str | None]] = {}
    for link in element.iter("a"):
        name = clean("".join(link.itertext()))
        href = (link.get("href") or "").strip()
        links.setdefault(name, []).append(_address(href, document))
    trail = []
    for name in names:
        addresses = links.get(name)
        trail.append(Breadcrumb(name=name, url=addresses.pop(0) if addresses else None))
    return trail


def _address(href: str, document: Document) -> str | None:
    if not href or href.startswith(("#", "javascript:")):
        return None
    address = document.absolute(href)
    return address if urlsplit(address).scheme in ("http", "https") else None


def _marked_text(element: etree._Element) -> list[str]:
    """Give the trail's text with a `>` between links that a dash, a stroke or nothing parts.

    Inside a name such a sign belongs to it.
    """
    pieces: list[str] = []
    between: list[str] | None = None
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part.tag in ("script", "style"):
            continue
        if event == "start":
            if part.tag == "a" and between is not None:
                said = "".join(between)
                pieces.append(" > " if said.strip() in _LOOSE_SEPARATORS else said)
                between = None
            text = part.text
        else:
            if part.tag == "a":
                between = []
            text = part.tail if part is not element else None
        if text:
            (pieces if between is None else between).append(text)
    if between is not None:
        said = "".join(between).strip()
        pieces.append(" > " + said[1:] if said[:1] in _LOOSE_SEPARATORS else " " + said)
    return pieces


def _trail(document: Document) -> etree._Element | None:
    for holder in _LABELLED(document.body):
        if not isinstance(holder.tag, str) or holder.tag in ("script", "style", "a", "title"):
            continue
        if (block := _complete(_block(holder))) is not None:
            return block
    link = document.index.first(_TRAIL_LINK)
    return _block(link) if link is not None else None


def _complete(block: etree._Element) -> etree._Element | None:
    """Give the block that opens with the label and holds the trail: the label may stand apart, beside the links."""
    current: etree._Element | None = block
    for _ in range(3):
        if current is None:
            break
        text = clean("".join(current.itertext()))
        if len(text) > _LONGEST or not _OPENER.match(text):
            break
        if len(_OPENER.sub("", text).strip()) > 1:
            return current
        current = current.getparent()
    return None


def _block(element: etree._Element) -> etree._Element:
    current = element
    while current.tag not in BLOCK_TAGS:
        parent = current.getparent()
        if parent is None:
            return current
        current = parent
    return current
