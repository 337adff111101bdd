"""A body's lines and pictures → its blocks, and the facts printed among them: editors, keywords, notices, notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

from lxml import etree

from pipelines.body.captions import CaptionFinder, read_caption
from pipelines.body.items import Item, Line, Picture
from pipelines.body.pictures import picture_url
from pipelines.document import Document
from pipelines.lines.datelines import read_dateline
from pipelines.lines.editors import is_editor_label, read_editor_line
from pipelines.lines.keywords import is_keywords_line, read_keywords, split_editors_line, split_keywords_line
from pipelines.lines.labels import (
    continues_copyright_notice,
    is_copyright_notice,
    is_noise,
    strip_abstract_label,
    strip_editors_note_label,
)
from pipelines.lines.signatures import read_closing_signature, read_signature
from pipelines.record import Block, BlockType, Dateline, Image, Person

# A bold line longer than this is text set in bold, not a heading.
_LONGEST_HEADING = 40
_LONGEST_VALUE = 120
_SENTENCE_ENDS = "。！？；：，…"
# Datelines stand at the head of the text; signatures at its head or end.
_HEAD_LINES = 6
_SIGNATURE_LINES = 3


class Notices(NamedTuple):
    """What lines around or inside a body say about the article instead of telling it."""

    rest: list[Item]
    editors: list[Person]
    keywords: list[str]
    copyright_lines: list[str]


class Assembly(NamedTuple):
    """A body, taken apart.

    Attributes:
        blocks, images: as in the record; `image` indexes start at 0.
        abstract, editors_note, dateline: as in the record.
        signatures: people of signature lines and of a closing bracket, in order.
        notices: editors, keywords and copyright lines found among the text.
    """

    blocks: list[Block]
    images: list[Image]
    abstract: str | None
    editors_note: str | None
    dateline: Dateline | None
    signatures: list[Person]
    notices: Notices


def take_notices(items: Sequence[Item]) -> Notices:
    """Part editor lines, keyword lines, copyright notices and noise from the rest, which keeps its order."""
    rest: list[Item] = []
    editors: list[Person] = []
    keywords: list[str] = []
    copyright_lines: list[str] = []
    position = 0
    after_noise_heading = False
    notice_box: etree._Element | None = None
    while position < len(items):
        item = items[position]
        position += 1
        if isinstance(item, Picture):
            rest.append(item)
            after_noise_heading = False
            notice_box = None
            continue
        text = item.text
        following = items[position] if position < len(items) else None
        if is_noise(text):
            after_noise_heading = True
            continue
        if after_noise_heading and item.is_row_of_links:
            continue
        after_noise_heading = False
        if is_editor_label(text) and (_is_value(following) or _names_editors(following)):
            named = read_editor_line(f"{text} {following.text}")
            if named:
                editors += named
                position += 1
                continue
        editing, tags = split_editors_line(text)
        named = read_editor_line(editing)
        if named is not None:
            editors += named
            keywords = keywords or read_keywords(tags)
            continue
        if is_keywords_line(text):
            tags, editing = split_keywords_line(text)
            if editing:
                editors += read_editor_line(editing) or []
                keywords = keywords or read_keywords(tags)
                continue
            found = _keywords(item, following)
            if found and not read_keywords(text):
                position += 1
            keywords = keywords or found
            continue
        if is_copyright_notice(text) or _goes_on(item, notice_box):
            copyright_lines.append(text)
            notice_box = item.block.getparent()
            continue
        rest.append(item)
    return Notices(rest, editors, keywords, copyright_lines)


def _goes_on(line: Line, notice_box: etree._Element | None) -> bool:
    """Tell whether a line beside a copyright notice belongs to it: a paragraph of the same box on the same matter."""
    return (
        notice_box is not None
        and line.block.getparent() is notice_box
        and not line.is_row_of_links
        and continues_copyright_notice(line.text)
    )


def _is_value(item: Item | None) -> TypeGuard[Line]:
    """Tell whether a line may be the value of a label alone in the line before: no label, link or furniture."""
    return (
        isinstance(item, Line)
        and not item.is_row_of_links
        and len(item.text) <= _LONGEST_VALUE
        and not any(mark in item.text for mark in ":：。")
        and not is_noise(item.text)
        and not is_copyright_notice(item.text)
    )


def _names_editors(item: Item | None) -> TypeGuard[Line]:
    """Tell the value of an editor's label that goes on with another: `甲 校对：乙`."""
    if not isinstance(item, Line) or len(item.text) > _LONGEST_VALUE:
        return False
    name, _, rest = item.text.partition(" ")
    return not any(mark in name for mark in ":：") and bool(read_editor_line(rest.strip()))


def _keywords(line: Line, following: Item | None) -> list[str]:
    found = read_keywords(line.text)
    if not found:
        return read_keywords(following.text) if _is_value(following) else []
    links = ["".join(link.itertext()).strip() for link in line.block.iter("a")]
    links = [link for link in links if link]
    if len(links) > 1 and len(found) == 1 and "".join(links) == found[0].replace(" ", ""):
        # Tags printed as links with nothing between them.
        return list(dict.fromkeys(links))
    return found


