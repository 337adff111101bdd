"""Headline, kicker and subheadline: read by where their lines stand, names of classes only as a last hint."""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from pipelines.body.flow import flow
from pipelines.body.items import Line
from pipelines.document import Document
from pipelines.lines.dates import read_datetime
from pipelines.lines.labels import is_noise, strip_abstract_label
from pipelines.templates.base import Template
from pipelines.text import clean

# Words by which class names and ids tell the lines of a title block apart, pinyin included.
_KICKER_NAME = re.compile(
    r"kicker|yin_?ti|yinti|jianti|shoulder|pretitle|pre[-_]|eyebrow|up_?title|toptit", re.IGNORECASE
)
_SUBHEADLINE_NAME = re.compile(r"sub|fu_?ti|futi|second|deck|down_?title|vice|desc", re.IGNORECASE)
_META = re.compile(
    r"(?:来源|稿源|文章来源|信息来源|作者|发布时间|发布日期|发表时间|时间|责任编辑|责编|编辑|记者|发布人|日期)\s*[:：]"
)
_LATE_META = re.compile(r"[（(【\[]?\s*(?:文章|本文|稿件)?(?:来源|稿源|作者)\s*[:：]")
_CLOCK = re.compile(r"\d{1,2}\s*[:：]\s*\d{2}")
_DATE_FIRST = re.compile(r"^\s*(?:\d{2,4}\s*[-年/.]\s*\d{1,2}\s*[-月/.]|[〇○零一二三四五六七八九]{4}年)")
_BREADCRUMB = re.compile(r"(?:当前位置|现在位置|您的位置|所在位置|当前的位置)|[^<]\s*(?:>|&gt;|»|›)\s*\S")
_COUNTER = re.compile(r"^[\s\d,.:：/()（）+\-|]*$")
_STYLE_SIZE = re.compile(r"(?<![\w-])font-size\s*:\s*([\d.]+)\s*(px|pt)?", re.IGNORECASE)
_LONGEST_LINE = 90
_LONGEST_BLOCK = 400
_LEAST_MATCH = 4
# Selectors that name no title, but tags that titles share with headings of boxes and with centred cells.
_GENERIC = re.compile(r"[a-z\d]+(?:\[[^\]]*\])?(?: > [a-z]+)?")
# Subheadline, share bar and font switch may stand between a title and its line of time and source.
_LINES_TO_META = 5
_FONT_SIZES = {"xx-small": 1, "x-small": 2, "small": 3, "medium": 4, "large": 5, "x-large": 6, "xx-large": 7}


class Title(NamedTuple):
    """The lines of a title block."""

    kicker: str | None
    headline: str | None
    subheadline: str | None


def fold(text: str) -> str:
    """Give the text without any white space, to compare lines that differ only in it."""
    return "".join(text.split())


def is_meta_line(text: str) -> bool:
    """Tell the line of time and source: it begins with a date, holds date and clock, or a label such as 来源：."""
    if _META.search(text):
        return True
    if len(text) > 120 or read_datetime(text) is None:
        return False
    return _CLOCK.search(text) is not None or _DATE_FIRST.match(text) is not None


def is_late_meta_line(text: str) -> bool:
    """Tell a line that is nothing but a source or author label and its value, as old pages print after the body."""
    return len(text) <= _LONGEST_LINE and _LATE_META.match(text) is not None


def stands_above_meta_line(title: etree._Element) -> bool:
    """Tell whether one of the few lines right below a title, in its block or the next, is that of time and source."""
    left = _LINES_TO_META
    current = title
    while left > 0 and current.tag not in ("body", "html"):
        for sibling in current.itersiblings(etree.Element):
            lines = [item for item in flow(sibling, most=left).items if isinstance(item, Line)]
            if any(is_meta_line(line.text) for line in lines):
                return True
            left -= len(lines)
        parent = current.getparent()
        if parent is None:
            break
        current = parent
    return False


