"""A decoded page as a tree: parsed once, indexed once."""

from __future__ import annotations

from functools import cached_property, partial
from urllib.parse import urljoin

from lxml import etree

from pipelines.selectors import ElementIndex
from pipelines.stylesheet import apply_class_styles
from pipelines.text import clean
from pipelines.urls import absolute_url

# libxml2 stops reading at this depth even with huge_tree; what lies deeper is lost.
_MAX_DEPTH_MESSAGE = "Excessive depth"
_NESTED_PARAGRAPHS = etree.XPath("descendant::p/descendant::p")
# Elements inside a `p` that may hold paragraphs of their own.
_HOLDERS = frozenset({"table", "td", "th", "div", "section", "figure", "blockquote", "li", "dd", "center", "object"})


class Document:
    """The tree of one page.

    Attributes:
        url: where the page was fetched from.
        text: the page's characters.
        root: the `html` element.
        is_cut: the tree stops before the text does, for elements are nested deeper than a parser will follow.
    """

    def __init__(self, text: str, url: str, utf_8: bytes | None = None) -> None:
        """Parse a page.

        Args:
            text: its characters.
            url: where it was fetched from.
            utf_8: the same in UTF-8, where the caller has it: it need not be made again.
        """
        parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True, collect_ids=False)
        self._utf_8 = utf_8 or text.encode("utf-8", "replace")
        root = etree.fromstring(self._utf_8 or b"<html/>", parser)
        self.url = url
        self.text = text
        self.root: etree._Element = etree.Element("html") if root is None else root
        _part_paragraphs(self.root)
        last = parser.error_log.last_error
        self.is_cut = last is not None and _MAX_DEPTH_MESSAGE in last.message

    @cached_property
    def index(self) -> ElementIndex:
        """Finds elements by selector."""
        index = ElementIndex(self.root, partial(_mentions, self._utf_8))
        apply_class_styles(self.root, index.of_class)
        return index

    def mentions(self, text: str) -> bool:
        """Tell whether a text stands anywhere in the page's source; bytes are searched several times as fast."""
        return _mentions(self._utf_8, text)

    @cached_property
    def body(self) -> etree._Element:
        """The `body` element, or the root where there is none."""
        element = _first(self.root, "body", "body")
        return self.root if element is None else element

    @cached_property
    def title(self) -> str:
        """The text of the head's `title`."""
        element = _first(self.root, "title", "head/title")
        return "" if element is None else clean("".join(element.itertext()))

    @cached_property
    def base_url(self) -> str:
        """What relative addresses are resolved against: `<base href>` or the page's own URL."""
        for element in self.root.iter("base"):
            if href := element.get("href"):
                return urljoin(self.url, href.strip())
        return self.url

    def absolute(self, address: str) -> str:
        """Give an address of the page as an absolute URL; an unreadable one comes back as it is."""
        absolute = absolute_url(self.base_url, address)
        return address.strip() if absolute is None else absolute

    def meta(self, name: str) -> str | None:
        """Give the content of `<meta name=…>` or `<meta property=…>`, cleaned; None where it is missing or empty."""
        for element in self.root.iter("meta"):
            if (element.get("name") or element.get("property") or "").lower() == name:
                return clean(element.get("content") or "") or None
        return None


def _first(root: etree._Element, tag: str, usual: str) -> etree._Element | None:
    """Give the first element of a tag: `iter` goes on to the second before it gives the first, so look there last."""
    element = root.find(usual)
    return next(root.iter(tag), None) if element is None else element


def _mentions(source: bytes, text: str) -> bool:
    return text.encode() in source


def _part_paragraphs(root: etree._Element) -> None:
    """Move a `p` that begins inside another's `font` or `span` out of it, with all that follows it there.

    A browser ends the outer paragraph where the inner one begins; libxml2 nests them.
    """
    for inner in _NESTED_PARAGRAPHS(root):
        outer = inner.getparent()
        while outer is not None and outer.tag != "p" and outer.tag not in _HOLDERS:
            outer = outer.getparent()
        if outer is None or outer.tag != "p":
            continue
        current = inner
        while current is not outer:
            tail, current.tail = current.tail, None
            if tail:
                _append_text(inner, tail)
            above = current.getparent()
            for sibling in list(current.itersiblings()):
                inner.append(sibling)
            current = above
        outer.addnext(inner)
        inner.tail, outer.tail = outer.tail, None


def _append_text(element: etree._Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
