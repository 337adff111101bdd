"""The rows worked out of records, kept true by the writer: search terms, reposts, change numbers."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, update

from pipelines.record import Article
from pipelines.store.near_duplicates import are_near_duplicates, fingerprints
from pipelines.store.rows import Derived, KeyedPrepared, PreparedArticle, Row
from pipelines.store.schema import ArticleFingerprintRow, ArticleRow, ArticleSearchRow, ChangeCounterRow
from pipelines.store.search.engines import binary_tsvector
from pipelines.store.search.terms import rows_of_terms
from pipelines.store.statements import chunks, copy_binary, insert_rows, looked_up, table_of, update_rows

_article = table_of(ArticleRow)
_search = table_of(ArticleSearchRow)
_fingerprint = table_of(ArticleFingerprintRow)
_counter = table_of(ChangeCounterRow)

# The record's fields that search terms and fingerprints come from.
SEARCHED_FIELDS = frozenset({"headline", "abstract", "article_body", "images"})

# Of texts repeated more often than this (a daily notice) only the first so many are compared.
_CANDIDATES = 20

_TERMS_COLUMNS = ("article_id", "field", "terms")
# How many columns, the length of the first, and the first.
_TERMS_HEAD = struct.Struct(">hiq").pack


def take_change_numbers(connection: Connection, count: int) -> range:
    """Take the next `count` numbers; other writers wait for theirs until this transaction ends.

    So numbers become visible in their order, and a reader that has seen one will not meet a smaller one later.
    """
    connection.execute(update(_counter).values(value=_counter.c.value + count))
    last: int = connection.scalars(select(_counter.c.value)).one()
    return range(last - count + 1, last + 1)


def write_search_terms(connection: Connection, articles: Sequence[KeyedPrepared], known: Collection[int] = ()) -> None:
    """Write the search terms of articles given with their keys; `known` are those that have some already."""
    for chunk in chunks(sorted(known)):
        connection.execute(delete(_search).where(_search.c.article_id.in_(chunk)))
    if connection.dialect.name == "postgresql":
        rows = (_TERMS_HEAD(3, 8, key) + row for key, item in articles for row in _binary_terms(item))
        copy_binary(connection, _search, _TERMS_COLUMNS, rows)
    else:
        insert_rows(connection, _search, [row for key, item in articles for row in search_rows(key, item.article)])


def link_reposts(
    connection: Connection,
    articles: Sequence[KeyedPrepared],
    known: Collection[int] = (),
) -> None:
    """Link articles to the earliest of the same text.

    Args:
        connection: in the caller's transaction.
        articles: articles with their keys.
        known: keys of those that have fingerprints already.
    """
    for chunk in chunks(sorted(known)):
        connection.execute(delete(_fingerprint).where(_fingerprint.c.article_id.in_(chunk)))
    bands = {key: _bands(item) for key, item in articles}
    # Before theirs are added, so that only others' come back.
    sharing = _sharing(connection, {band for own in bands.values() for band in own})
    rows = [{"band": band, "article_id": key} for key, own in bands.items() for band in own]
    insert_rows(connection, _fingerprint, rows)
    for row in rows:
        sharing.setdefault(row["band"], []).append(row["article_id"])
    first_of_text = _same_text(connection, [item.content_hash for _, item in articles if item.article.article_body])
    candidates = {
        key: sorted({other for band in own for other in sharing.get(band, ()) if other < key})[:_CANDIDATES]
        for key, own in bands.items()
    }
    earlier = {key for keys in candidates.values() for key in keys} | set(first_of_text.values())
    texts = _texts(connection, earlier)
    links: list[Row] = []
    for key, item in sorted(articles, key=lambda entry: entry[0]):
        article = item.article
        first = first_of_text.get(item.content_hash, key) if article.article_body else key
        if first >= key:
            alike = (other for other in candidates[key] if are_near_duplicates(article.article_body, texts[other].body))
            first = next(alike, key)
        origin = None if first >= key else texts[first].duplicate_of or first
        if key in texts:
            texts[key] = texts[key]._replace(duplicate_of=origin)
        if origin is not None or key in known:
            links.append({"id": key, "duplicate_of_id": origin})
    update_rows(connection, _article, ["id"], links)


class _Text(NamedTuple):
    body: str
    duplicate_of: int | None


def work_out(article: Article) -> Derived:
    """Work out what search and reposts need of a record, in the form PostgreSQL takes."""
    return Derived(_binary_rows(article), fingerprints(article.article_body))


def _binary_terms(item: PreparedArticle) -> list[bytes]:
    return _binary_rows(item.article) if item.derived is None else item.derived.terms


def _bands(item: PreparedArticle) -> list[int]:
    return fingerprints(item.article.article_body) if item.derived is None else item.derived.bands


def _binary_rows(article: Article) -> list[bytes]:
    rows: list[bytes] = []
    for row in search_rows(0, article):
        field, vector = row["field"].encode(), binary_tsvector(row["terms"])
        rows.append(b"".join((len(field).to_bytes(4, "big"), field, len(vector).to_bytes(4, "big"), vector)))
    return rows


def search_rows(key: int, article: Article) -> Iterator[Row]:
    """Give the `article_search` rows of an article given with its key."""
    captions = "\n".join(image.caption or "" for image in article.images)
    for field, text in (
        ("headline", article.headline),
        ("abstract", article.abstract or ""),
        ("article_body", article.article_body),
        ("caption", captions),
    ):
        for found in rows_of_terms(text):
            yield {"article_id": key, "field": field, "terms": found}


def _same_text(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    first: dict[str, int] = {}
    for chunk in chunks(sorted(set(digests))):
        query = looked_up(connection, (_article.c.content_hash, _article.c.id), _article.c.content_hash, chunk)
        for digest, key in connection.execute(query):
            first[digest] = min(key, first.get(digest, key))
    return first


def _sharing(connection: Connection, bands: set[int]) -> dict[int, list[int]]:
    sharing: dict[int, list[int]] = {}
    for chunk in chunks(sorted(bands)):
        columns = (_fingerprint.c.band, _fingerprint.c.article_id)
        for band, key in connection.execute(looked_up(connection, columns, _fingerprint.c.band, chunk)):
            sharing.setdefault(band, []).append(key)
    return sharing


def _texts(connection: Connection, keys: set[int]) -> dict[int, _Text]:
    texts: dict[int, _Text] = {}
    for chunk in chunks(sorted(keys)):
        query = select(_article.c.id, _article.c.article_body, _article.c.duplicate_of_id)
        texts.update((key, _Text(*rest)) for key, *rest in connection.execute(query.where(_article.c.id.in_(chunk))))
    return texts