def is_title_line(line: Line) -> bool:
    """Tell whether a line beside the headline may be kicker or subheadline."""
    text = line.text
    return (
        len(text) <= _LONGEST_LINE
        and line.kind in ("paragraph", "heading")
        and line.link_share < 0.5
        and not is_noise(text)
        and not _COUNTER.match(text)
        and not is_meta_line(text)
        and not _BREADCRUMB.search(text)
        and strip_abstract_label(text) is None
    )


class HeadlineFinder:
    """Finds the element of the title block on one page."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._title = fold(document.title)

    def find(self, template: type[Template]) -> etree._Element | None:
        """Give the first candidate whose text the page's `<title>` repeats, else the largest, else the first."""
        found: list[tuple[etree._Element, str]] = []
        for selector in template.headline:
            for element in self._document.index.select(selector):
                printed = _short_text(element, _LONGEST_BLOCK)
                text = fold(printed)
                if not text or is_meta_line(text) or is_noise(clean(printed)):
                    continue
                if self._title and _repeats(self._title, text):
                    return element
                found.append((element, selector))
            if found and not _GENERIC.fullmatch(selector):
                break
        is_named = any(not _GENERIC.fullmatch(selector) for _, selector in found)
        if not (is_named and template.title_names) and (repeated := self._repeated_title()) is not None:
            # The page's own word weighs more than a tag, or a name that other things bear too.
            return repeated
        return _largest_or_first(found)

    def _repeated_title(self) -> etree._Element | None:
        """Give the innermost element whose whole text the page's `<title>` opens with, whatever its name."""
        if len(self._title) < _LEAST_MATCH:
            return None
        for element in self._document.body.iter(
            "h1", "h2", "h3", "h4", "div", "span", "td", "p", "font", "b", "strong"
        ):
            text = fold(_short_text(element, _LONGEST_LINE))
            if len(text) >= 2 * _LEAST_MATCH and self._title.startswith(text):
                return element
        return None


def _short_text(element: etree._Element, most: int) -> str:
    """Give an element's text, or nothing where it has more than `most` characters besides blanks."""
    pieces: list[str] = []
    size = 0
    for piece in element.itertext():
        size += len(fold(piece))
        if size > most:
            return ""
        pieces.append(piece)
    return "".join(pieces)


def _largest_or_first(found: list[tuple[etree._Element, str]]) -> etree._Element | None:
    """Give the element set in the largest type, up to the first selector that means no mere cell, else the first."""
    first: etree._Element | None = None
    largest: tuple[int, etree._Element] | None = None
    for position, (element, selector) in enumerate(found):
        size = _font_size(element)
        if size and (largest is None or size > largest[0]):
            largest = (size, element)
        if first is None:
            first = element
        is_last_of_selector = position + 1 == len(found) or found[position + 1][1] != selector
        if is_last_of_selector and largest is None and first.tag != "td":
            break
    if largest is not None and (first is None or first.tag in ("td", "div", "p")):
        return largest[1]
    return first


def _repeats(title: str, text: str) -> bool:
    if len(text) < _LEAST_MATCH:
        return False
    parts = [part for part in re.split(r"[-_|—–]", title) if not part.startswith("浙江在线")]
    longest = max(parts, key=len, default="")
    if text in title:
        # Its other parts are names of the site and its channels, which navigation and footer print too.
        return text == longest or (text not in parts and not text.startswith("浙江在线"))
    return len(longest) >= _LEAST_MATCH and longest in text


def _font_size(element: etree._Element) -> int:
    size = 0
    for part in (element, *element.iter("font", "span", "b", "strong")):
        if (value := part.get("size")) and part.tag == "font":
            digits = re.sub(r"\D", "", value)
            size = max(size, (int(digits[:2]) if digits else 0) * 5)
        style = part.get("style") or ""
        if match := _STYLE_SIZE.search(style):
            size = max(size, int(float(match[1]) * (1.3 if (match[2] or "").lower() == "pt" else 1)))
    return size


