"""Tables: which ones hold data, and the text of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lxml import etree

from pipelines.body import markup
from pipelines.text import clean

# A ruled column with longer cells lays out running text.
_LONGEST_CELL = 60


def _own_rows(table: etree._Element) -> Iterator[etree._Element]:
    for row in table.iter("tr"):
        owner = row.getparent()
        while owner is not None and owner.tag != "table":
            owner = owner.getparent()
        if owner is table:
            yield row


def _cells(row: etree._Element) -> list[etree._Element]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _cell_text(cell: etree._Element) -> str:
    return clean("".join(_cell_pieces(cell)))


def _cell_pieces(cell: etree._Element) -> Iterator[str]:
    for event, part in etree.iterwalk(cell, events=("start", "end", "comment")):
        skipped = part.tag in markup.SKIPPED_TAGS
        if event == "start":
            if part.tag == "br" or (part.tag in markup.BLOCK_TAGS and part is not cell):
                yield " "
            if part.text and not skipped:
                yield part.text
        else:
            if event == "end" and part.tag in markup.BLOCK_TAGS and part is not cell:
                yield " "
            if part.tail and part is not cell:
                yield part.tail


def is_data_table(table: etree._Element) -> bool:
    """Tell a table of data from one that lays out a picture, a column or a whole page.

    Data has no pictures, no table inside, and either header cells or a row with two filled cells; a table with long
    running text in a cell is a layout.
    """
    # The table inside is asked for first: in tables nested without end it is found at once.
    if len(list(islice(table.iter("table"), 2))) > 1 or next(table.iter("img"), None) is not None:
        return False
    widest = 0
    has_header = False
    for row in _own_rows(table):
        cells = _cells(row)
        has_header = has_header or any(cell.tag == "th" for cell in cells)
        filled = 0
        for cell in cells:
            if sum(1 for _ in cell.iter("p", "div")) > 3:
                return False
            if any(text.strip() for text in cell.itertext()):
                filled += 1
        widest = max(widest, filled)
    return has_header or widest >= 2 or (widest == 1 and _is_ruled_column(table))


def _is_ruled_column(table: etree._Element) -> bool:
    """Tell a table of one column by its printed border and its several short rows."""
    if (table.get("border") or "0").strip() in ("", "0"):
        return False
    texts = table_rows(table)
    return len(texts) > 1 and max(map(len, texts)) <= _LONGEST_CELL


def table_rows(table: etree._Element) -> list[str]:
    """Give the text of each row that has any: its cells joined by one space."""
    rows = []
    for row in _own_rows(table):
        text = " ".join(filter(None, (_cell_text(cell) for cell in _cells(row))))
        if text:
            rows.append(text)
    return rows
