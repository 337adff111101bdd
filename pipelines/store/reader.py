"""Rows → the very records that were stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Select, literal, or_, select, tuple_

from pipelines.record import Article, Credit, Dateline, Image, Person
from pipelines.store.channel_trails import ChannelTrails, channels_named
from pipelines.store.conversion import format_published, read_blocks
from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.schema import (
    ArticleKeywordRow,
    ArticleRow,
    ArticleUrlRow,
    ChangeCounterRow,
    ContributionRow,
    DatelineContributionRow,
    ImageContributionRow,
    ImageRow,
    KeywordRow,
    OrganizationRow,
    PersonRow,
)
from pipelines.store.statements import chunks, table_of

_BATCH = 500

_article = table_of(ArticleRow)
_source = table_of(OrganizationRow).alias("source")
_agency = table_of(OrganizationRow).alias("agency")
_affiliation = table_of(OrganizationRow).alias("affiliation")
_person = table_of(PersonRow)

# Grouped rows of the articles of a batch: article key → rows, image key → rows and so on.
_Groups = dict[Any, list[RowMapping]]


class Selection(NamedTuple):
    """Which articles are wanted; None asks for all.

    Attributes:
        since: published at this instant or later.
        until: published before this instant.
        channels: in one of the channels of these names or addresses, or in one under them.
        changed_since: stored or changed at this instant or later.
        changed_after: stored or changed by a change of a higher number than this.
    """

    since: datetime | None = None
    until: datetime | None = None
    channels: Sequence[str] = ()
    changed_since: datetime | None = None
    changed_after: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Give it as conditions on `article`."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(_article.c.published_at >= self.since)
        if self.until is not None:
            conditions.append(_article.c.published_at < self.until)
        if self.changed_since is not None:
            conditions.append(_article.c.last_changed >= self.changed_since)
        if self.changed_after is not None:
            conditions.append(_article.c.change_number > self.changed_after)
        if self.channels:
            inside = (_article.c.channel_id.in_(channels_named(channel)) for channel in self.channels)
            conditions.append(or_(*inside))
        return conditions


EVERYTHING = Selection()

# The orders articles can be read in; each ends in a unique column, by which the next batch goes on.
_ORDERS: dict[str, tuple[str, ...]] = {
    "stored": ("id",),
    "changed": ("change_number", "id"),
    "published": ("published_at", "id"),
}
Order = Literal["stored", "changed", "published"]


def read_articles(
    engine: Engine,
    selection: Selection = EVERYTHING,
    *,
    order: Order = "stored",
    taken: Callable[[int], None] | None = None,
) -> Iterator[Article]:
    """Give stored records, all of one state of the database; memory stays flat.

    Args:
        engine: the database.
        selection: which articles.
        order: as they were first stored, as they last changed, or as they were published.
        taken: told, before the first record, the number of the last change in the state that is read: reading with
            `changed_after` of that number gives what has changed since, once each.

    Raises:
        StoreError: the database cannot be read.
    """
    columns = [_article.c[name] for name in _ORDERS[order]]
    query = _article_query().where(*selection.conditions()).order_by(*columns).limit(_BATCH)
    with store_errors(engine), read_transaction(engine) as connection:
        if taken is not None:
            taken(connection.scalars(select(table_of(ChangeCounterRow).c.value)).one())
        trails = ChannelTrails()
        rows = connection.execute(query).mappings().all()
        while rows:
            yield from _records(connection, rows, trails)
            last = tuple_(*(literal(rows[-1][column.name], column.type) for column in columns))
            rows = connection.execute(query.where(tuple_(*columns) > last)).mappings().all()


def read_article(engine: Engine, article_id: str) -> Article | None:
    """Give the stored record of an id (`t20161001_1990123`), or None.

    Raises:
        StoreError: the database cannot be read.
    """
    with store_errors(engine), read_transaction(engine) as connection:
        rows = connection.execute(_article_query().where(_article.c.article_id == article_id)).mappings().all()
        return next(_records(connection, rows, ChannelTrails()), None)


def articles_by_id(engine: Engine, article_ids: Sequence[str]) -> dict[str, Article]:
    """Give the stored records of those of the ids that are stored.

    Raises:
        StoreError: the database cannot be read.
    """
    query = select(_article.c.id).order_by(_article.c.id)
    with store_errors(engine), read_transaction(engine) as connection:
        keys: list[int] = []
        for chunk in chunks(article_ids):
            keys += connection.scalars(query.where(_article.c.article_id.in_(chunk)))
        return {article.article_id: article for article in articles_by_key(connection, keys).values()}


def articles_by_key(connection: Connection, keys: Sequence[int]) -> dict[int, Article]:
    """Give the records of surrogate keys, inside the caller's transaction."""
    trails = ChannelTrails()
    articles: dict[int, Article] = {}
    for chunk in chunks(keys):
        rows = connection.execute(_article_query().where(_article.c.id.in_(chunk))).mappings().all()
        articles.update(zip((row["id"] for row in rows), _records(connection, rows, trails), strict=True))
    return articles


def _article_query() -> Select[Any]:
    return (
        select(_article, _source.c.name.label("source"), _agency.c.name.label("agency"))
        .outerjoin(_source, _source.c.id == _article.c.source_id)
        .outerjoin(_agency, _agency.c.id == _article.c.dateline_organization_id)
    )


