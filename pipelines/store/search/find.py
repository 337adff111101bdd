"""Finds articles: the engine tells which match, and one ranking for all engines puts them in order."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, and_, func, not_, or_, select

from pipelines.store.channel_trails import channels_named
from pipelines.store.conversion import format_published
from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.schema import (
    ArticleRow,
    ContributionRow,
    DatelineContributionRow,
    ImageContributionRow,
    ImageRow,
    PersonRow,
)
from pipelines.store.search.engines import articles_with
from pipelines.store.search.query import Both, Condition, Either, Phrase, Without, parse_query, wanted_phrases
from pipelines.store.search.terms import fold
from pipelines.store.statements import chunks, table_of

_article = table_of(ArticleRow)

# What a word weighs where it stands.
_WEIGHTS = {"headline": 8.0, "abstract": 3.0, "caption": 2.0, "article_body": 1.0}
# Of more matches than this only the newest are ranked.
_RANKED = 2000
# How often counts that do not agree are asked for again, and the pause between in seconds.
_ATTEMPTS, _PAUSE = 20, 0.05
# Characters shown before and after a word.
_CONTEXT = 24


class Snippet(NamedTuple):
    """A piece of text around words found.

    Attributes:
        field: the part of the article: `headline`, `abstract`, `caption` or `article_body`.
        text: the piece, `…` where it is cut.
        matches: where the words stand in it, as pairs of start and end.
    """

    field: str
    text: str
    matches: list[tuple[int, int]]


class Hit(NamedTuple):
    """An article found.

    Attributes:
        article_id: the site's own id.
        url: its address.
        headline: its headline.
        date_published: as in the record.
        score: how well it fits; only its order means something.
        snippets: the words in context, the weightiest part first.
    """

    article_id: str
    url: str
    headline: str
    date_published: str
    score: float
    snippets: list[Snippet]


class Hits(NamedTuple):
    """The best hits, and how many articles match in all."""

    total: int
    hits: list[Hit]


def search(
    engine: Engine,
    words: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    channel: str | None = None,
    person: str | None = None,
    limit: int = 20,
) -> Hits:
    """Find articles by words in headline, abstract, body and captions.

    Args:
        engine: the database.
        words: a query: words that must all stand in the article, "a phrase", AND, OR, NOT, brackets.
        since: published at this instant or later.
        until: published before this instant.
        channel: in the channel of this name or address, or in one under it.
        person: named in the article, its dateline or a credit, in whatever role.
        limit: how many hits at most.

    Raises:
        QueryError: the words cannot be searched for.
        StoreError: the database cannot be read.
    """
    query = parse_query(words)
    phrases = wanted_phrases(query)
    with store_errors(engine), read_transaction(engine) as connection:
        conditions = [_condition(connection, query)]
        if since is not None:
            conditions.append(_article.c.published_at >= since)
        if until is not None:
            conditions.append(_article.c.published_at < until)
        if channel is not None:
            conditions.append(_article.c.channel_id.in_(channels_named(channel)))
        if person is not None:
            conditions.append(_names(person))
        total, keys = _matches(connection, conditions)
        hits = sorted(_hits(connection, keys, phrases), key=lambda entry: entry[0])
    return Hits(total, [hit for _, hit in hits[:limit]])


def _matches(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> tuple[int, Sequence[int]]:
    """Give how many articles match, and the keys of the newest.

    While MariaDB moves new words from its cache to its index, for a moment a search misses some of them, and two that
    should see the same do not: both are asked again until they agree.
    """
    newest = (_article.c.published_at.desc(), _article.c.article_id)
    for _ in range(_ATTEMPTS):
        total = connection.scalars(select(func.count()).select_from(_article).where(*conditions)).one()
        keys = connection.scalars(select(_article.c.id).where(*conditions).order_by(*newest).limit(_RANKED)).all()
        if len(keys) == min(total, _RANKED):
            break
        time.sleep(_PAUSE)
    return total, keys


def _condition(connection: Connection, query: Condition) -> ColumnElement[bool]:
    match query:
        case Phrase(_, found):
            return and_(*_phrase_conditions(connection, found))
        case Both(left, right):
            return and_(_condition(connection, left), _condition(connection, right))
        case Either(left, right):
            return or_(_condition(connection, left), _condition(connection, right))
        case Without(inner):
            return not_(_condition(connection, inner))


def _phrase_conditions(connection: Connection, found: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    last = found[-1]
    terms = [term for run in found[:-1] for term in run.terms()] + last.terms(whole=False)
    if terms:
        yield _article.c.id.in_(articles_with(connection, terms))
    if not last.is_word and len(last.text) == 1:
        yield _article.c.id.in_(articles_with(connection, [last.text], beginning=True))


def _names(person: str) -> ColumnElement[bool]:
    people = table_of(PersonRow)
    key = select(people.c.id).where(people.c.name == person).scalar_subquery()
    whole, dateline, credit = map(table_of, (ContributionRow, DatelineContributionRow, ImageContributionRow))
    image = table_of(ImageRow)
    return or_(
        _article.c.id.in_(select(whole.c.article_id).where(whole.c.person_id == key)),
        _article.c.id.in_(select(dateline.c.article_id).where(dateline.c.person_id == key)),
        _article.c.id.in_(
            select(image.c.article_id).join(credit, credit.c.image_id == image.c.id).where(credit.c.person_id == key)
        ),
    )


def _hits(
    connection: Connection, keys: Sequence[int], phrases: Sequence[Phrase]
) -> Iterator[tuple[tuple[float, float, str], Hit]]:
    """Give hits with what they are sorted by."""
    image = table_of(ImageRow)
    wanted = [fold(phrase.text) for phrase in phrases]
    for chunk in chunks(keys):
        captions: dict[int, list[str]] = {}
        pictured = select(image.c.article_id, image.c.caption).where(
            image.c.article_id.in_(chunk), image.c.caption.is_not(None)
        )
        for key, caption in connection.execute(pictured.order_by(image.c.article_id, image.c.position)):
            captions.setdefault(key, []).append(caption)
        for row in connection.execute(select(_article).where(_article.c.id.in_(chunk))).mappings():
            hit = _hit(row, "\n".join(captions.get(row["id"], [])), wanted)
            yield (-hit.score, -row["published_at"].timestamp(), hit.article_id), hit


def _hit(row: RowMapping, caption: str, wanted: Sequence[str]) -> Hit:
    parts = {
        "headline": row["headline"],
        "abstract": row["abstract"] or "",
        "caption": caption,
        "article_body": row["article_body"],
    }
    score = 0.0
    snippets: list[Snippet] = []
    for field, text in parts.items():
        folded = fold(text)
        counts = [folded.count(word) for word in wanted]
        score += _WEIGHTS[field] * sum(map(math.log1p, counts))
        if any(counts):
            snippets.append(_snippet(field, text, folded, wanted))
    published = format_published(row["published_at"], row["published_precision"])
    return Hit(row["article_id"], row["url"], row["headline"], published, round(score, 4), snippets)


def _snippet(field: str, text: str, folded: str, wanted: Sequence[str]) -> Snippet:
    first = min(place for word in wanted if (place := folded.find(word)) >= 0)
    start, end = max(first - _CONTEXT, 0), min(first + 2 * _CONTEXT, len(text))
    if field == "headline":
        start, end = 0, len(text)
    opening = "…" if start > 0 else ""
    piece = opening + text[start:end].replace("\n", " ") + ("…" if end < len(text) else "")
    shift = len(opening) - start
    spans = sorted(
        {(at + shift, at + shift + len(word)) for word in wanted for at in _places(folded, word, start, end)}
    )
    return Snippet(field, piece, _joined(spans))


def _places(folded: str, word: str, start: int, end: int) -> Iterator[int]:
    at = folded.find(word, start, end)
    while at >= 0:
        yield at
        at = folded.find(word, at + len(word), end)


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
