"""Captions: which lines of a body belong to which picture."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice

from lxml import etree

from pipelines.body.items import PLAIN, Item, Line, Look, Picture
from pipelines.lines.credits import CaptionReading, read_credit, split_caption
from pipelines.lines.datelines import read_dateline
from pipelines.lines.line_reading import read_line

# Longer than this and a line is running text, whatever its look.
_LONGEST = 220
# Without a look of its own or a credit, only a short line passes for a caption.
_LONGEST_PLAIN = 120
_LONGEST_SENTENCE = 60
# Blocks that hold a picture together with its caption by their nature.
_FRAMES = frozenset(
    {"p", "li", "td", "figure", "tr", "tbody", "table", "center", "dl", "dd", "dt", "figcaption", "a", "span"}
)
_MOST_LINES = 3


class CaptionFinder:
    """Finds the caption lines of the pictures of one body, each line at most once."""

    def __init__(self, items: Sequence[Item], container: etree._Element) -> None:
        self._items = items
        self._container = container
        self._used: set[int] = set()
        self._pictures: dict[etree._Element, int] = {}
        self._look, self._centred = _usual_look(items)
        self._is_gallery = _is_gallery(items)

    def find(self, position: int) -> list[int]:
        """Give the positions of the caption lines of the picture at `position`, in reading order, and keep them."""
        picture = self._items[position]
        if not isinstance(picture, Picture):
            raise TypeError(f"item {position} is no picture")
        found = (
            self._own_block(position, picture)
            or self._cell_of_column(position, picture)
            or self._next_block(position)
            or self._previous_block(position)
        )
        self._used.update(found)
        return found

    def _free(self, position: int) -> Line | None:
        if 0 <= position < len(self._items) and position not in self._used:
            item = self._items[position]
            if isinstance(item, Line):
                return item
        return None

    def _neighbours(self, position: int, inside: Callable[[Line], bool]) -> list[int]:
        before: list[int] = []
        at = position - 1
        while (line := self._free(at)) is not None and inside(line):
            before.append(at)
            at -= 1
        after: list[int] = []
        at = position + 1
        while (line := self._free(at)) is not None and inside(line):
            after.append(at)
            at += 1
        return before[::-1] + after

    def _own_block(self, position: int, picture: Picture) -> list[int]:
        block: etree._Element | None = picture.block
        while block is not None and block is not self._container:
            if sum(1 for _ in islice(block.iter("img"), 2)) > 1 and self._pictures_in(block) > 1:
                return []
            frame = block
            own = self._neighbours(position, lambda line, frame=frame: _within(line.block, frame))  # type: ignore[misc]
            if own:
                return own if self._is_caption_block(own, frame) else []
            block = block.getparent()
        return []

    def _pictures_in(self, block: etree._Element) -> int:
        # A body may hold thousands of pictures in one block.
        if block not in self._pictures:
            found = (item for item in self._items if isinstance(item, Picture) and _within(item.block, block))
            self._pictures[block] = sum(1 for _ in islice(found, 2))
        return self._pictures[block]

    def _is_caption_block(self, own: list[int], frame: etree._Element) -> bool:
        lines = [self._line(at) for at in own]
        kind = "list_item" if _is_in_list_item(frame) else "paragraph"
        if len(lines) > _MOST_LINES or any(line.kind != kind for line in lines):
            return False
        text = " ".join(line.text for line in lines)
        if len(text) > _LONGEST:
            return False
        if any(line.is_indented and not self._stands_out(line) and not split_caption(text).credit for line in lines):
            return False
        if _is_dateline(lines[0].text):
            return False
        if frame.tag in _FRAMES or all(self._stands_out(line) for line in lines):
            return True
        if len(text) > _LONGEST_PLAIN:
            return False
        if split_caption(text).credit is not None:
            return True
        # Cards hold a picture and running text; a caption is one sentence, or two short ones.
        is_running_text = len(text) > _LONGEST_SENTENCE and text.count("。") > 1
        return not is_running_text and self._has_text_outside(frame)

    def _has_text_outside(self, frame: etree._Element) -> bool:
        return any(isinstance(item, Line) and not _within(item.block, frame) for item in self._items)

    def _cell_of_column(self, position: int, picture: Picture) -> list[int]:
        cell: etree._Element | None = picture.block
        while cell is not None and cell.tag != "td" and cell is not self._container:
            cell = cell.getparent()
        if cell is None or cell is self._container or cell.tag != "td":
            return []
        row = cell.getparent()
        column = row.index(cell) if row is not None else 0
        if row is None:
            return []
        for other in (row.getnext(), row.getprevious()):
            if other is None or other.tag != "tr" or len(other) <= column:
                continue
            below = other[column]
            if next(below.iter("img"), None) is not None:
                continue
            found = [
                at
                for at, item in enumerate(self._items)
                if isinstance(item, Line) and at not in self._used and _within(item.block, below)
            ]
            if found and len(found) <= _MOST_LINES and sum(len(self._line(at).text) for at in found) <= _LONGEST:
                return found
        return []

    def _next_block(self, position: int) -> list[int]:
        run: list[int] = []
        at = position + 1
        while len(run) < _MOST_LINES and self._free(at) is not None:
            run.append(at)
            at += 1
        for size in range(len(run), 0, -1):
            found = run[:size]
            if size > 1 and read_credit(" ".join(self._line(at).text for at in found[1:])) is None:
                continue
            if self._may_be_caption(found):
                return found
        return []

    def _previous_block(self, position: int) -> list[int]:
        line = self._free(position - 1)
        if line is None or isinstance(self._items[position - 2] if position >= 2 else None, Picture):
            return []
        if line.is_bold or not (self._stands_out(line) or split_caption(line.text).credit):
            return []
        if self._stands_out(line) and split_caption(line.text).credit is None and len(line.text) > _LONGEST_PLAIN:
            return []
        return [position - 1] if self._may_be_caption([position - 1]) else []

    def _may_be_caption(self, found: list[int]) -> bool:
        first = self._line(found[0])
        if _is_framed(first.block, self._container):
            return False
        text = " ".join(self._line(at).text for at in found)
        if first.kind != "paragraph" or len(text) > _LONGEST or _is_dateline(first.text):
            return False
        credit = split_caption(text).credit
        if credit is not None:
            return True
        if first.is_bold and first.text[-1] not in "。！？；：，…":
            return False
        if self._stands_out(first):
            return True
        return self._is_gallery and not first.is_indented and len(text) <= _LONGEST_PLAIN

    def _stands_out(self, line: Line) -> bool:
        if line.is_caption_class or (line.is_centred and not self._centred):
            return True
        return line.look != self._look and line.look != PLAIN

    def _line(self, position: int) -> Line:
        item = self._items[position]
        if not isinstance(item, Line):
            raise TypeError(f"item {position} is no line")
        return item


def read_caption(lines: Sequence[str]) -> CaptionReading:
    """Part the lines under a picture into caption and credit; the last lines may be one credit over several."""
    if len(lines) > 1 and _is_people(lines[0]) and (credit := read_credit(" ".join(lines))) is not None:
        return CaptionReading(None, credit)
    for start in range(1, len(lines)):
        credit = read_credit(" ".join(lines[start:]))
        if credit is not None and split_caption(lines[start - 1]).credit is None:
            return _with_hanging_title(lines, start) or CaptionReading(" ".join(lines[:start]), credit)
    return split_caption(" ".join(lines))


def _is_people(line: str) -> bool:
    reading = read_line(line, "photographer")
    return bool(reading.people) and reading.has_title and not reading.unread


def _with_hanging_title(lines: Sequence[str], start: int) -> CaptionReading | None:
    """Read a credit whose title hangs at the end of the line before: `灯亮了。　通讯员` / `甲 摄`."""
    *head, title = re.split(r"[ \u3000]+", lines[start - 1])
    credit = read_credit(" ".join([title, *lines[start:]])) if head else None
    if credit is None or not any(person.title == title for person in credit.people):
        return None
    kept = lines[start - 1].removesuffix(title).rstrip(" \u3000")
    return CaptionReading(" ".join([*lines[: start - 1], kept]), credit)


def _is_dateline(text: str) -> bool:
    return read_dateline(text, None) is not None


def _is_framed(block: etree._Element, container: etree._Element) -> bool:
    """Tell whether a block stands in a `figure` with a picture, which is the one it belongs to."""
    figure = next((above for above in (block, *block.iterancestors("figure")) if above.tag == "figure"), None)
    return figure is not None and figure is not container and next(figure.iter("img"), None) is not None


def _is_in_list_item(frame: etree._Element) -> bool:
    return frame.tag == "li" or next(frame.iterancestors("li"), None) is not None


def _within(element: etree._Element, frame: etree._Element) -> bool:
    current: etree._Element | None = element
    while current is not None:
        if current is frame:
            return True
        current = current.getparent()
    return False


def _usual_look(items: Sequence[Item]) -> tuple[Look, bool]:
    """Give how running text is set: the look and the centring of most characters that stand beside no picture."""
    looks: Counter[Look] = Counter()
    centred = total = 0
    for position, item in enumerate(items):
        if not isinstance(item, Line) or item.kind != "paragraph" or item.is_caption_class:
            continue
        if position and isinstance(items[position - 1], Picture) and len(item.text) < _LONGEST_PLAIN:
            continue
        looks[item.look] += len(item.text)
        total += len(item.text)
        centred += len(item.text) if item.is_centred else 0
    if not looks:
        return PLAIN, False
    return looks.most_common(1)[0][0], centred * 2 > total


def _is_gallery(items: Sequence[Item]) -> bool:
    """Tell a body where each picture has a short line after it and there is no other text."""
    pictures = sum(isinstance(item, Picture) for item in items)
    if pictures < 2:
        return False
    for position, item in enumerate(items):
        if isinstance(item, Line) and not (position and isinstance(items[position - 1], Picture)):
            return False
    return True