def _records(connection: Connection, rows: Sequence[RowMapping], trails: ChannelTrails) -> Iterator[Article]:
    keys = [row["id"] for row in rows]
    trails.load(connection, {row["channel_id"] for row in rows if row["channel_id"] is not None})
    urls = _page_urls(connection, keys)
    people = _grouped(connection, _mentions(table_of(ContributionRow), keys), "article_id", "listed_in")
    dateline_people = _grouped(connection, _mentions(table_of(DatelineContributionRow), keys), "article_id")
    keywords = _keywords(connection, keys)
    images = _images(connection, keys)
    for row in rows:
        key = row["id"]
        trail = trails.trail(row["channel_id"])
        yield Article(
            url=row["url"],
            canonical_url=row["canonical_url"],
            article_id=row["article_id"],
            template=row["template"],
            encoding=row["encoding"],
            kicker=row["kicker"],
            headline=row["headline"],
            subheadline=row["subheadline"],
            date_published=format_published(row["published_at"], row["published_precision"]),
            source=row["source"],
            byline=row["byline"],
            authors=_people(people.get((key, "authors"))),
            photographers=_people(people.get((key, "photographers"))),
            editors=_people(people.get((key, "editors"))),
            contributors=_people(people.get((key, "contributors"))),
            breadcrumbs=trail.breadcrumbs,
            section=trail.section,
            abstract=row["abstract"],
            editors_note=row["editors_note"],
            dateline=_dateline(row, dateline_people.get((key,))),
            body=read_blocks(row["article_body"], row["body_blocks"]),
            article_body=row["article_body"],
            images=images.get(key, []),
            keywords=[entry["name"] for entry in keywords.get((key,), [])],
            copyright_notice=row["copyright_notice"],
            page_urls=[entry["url"] for entry in urls.get((key,), [])],
            page_count=row["page_count"],
        )


def _dateline(row: RowMapping, people: list[RowMapping] | None) -> Dateline | None:
    if row["dateline_raw"] is None:
        return None
    day = row["dateline_date"]
    return Dateline(
        raw=row["dateline_raw"],
        organization=row["agency"],
        place=row["dateline_place"],
        date=None if day is None else day.isoformat(),
        people=_people(people),
    )


def _people(rows: list[RowMapping] | None) -> list[Person]:
    return [
        Person(name=row["name"], title=row["title"], affiliation=row["affiliation"], role=row["role"])
        for row in rows or ()
    ]


def _mentions(table: Any, keys: Sequence[int]) -> Select[Any]:
    return (
        select(table, _person.c.name, _affiliation.c.name.label("affiliation"))
        .join(_person, _person.c.id == table.c.person_id)
        .outerjoin(_affiliation, _affiliation.c.id == table.c.affiliation_id)
        .where(table.c.article_id.in_(keys))
        .order_by(table.c.position)
    )


def _keywords(connection: Connection, keys: Sequence[int]) -> _Groups:
    link, keyword = table_of(ArticleKeywordRow), table_of(KeywordRow)
    query = (
        select(link.c.article_id, keyword.c.name)
        .join(keyword, keyword.c.id == link.c.keyword_id)
        .where(link.c.article_id.in_(keys))
        .order_by(link.c.position)
    )
    return _grouped(connection, query, "article_id")


def _page_urls(connection: Connection, keys: Sequence[int]) -> _Groups:
    table = table_of(ArticleUrlRow)
    query = (
        select(table.c.article_id, table.c.url)
        .where(table.c.article_id.in_(keys), table.c.page_position.is_not(None))
        .order_by(table.c.page_position)
    )
    return _grouped(connection, query, "article_id")


def _images(connection: Connection, keys: Sequence[int]) -> dict[int, list[Image]]:
    image, mention = table_of(ImageRow), table_of(ImageContributionRow)
    people = _grouped(
        connection,
        select(mention, _person.c.name, _affiliation.c.name.label("affiliation"))
        .join(image, image.c.id == mention.c.image_id)
        .join(_person, _person.c.id == mention.c.person_id)
        .outerjoin(_affiliation, _affiliation.c.id == mention.c.affiliation_id)
        .where(image.c.article_id.in_(keys))
        .order_by(mention.c.position),
        "image_id",
    )
    giver = table_of(OrganizationRow)
    query = (
        select(image, giver.c.name.label("giver"))
        .outerjoin(giver, giver.c.id == image.c.credit_organization_id)
        .where(image.c.article_id.in_(keys))
        .order_by(image.c.position)
    )
    images: dict[int, list[Image]] = {}
    for row in connection.execute(query).mappings():
        credit = None
        if row["credit_raw"] is not None:
            credit = Credit(raw=row["credit_raw"], organization=row["giver"], people=_people(people.get((row["id"],))))
        images.setdefault(row["article_id"], []).append(Image(url=row["url"], caption=row["caption"], credit=credit))
    return images


def _grouped(connection: Connection, query: Select[Any], *columns: str) -> _Groups:
    groups: _Groups = {}
    for row in connection.execute(query).mappings():
        groups.setdefault(tuple(row[column] for column in columns), []).append(row)
    return groups
