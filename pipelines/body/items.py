"""What a walk over a page gives: lines of text and pictures, each with what the markup says of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from lxml import etree

LineKind = Literal["paragraph", "heading", "list_item", "table_row"]

# The share of a line's characters inside links from which on it is a row of links.
_MOSTLY_LINKS = 0.8


class Look(NamedTuple):
    """How text is set, as far as the markup says: every part None where it is the page's default."""

    color: str | None = None
    family: str | None = None
    size: str | None = None


PLAIN = Look()


class Line:
    """One line of text.

    Attributes:
        text: cleaned text, never empty.
        kind: what the tags say it is; a wholly bold paragraph is still a `paragraph` here.
        block: the nearest block element around it; lines parted by `<br>` share it.
        is_bold, is_centred: the whole line is set so.
        is_indented: it begins with U+3000 or NBSP, as paragraphs of running text do.
        look: the colour, family and size most of it is set in.
        is_caption_class: an element around it has a class name captions use.
        link_share: the share of its characters inside links, 0 to 1.
    """

    __slots__ = (
        "block",
        "is_bold",
        "is_caption_class",
        "is_centred",
        "is_indented",
        "kind",
        "link_share",
        "look",
        "text",
    )

    def __init__(
        self,
        text: str,
        block: etree._Element,
        *,
        kind: LineKind = "paragraph",
        is_bold: bool = False,
        is_centred: bool = False,
        is_indented: bool = False,
        look: Look | None = None,
        is_caption_class: bool = False,
        link_share: float = 0.0,
    ) -> None:
        self.text = text
        self.block = block
        self.kind: LineKind = kind
        self.is_bold = is_bold
        self.is_centred = is_centred
        self.is_indented = is_indented
        self.look = look or PLAIN
        self.is_caption_class = is_caption_class
        self.link_share = link_share

    @property
    def is_row_of_links(self) -> bool:
        """Whether it is a row of links, or furniture made of them, and no text of its own."""
        return self.link_share >= _MOSTLY_LINKS

    def __repr__(self) -> str:
        return f"Line({self.text!r}, {self.kind})"


class Picture:
    """One `img`: the element and the nearest block around it."""

    __slots__ = ("block", "element")

    def __init__(self, element: etree._Element, block: etree._Element) -> None:
        self.element = element
        self.block = block

    def __repr__(self) -> str:
        return f"Picture({self.element.get('src')!r})"


Item = Line | Picture
