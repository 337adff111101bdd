"""What the grammars could make nothing of: kept raw in the record, and counted so that it can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.lines.bylines import read_byline
from pipelines.lines.datelines import read_dateline_fully
from pipelines.record import Article


class Unread(NamedTuple):
    """A piece of a line that was not understood, and the field it stands in: `byline`, `dateline` or `credit`."""

    field: str
    text: str


def unread_pieces(article: Article) -> list[Unread]:
    """Give what of a record's byline, dateline and picture credits names nobody although something stands there."""
    return list(_pieces(article))


def _pieces(article: Article) -> Iterator[Unread]:
    if article.byline:
        for text in read_byline(article.byline).unread:
            yield Unread("byline", text)
    if article.dateline is not None:
        reading = read_dateline_fully(article.dateline.raw, article.date_published)
        for text in reading.unread if reading else [article.dateline.raw]:
            yield Unread("dateline", text)
    for image in article.images:
        if image.credit is not None and not image.credit.people and image.credit.organization is None:
            yield Unread("credit", image.credit.raw)