def assemble(items: Sequence[Item], container: etree._Element, document: Document, published: str | None) -> Assembly:
    """Turn a body's items into blocks, pictures and facts.

    Args:
        items: the container's flow.
        container: the element the items come from.
        document: the page, for absolute addresses.
        published: the article's date, for the year of its dateline; None where unknown.
    """
    notices = take_notices(_join_bold_breaks(_article_pictures(items, document)))
    abstract, rest = _take_abstract(notices.rest)
    captions = CaptionFinder(rest, container)
    caption_lines: dict[int, list[int]] = {}
    for position, item in enumerate(rest):
        if isinstance(item, Picture):
            caption_lines[position] = captions.find(position)
    taken = {position for found in caption_lines.values() for position in found}

    blocks: list[Block] = []
    images: list[Image] = []
    for position, item in enumerate(rest):
        if isinstance(item, Picture):
            lines = [_text(rest[at]) for at in caption_lines[position]]
            reading = read_caption(lines) if lines else None
            images.append(
                Image(
                    url=picture_url(item.element, document) or "",
                    caption=reading.caption if reading else None,
                    credit=reading.credit if reading else None,
                )
            )
            blocks.append(Block(type="image", image=len(images) - 1))
        elif position not in taken:
            blocks.append(Block(type=_kind(item), text=item.text))
    note, blocks = _take_editors_note(blocks, published)
    dateline = _dateline(blocks, published)
    return Assembly(blocks, images, abstract, note, dateline, _signatures(blocks), notices._replace(rest=[]))


def _text(item: Item) -> str:
    return item.text if isinstance(item, Line) else ""


def _article_pictures(items: Sequence[Item], document: Document) -> list[Item]:
    kept: list[Item] = []
    for item in items:
        if isinstance(item, Picture) and picture_url(item.element, document) is None:
            continue
        kept.append(item)
    return kept


def _join_bold_breaks(items: Sequence[Item]) -> list[Item]:
    """Make one line of a wholly bold block that `<br>` parts: inside a heading a break is a space."""
    joined: list[Item] = []
    position = 0
    while position < len(items):
        item = items[position]
        run = [item]
        while position + len(run) < len(items):
            following = items[position + len(run)]
            if not (isinstance(item, Line) and isinstance(following, Line) and following.block is item.block):
                break
            run.append(following)
        position += len(run)
        if len(run) > 1 and all(isinstance(line, Line) and line.is_bold and line.kind == "paragraph" for line in run):
            text = " ".join(_text(line) for line in run)
            if (
                isinstance(item, Line)
                and _is_heading_text(text)
                and not any(_text(line)[-1] in _SENTENCE_ENDS for line in run)
            ):
                joined.append(
                    Line(
                        text,
                        item.block,
                        is_bold=True,
                        is_centred=item.is_centred,
                        look=item.look,
                        link_share=item.link_share,
                    )
                )
                continue
        joined += run
    return joined


def _is_heading_text(text: str) -> bool:
    return len(text) <= _LONGEST_HEADING and text[-1] not in _SENTENCE_ENDS


def _kind(line: Line) -> BlockType:
    if (
        line.kind == "paragraph"
        and line.is_bold
        and _is_heading_text(line.text)
        and read_dateline(line.text, None) is None
        and read_signature(line.text) is None
        and strip_editors_note_label(line.text) is None
    ):
        return "heading"
    return line.kind


def _take_abstract(items: list[Item]) -> tuple[str | None, list[Item]]:
    for position, item in enumerate(items[:_HEAD_LINES]):
        if isinstance(item, Line) and (text := strip_abstract_label(item.text)) is not None:
            rest = items[:position] + items[position + 1 :]
            if not text and position < len(rest) and isinstance(rest[position], Line):
                text = _text(rest.pop(position))
            return text or None, rest
    return None, items


def _take_editors_note(blocks: list[Block], published: str | None) -> tuple[str | None, list[Block]]:
    for position, block in enumerate(blocks):
        text = strip_editors_note_label(block.text) if block.text else None
        if text is None:
            continue
        end = position + 1
        while end < len(blocks) and not _ends_note(blocks[end], published):
            end += 1
        if end == len(blocks):
            end = position + (1 if text else 2)
        lines = [text, *(other.text or "" for other in blocks[position + 1 : end])]
        return "\n".join(filter(None, lines)) or None, blocks[:position] + blocks[end:]
    return None, blocks


def _ends_note(block: Block, published: str | None) -> bool:
    return block.type in ("image", "heading") or read_dateline(block.text or "", published) is not None


def _dateline(blocks: list[Block], published: str | None) -> Dateline | None:
    lines = [block.text or "" for block in blocks if block.type == "paragraph"]
    for text in lines[:_HEAD_LINES]:
        if (dateline := read_dateline(text, published)) is not None:
            return dateline
    return None


def _signatures(blocks: list[Block]) -> list[Person]:
    lines = [block.text or "" for block in blocks if block.type in ("paragraph", "heading")]
    people: list[Person] = []
    edges = [
        *range(min(_SIGNATURE_LINES, len(lines))),
        *range(max(_SIGNATURE_LINES, len(lines) - _SIGNATURE_LINES), len(lines)),
    ]
    for at in edges:
        people += read_signature(lines[at]) or []
    if lines and read_signature(lines[-1]) is None:
        people += read_closing_signature(lines[-1])
    return people
