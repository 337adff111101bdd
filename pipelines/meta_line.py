"""Time, source, byline and editors: from the elements a template names, else from the lines around the headline."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from lxml import etree

from pipelines.body.items import Line
from pipelines.body.markup import SKIPPED_TAGS
from pipelines.document import Document
from pipelines.lines.dates import read_datetime
from pipelines.lines.editors import read_editor_line
from pipelines.lines.labels import is_noise, strip_abstract_label
from pipelines.lines.meta import MetaLine, read_meta_line
from pipelines.places import Places, may_head
from pipelines.record import Person
from pipelines.templates.base import Template
from pipelines.text import clean
from pipelines.title_block import fold, is_late_meta_line, is_meta_line

# Source and author stand right after an old page's body; further down such a label is another article's.
_LATE_LINES = 20
# A row of words between strokes is the page's foot, no author.
_FEW_STROKES = 2
_LONGEST_VALUE = 60
# A cell's row, then its table.
_NEAR = 2


class Meta(NamedTuple):
    """What the meta line says; None where it says nothing."""

    published: str | None
    source: str | None
    byline: str | None
    editors: list[Person]


def read_meta(document: Document, template: type[Template], places: Places) -> Meta:
    """Read the meta line: the template's elements first, then every line beside the title that looks like one.

    Old pages print source and author after the body; those lines are read last.
    """
    readings: list[MetaLine] = []
    published = source = byline = None
    dated = [element for selector in template.published for element in document.index.select(selector)]
    if (element := next((each for each in dated if may_head(each, places)), None)) is not None:
        text = _text(element)
        published = read_datetime(text)
        readings.append(read_meta_line(text))
    for selector in template.source:
        for element in document.index.select(selector):
            text = _text(element)
            reading = read_meta_line(text)
            readings.append(reading)
            if source is None:
                source = reading.source or _unlabelled(text, reading)
    for selector in template.byline:
        for element in document.index.select(selector):
            text = _text(element)
            reading = read_meta_line(text)
            readings.append(reading)
            if byline is None:
                byline = reading.byline or _unlabelled(text, reading)
    lines = [line for line in [*places.title, *places.between] if is_meta_line(line.text)]
    if not lines:
        lines = [line for line in places.before[-3:] if is_meta_line(line.text)]
    readings += [read_meta_line(text) for text in _with_values(lines, [*places.title, *places.between])]
    published = published or next((reading.date for reading in readings if reading.date), None)
    if published is None and dated:
        published = read_datetime(_text(dated[0]))
    if template.meta_after_body:
        readings += [read_meta_line(text) for text in _late_lines(places)]
    return Meta(
        published,
        source or next((reading.source for reading in readings if reading.source), None),
        byline or next((reading.byline for reading in readings if reading.byline), None),
        [person for reading in readings for person in reading.editors],
    )


def _with_values(lines: list[Line], head: list[Line]) -> list[str]:
    """Give the lines' texts; a label alone in its line (`<dt>来源：</dt>`) gets the line behind it in the head."""
    texts = []
    for line in lines:
        text = _line_text(line)
        if text.endswith((":", "：")) and line in head:
            following = next(iter(head[head.index(line) + 1 :]), None)
            if following is not None and _is_value(following, line):
                text = f"{text} {following.text}"
        texts.append(text)
    return texts


def _is_value(line: Line, label: Line) -> bool:
    return (
        line.block.getparent() is label.block.getparent()
        and len(line.text) <= _LONGEST_VALUE
        and not is_meta_line(line.text)
        and not is_noise(line.text)
        and strip_abstract_label(line.text) is None
    )


def _late_lines(places: Places) -> list[str]:
    """Give the lines after the body that open with a source or author label, each with its value's line if apart."""
    late = []
    for position, line in enumerate(places.after[:_LATE_LINES]):
        if not is_late_meta_line(line.text):
            continue
        text = _line_text(line)
        if text.endswith((":", "：")) and position + 1 < len(places.after):
            following = places.after[position + 1]
            is_furniture = following.is_row_of_links or following.text.count("|") >= _FEW_STROKES
            is_furniture = is_furniture or not _are_close(line.block, following.block)
            is_value = not is_furniture and not is_noise(following.text)
            if is_value and not is_late_meta_line(following.text) and read_editor_line(following.text) is None:
                text = f"{text} {following.text}"
        late.append(text)
    return late


def _are_close(first: etree._Element, second: etree._Element) -> bool:
    """Tell whether two blocks stand in one block or one small table."""
    near = {first, *islice(first.iterancestors(), _NEAR)}
    return second in near or any(above in near for above in second.iterancestors())


def _unlabelled(text: str, reading: MetaLine) -> str | None:
    """Give the element's own text where it carries no label at all, for then it is the value."""
    if reading.labels or reading.date or reading.source or reading.byline or reading.editors:
        return None
    return text or None


def _text(element: etree._Element) -> str:
    """Give an element's text with a blank between elements that stand side by side: style sheets part those."""
    pieces: list[str] = []
    ended = False
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            if ended:
                pieces.append(" ")
            if part.tag not in SKIPPED_TAGS:
                pieces.append(part.text or "")
            ended = False
        elif part is not element:
            pieces.append(part.tail or "")
            ended = not part.tail
    return clean("".join(pieces))


def _line_text(line: Line) -> str:
    """Give a line's text; where it is all its block holds, with side-by-side elements parted."""
    text = _text(line.block)
    return text if fold(text) == fold(line.text) else line.text
