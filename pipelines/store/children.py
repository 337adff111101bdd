"""The rows that hang on an article: credits, keywords, pictures and addresses, written for many articles at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Table, delete, select

from pipelines.record import Article
from pipelines.store.names import NameKeys
from pipelines.store.rows import (
    PEOPLE_LISTS,
    Row,
    contribution_rows,
    dateline_rows,
    image_contribution_rows,
    image_rows,
    keyword_rows,
    url_rows,
)
from pipelines.store.schema import (
    ArticleKeywordRow,
    ArticleUrlRow,
    ContributionRow,
    DatelineContributionRow,
    ImageContributionRow,
    ImageRow,
)
from pipelines.store.statements import among, chunks, insert_rows, table_of, update_rows

# An article with its surrogate key.
KeyedArticle = tuple[int, Article]


class Children(Protocol):
    """The rows of one kind that hang on articles."""

    def insert(self, connection: Connection, articles: Sequence[KeyedArticle], keys: NameKeys) -> None:
        """Add the rows of these articles, which have none yet."""

    def delete(self, connection: Connection, articles: Sequence[KeyedArticle]) -> None:
        """Take all rows of these articles away."""


class _SimpleChildren(NamedTuple):
    table: Table
    rows_of: Callable[[Article, int, NameKeys], Iterator[Row]]

    def insert(self, connection: Connection, articles: Sequence[KeyedArticle], keys: NameKeys) -> None:
        insert_rows(
            connection, self.table, [row for key, article in articles for row in self.rows_of(article, key, keys)]
        )

    def delete(self, connection: Connection, articles: Sequence[KeyedArticle]) -> None:
        for chunk in chunks(key for key, _ in articles):
            connection.execute(delete(self.table).where(self.table.c.article_id.in_(chunk)))


class _Images(NamedTuple):
    """Pictures with those named in their credits, which go with them by `ON DELETE CASCADE`."""

    images: _SimpleChildren

    def insert(self, connection: Connection, articles: Sequence[KeyedArticle], keys: NameKeys) -> None:
        pictured = [(key, article) for key, article in articles if article.images]
        self.images.insert(connection, pictured, keys)
        table = self.images.table
        image_keys: dict[int, list[int]] = {}
        for chunk in chunks(key for key, _ in pictured):
            query = select(table.c.article_id, table.c.id).where(among(connection, table.c.article_id, chunk))
            for article_key, image_key in connection.execute(query.order_by(table.c.position)):
                image_keys.setdefault(article_key, []).append(image_key)
        mentions = [row for key, article in pictured for row in image_contribution_rows(article, image_keys[key], keys)]
        insert_rows(connection, table_of(ImageContributionRow), mentions)

    def delete(self, connection: Connection, articles: Sequence[KeyedArticle]) -> None:
        self.images.delete(connection, articles)


# Which fields of the record the rows of each kind come from: they are rewritten when one of these changes.
CHILDREN_BY_FIELDS: tuple[tuple[Children, frozenset[str]], ...] = (
    (_SimpleChildren(table_of(ContributionRow), contribution_rows), frozenset(PEOPLE_LISTS)),
    (_SimpleChildren(table_of(DatelineContributionRow), dateline_rows), frozenset({"dateline"})),
    (_SimpleChildren(table_of(ArticleKeywordRow), keyword_rows), frozenset({"keywords"})),
    (_Images(_SimpleChildren(table_of(ImageRow), image_rows)), frozenset({"images"})),
)


def insert_children(connection: Connection, articles: Sequence[KeyedArticle], keys: NameKeys) -> None:
    """Add all rows that hang on these new articles, but for their addresses."""
    for child, _ in CHILDREN_BY_FIELDS:
        child.insert(connection, articles, keys)


def write_urls(connection: Connection, articles: Sequence[KeyedArticle], written: set[int]) -> None:
    """Add the addresses of records.

    Args:
        connection: in the caller's transaction.
        articles: records with the keys of their articles.
        written: keys of those whose record is the one that now stands; their page positions follow it, and those of the
            others, met again, stay.
    """
    table = table_of(ArticleUrlRow)
    known: dict[int, dict[str, int | None]] = {}
    for chunk in chunks(key for key, _ in articles):
        query = select(table.c.article_id, table.c.url, table.c.page_position).where(
            among(connection, table.c.article_id, chunk)
        )
        for key, url, position in connection.execute(query):
            known.setdefault(key, {})[url] = position
    new: list[Row] = []
    moved: list[Row] = []
    for key, article in articles:
        wanted = url_rows(article, key)
        there = known.get(key, {})
        if key in written:
            new += [row for url, row in wanted.items() if url not in there]
            moved += _moved(key, there, wanted)
        else:
            new += [row | {"page_position": None} for url, row in wanted.items() if url not in there]
    insert_rows(connection, table, new)
    update_rows(connection, table, ["article_id", "url"], moved)


def _moved(key: int, there: Mapping[str, int | None], wanted: Mapping[str, Row]) -> Iterator[Row]:
    for url, position in there.items():
        now = wanted[url]["page_position"] if url in wanted else None
        if now != position:
            yield {"article_id": key, "url": url, "page_position": now}
