"""What is counted of each record: which fields are filled, what the grammars left unread, charset, template, refusals.

Counts are kept by group. Articles are grouped by template and host (`trs-2016 zjnews.zjol.com.cn`), and, with what was
refused, by host alone (`zjnews.zjol.com.cn`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pipelines.record import Article, Rejection
from pipelines.store.ledger import FAILED_REASONS, host_of
from pipelines.unread import unread_pieces

Kind = Literal["coverage", "unread", "charset", "template", "rejection"]

_FIELDS = (
    *("kicker", "subheadline", "source", "byline", "authors", "photographers", "editors", "breadcrumbs", "section"),
    *("abstract", "dateline", "images", "keywords", "copyright_notice"),
)
# The field that a refusal says is missing.
REASON_FIELDS = {
    "no_headline": "headline",
    "no_date": "date_published",
    "empty_body": "body",
    "undecodable": "encoding",
    "not_article": "template",
    "truncated": "body",
}


class Mark(NamedTuple):
    """Something a record may show: a filled field, an unread line, its charset or template, the reason of a refusal."""

    kind: Kind
    name: str


class Marked(NamedTuple):
    """A group and what a record shows in it."""

    group: str
    marks: frozenset[Mark]


def marks_of(record: Article | Rejection) -> list[Marked]:
    """Give what a record shows; nothing for a page that could not be fetched, which says nothing of the site."""
    if isinstance(record, Rejection):
        if record.reason in FAILED_REASONS or record.reason not in REASON_FIELDS:
            return []
        return [Marked(host_of(record.url), frozenset({Mark("rejection", record.reason)}))]
    host = host_of(record.url)
    shown = {Mark("coverage", field) for field in _FIELDS if getattr(record, field)}
    shown |= {Mark("coverage", "image_credit") for image in record.images if image.credit is not None}
    shown |= {Mark("unread", piece.field) for piece in unread_pieces(record)}
    shown.add(Mark("charset", record.encoding))
    return [
        Marked(f"{record.template} {host}", frozenset(shown)),
        Marked(host, frozenset({Mark("template", record.template)})),
    ]
