"""One walk over a tree: elements → lines and pictures in reading order, with what the markup says of each."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec
from lxml import etree

from pipelines.body import markup
from pipelines.body.items import PLAIN, Item, Line, LineKind, Look, Picture
from pipelines.body.noise import is_noise_element
from pipelines.body.pictures import is_article_picture
from pipelines.body.tables import is_data_table, table_rows
from pipelines.text import clean

# Some pages indent with U+3000, some with NBSP; either marks a paragraph of running text.
_INDENT = re.compile(r"^[\s\xa0]*(?:\u3000|\xa0{2,}|(?:&nbsp;){2,}| {4,}(?=\S)$)")


# A struct is made in a third of a named tuple's time, and one is made for most elements.
class Context(msgspec.Struct, frozen=True, gc=False):
    """What holds at one point of the walk."""

    bold: bool
    centred: bool
    look: Look
    block: etree._Element
    kind: LineKind
    keeps_breaks: bool
    in_link: bool
    captioned: bool


class Marker(NamedTuple):
    """Where the items of one element of interest begin and end in the flow."""

    begin: int
    end: int


class Flow(NamedTuple):
    """The walk's result: the items, and the range of items of each element asked for."""

    items: list[Item]
    ranges: dict[etree._Element, Marker]


class _Builder:
    """Collects the runs of a line until it ends."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._pieces: list[str] = []
        self._total = 0
        self._bold = 0
        self._linked = 0
        self._first: Context | None = None
        self._longest = 0
        self._look = PLAIN

    def add(self, text: str, context: Context) -> None:
        size = len(text.strip())
        if not size:
            # Line feeds between tags; an NBSP may be the line's indent.
            if self._first is not None or not text.isascii():
                self._pieces.append(text)
            return
        self._pieces.append(text)
        if self._first is None:
            self._first = context
        self._total += size
        if context.bold:
            self._bold += size
        if context.in_link:
            self._linked += size
        if size > self._longest:
            self._longest = size
            self._look = context.look

    def flush(self) -> None:
        if not self._pieces:
            return
        if self._first is not None:
            raw = "".join(self._pieces)
            text = clean(raw)
            if text:
                first = self._first
                self.items.append(
                    Line(
                        text,
                        first.block,
                        kind=first.kind,
                        is_bold=self._bold == self._total,
                        is_centred=first.centred,
                        is_indented=_INDENT.match(raw) is not None,
                        look=self._look,
                        is_caption_class=first.captioned,
                        link_share=self._linked / self._total,
                    )
                )
        self._pieces.clear()
        self._total = self._bold = self._linked = self._longest = 0
        self._first = None
        self._look = PLAIN

    def picture(self, element: etree._Element, context: Context) -> None:
        self.flush()
        self.items.append(Picture(element, context.block))


def flow(
    root: etree._Element,
    *watched: etree._Element,
    keep_noise: bool = False,
    most: int | None = None,
    most_after: int | None = None,
) -> Flow:
    """Walk `root` and give its lines and pictures.

    Args:
        root: the element whose content is wanted.
        watched: elements within `root` whose ranges of items are wanted.
        keep_noise: walk share bars, pagers and the like too, instead of passing over them.
        most: stop after so many items; None walks all.
        most_after: stop after so many lines that follow the last of the watched; None walks all.
    """
    builder = _Builder()
    begins: dict[etree._Element, int] = {}
    ranges: dict[etree._Element, Marker] = {}
    wanted = set(watched)
    base = Context(False, False, PLAIN, root, "paragraph", True, False, False)
    stack = [base]
    in_advert = False
    walker = etree.iterwalk(root, events=("start", "end", "comment"))
    enough, watched_end = most, 0
    for event, element in walker:
        if enough is not None and len(builder.items) >= enough:
            lacking = 0 if most_after is None else most_after - _count_lines(builder.items, watched_end)
            if lacking <= 0:
                return Flow(builder.items, ranges)
            enough = len(builder.items) + lacking
        if event == "start":
            tag = element.tag
            context = stack[-1]
            if element in wanted:
                builder.flush()
                begins[element] = len(builder.items)
            if tag in markup.BLOCK_TAGS:
                builder.flush()
            elif tag == "br":
                if context.keeps_breaks:
                    builder.flush()
                else:
                    builder.add(" ", context)
            # One call for all attributes costs less than asking for each.
            attributes = dict(element.items())
            if tag in markup.SKIPPED_TAGS or (
                attributes
                and element is not root
                and element not in wanted
                and not keep_noise
                and is_noise_element(element, attributes)
            ):
                stack.append(context)
                walker.skip_subtree()
                continue
            if tag == "img":
                if not in_advert and is_article_picture(element):
                    builder.picture(element, context)
            elif tag == "table" and element is not root and is_data_table(element):
                for row in table_rows(element):
                    builder.items.append(Line(row, element, kind="table_row"))
                stack.append(context)
                walker.skip_subtree()
                continue
            context = _enter(element, tag, attributes, context)
            stack.append(context)
            if not in_advert and (text := element.text):
                builder.add(text, context)
        elif event == "end":
            stack.pop()
            if element.tag in markup.BLOCK_TAGS:
                builder.flush()
            if element in wanted:
                builder.flush()
                ranges[element] = Marker(begins[element], len(builder.items))
                if most_after is not None and len(ranges) == len(wanted):
                    watched_end = len(builder.items)
                    enough = watched_end + most_after
            if element is not root and not in_advert and (text := element.tail):
                builder.add(text, stack[-1])
        else:
            remark = element.text or ""
            if markup.ADVERT_BEGIN.search(remark):
                in_advert = _closes(element)
            elif markup.ADVERT_END.search(remark):
                in_advert = False
            if element.tail and not in_advert:
                builder.add(element.tail, stack[-1])
    builder.flush()
    return Flow(builder.items, ranges)


def _count_lines(items: list[Item], start: int) -> int:
    return sum(isinstance(item, Line) for item in items[start:])


def _closes(begin: etree._Element) -> bool:
    """Tell whether an advert comment has its end among the following siblings: a lost end must not eat the article."""
    return any(markup.ADVERT_END.search(sibling.text or "") for sibling in begin.itersiblings(etree.Comment))


def _enter(element: etree._Element, tag: object, attributes: dict[str, str], context: Context) -> Context:
    """Give what holds inside `element`."""
    is_block = tag in markup.BLOCK_TAGS
    if not attributes and not is_block and tag not in ("b", "strong", "a", "center"):
        return context
    bold, centred, look, kind = context.bold, context.centred, context.look, context.kind
    block, keeps_breaks, in_link, captioned = context.block, context.keeps_breaks, context.in_link, context.captioned
    if is_block:
        block = element
        if tag in markup.HEADING_TAGS:
            kind, bold, keeps_breaks = "heading", True, False
        elif tag == "li":
            kind, keeps_breaks = "list_item", False
        elif tag == "center":
            centred = True
        elif tag in ("figcaption", "caption"):
            captioned, keeps_breaks = True, False
    elif tag in markup.BOLD_TAGS:
        bold = True
    elif tag == "a":
        in_link = True
    if attributes:
        if align := attributes.get("align"):
            centred = align.strip().lower() in ("center", "middle") and tag not in ("img", "table")
        if tag == "font":
            look = Look(
                attributes.get("color") or look.color,
                attributes.get("face") or look.family,
                attributes.get("size") or look.size,
            )
        if style := attributes.get("style"):
            bold, centred, look = _styled(style, bold, centred, look)
        if (names := attributes.get("class")) and markup.CAPTION_CLASS.search(names):
            captioned = True
    return Context(bold, centred, look, block, kind, keeps_breaks, in_link, captioned)


@lru_cache(maxsize=8192)
def _styled(style: str, bold: bool, centred: bool, look: Look) -> tuple[bool, bool, Look]:
    if match := markup.STYLE_BOLD.search(style):
        bold = match[1].lower().startswith("bold") or match[1][0] in "6789"
    if match := markup.STYLE_ALIGN.search(style):
        centred = "center" in match[1].lower() or (centred and match[1].lower() == "inherit")
    color, family, size = look
    if match := markup.STYLE_COLOR.search(style):
        color = match[1].strip().lower()
    if match := markup.STYLE_FAMILY.search(style):
        family = match[1].strip().lower()
    if match := markup.STYLE_SIZE.search(style):
        size = match[1].strip().lower()
    return bold, centred, Look(color, family, size)