def read_title(lines: list[Line], before: list[Line], between: list[Line], page_title: str) -> Title:
    """Read the title block.

    Args:
        lines: the title block's own lines.
        before: lines above it, nearest last.
        between: lines below it, up to the body.
        page_title: the page's `<title>`, which repeats the headline.
    """
    own = [line for line in lines if not is_meta_line(line.text) and not is_noise(line.text)]
    if not own:
        return Title(None, None, None)
    start, end = _headline_range(own, fold(page_title))
    headline = " ".join(line.text for line in own[start:end])
    above = [*_nearest(before, own[0]), *own[:start]]
    below = [*own[end:], *between]
    kicker = above[-1].text if above and is_title_line(above[-1]) else None
    subheadline = None
    for line in below:
        if is_noise(line.text) or _COUNTER.match(line.text):
            continue
        if is_title_line(line):
            subheadline = line.text
        break
    return Title(kicker, headline, subheadline)


def _nearest(before: list[Line], title: Line) -> list[Line]:
    """Give the lines above the title from the nearest that is no share bar, font switch or counter."""
    kept = list(before)
    while kept and (is_noise(kept[-1].text) or _COUNTER.match(kept[-1].text)):
        kept.pop()
    return kept


def _headline_range(lines: list[Line], page_title: str) -> tuple[int, int]:
    """Give which of the title block's lines are the headline: lines of one block may be several of it."""
    runs = _runs(lines)
    if len(runs) == 1 and runs[0][1] - runs[0][0] == 1:
        return runs[0]
    matches = [
        (start, end)
        for first, last in runs
        for start in range(first, last)
        for end in range(start + 1, last + 1)
        if _in_title("".join(line.text for line in lines[start:end]), page_title)
    ]
    tags = [(start, end) for start, end in runs if any(_tag(lines[start]) == level for level in ("h1", "h2", "h3"))]
    if tags:
        tags.sort(key=lambda span: _tag(lines[span[0]]))
        best = [span for span in tags if _tag(lines[span[0]]) == _tag(lines[tags[0][0]])]
        for span in best:
            if span in matches:
                return span
        return best[0]
    if matches:
        start, end = max(matches, key=lambda span: sum(len(line.text) for line in lines[span[0] : span[1]]))
        return start, _end_of_headline(lines, runs, start, end)
    if len(runs) == 1:
        return runs[0]
    plain = [span for span in runs if not _is_side_line(lines[span[0]])]
    largest = max(runs, key=lambda span: _font_size(lines[span[0]].block))
    if _font_size(lines[largest[0]].block):
        return largest
    return plain[0] if plain else runs[0]


def _end_of_headline(lines: list[Line], runs: list[tuple[int, int]], start: int, end: int) -> int:
    """Follow a headline that `<title>` repeats only the beginning of: lines after a break, set like the first."""
    last = next(run_end for run_start, run_end in runs if run_start <= start < run_end)
    if _are_wrapped_apart(lines[start].block):
        return end
    while end < last and lines[end].look == lines[start].look and lines[end].is_bold == lines[start].is_bold:
        end += 1
    return end


def _are_wrapped_apart(block: etree._Element) -> bool:
    """Tell whether the lines that `<br>` parts stand in elements of their own: then they are different things."""
    for line_break in block.iter("br"):
        holder = line_break.getparent()
        if holder is None or (holder.text or "").strip():
            return False
        return sum(1 for part in holder if part.tag != "br" and "".join(part.itertext()).strip()) > 1
    return False


def _in_title(text: str, page_title: str) -> bool:
    folded = fold(text)
    return len(folded) >= _LEAST_MATCH and folded in page_title


def _runs(lines: list[Line]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for position, line in enumerate(lines):
        if runs and lines[position - 1].block is line.block:
            runs[-1] = (runs[-1][0], position + 1)
        else:
            runs.append((position, position + 1))
    return runs


def _tag(line: Line) -> str:
    tag = line.block.tag
    return tag if isinstance(tag, str) else ""


def _is_side_line(line: Line) -> bool:
    names = f"{line.block.get('class') or ''} {line.block.get('id') or ''}"
    return bool(_KICKER_NAME.search(names) or _SUBHEADLINE_NAME.search(names))
