"""What a record must satisfy before it is stored, beyond its types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime

from pipelines.record import Article
from pipelines.text import clean

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# The site went on line in 1999; a date before is a misreading.
_EARLIEST_YEAR = 1999


def validate(article: Article) -> list[str]:
    """Give what is wrong with a record, a line a fault naming its field; empty for a sound one."""
    return list(_faults(article))


def _faults(article: Article) -> Iterator[str]:
    yield from _date_faults(article)
    for name in ("headline", "kicker", "subheadline", "source", "byline", "abstract", "section"):
        value = getattr(article, name)
        if value is not None and (not value or clean(value) != value):
            yield f"{name}: {value!r} is not in the record's normal form"
    for name in ("authors", "photographers", "editors"):
        names = [person.name for person in getattr(article, name)]
        if len(set(names)) != len(names):
            yield f"{name}: a name stands twice: {', '.join(names)}"
    pictured = [block.image for block in article.body if block.type == "image"]
    if pictured != list(range(len(article.images))):
        yield f"body: image blocks {pictured} do not show each of {len(article.images)} images once, in order"
    if article.article_body != "\n".join(block.text for block in article.body if block.text):
        yield "article_body: differs from the text of the blocks"
    if not article.page_urls:
        yield "page_urls: empty"
    if article.page_count < len(article.page_urls):
        yield f"page_count: {article.page_count} is less than the {len(article.page_urls)} pages merged"


def _date_faults(article: Article) -> Iterator[str]:
    value = article.date_published
    try:
        day = date.fromisoformat(value) if _DAY.fullmatch(value) else datetime.fromisoformat(value).date()
    except ValueError:
        yield f"date_published: {value!r} is no ISO 8601 date"
        return
    if day.year < _EARLIEST_YEAR:
        yield f"date_published: {value} is before the site existed"
