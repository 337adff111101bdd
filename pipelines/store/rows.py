"""A record → the rows that keep it, as parameters of bulk statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pipelines.record import Article, Person
from pipelines.store.conversion import (
    ChannelNode,
    block_columns,
    channel_path,
    content_hash,
    parse_day,
    parse_published,
    record_hash,
)
from pipelines.store.names import NameKeys

Row = dict[str, Any]

PEOPLE_LISTS = ("authors", "photographers", "editors", "contributors")


class Derived(NamedTuple):
    """What search and reposts need of a record.

    Attributes:
        terms: its `article_search` rows as PostgreSQL takes them, but for the key.
        bands: the bands of its MinHash.
    """

    terms: list[bytes]
    bands: list[int]


class PreparedArticle(NamedTuple):
    """A record with what is worked out once: its channels and digests, `derived` where that was done beforehand."""

    article: Article
    path: list[ChannelNode]
    record_hash: str
    content_hash: str
    derived: Derived | None = None


# A prepared article with its surrogate key.
KeyedPrepared = tuple[int, PreparedArticle]


def prepare_article(article: Article) -> PreparedArticle:
    """Work out what the writer needs of a record more than once."""
    path = channel_path(article.breadcrumbs, article.section)
    return PreparedArticle(article, path, record_hash(article), content_hash(article))


def people_of(article: Article) -> Iterator[Person]:
    """Give everybody the record names, wherever they stand."""
    for field in PEOPLE_LISTS:
        yield from getattr(article, field)
    if article.dateline is not None:
        yield from article.dateline.people
    for image in article.images:
        if image.credit is not None:
            yield from image.credit.people


def organizations_of(article: Article) -> Iterator[str]:
    """Give every organization the record names, wherever it stands."""
    printed = [article.source, *(person.affiliation for person in people_of(article))]
    if article.dateline is not None:
        printed.append(article.dateline.organization)
    printed += [image.credit.organization for image in article.images if image.credit is not None]
    yield from (name for name in printed if name is not None)


def article_row(prepared: PreparedArticle, keys: NameKeys) -> Row:
    """Give the columns of `article` that the record fills."""
    article, path = prepared.article, prepared.path
    published = parse_published(article.date_published)
    dateline = article.dateline
    return {
        "article_id": article.article_id,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "template": article.template,
        "encoding": article.encoding,
        "kicker": article.kicker,
        "headline": article.headline,
        "subheadline": article.subheadline,
        "published_at": published.instant,
        "published_precision": published.precision,
        "source_id": _organization_key(article.source, keys),
        "byline": article.byline,
        "channel_id": keys.channels[path[-1].path_hash] if path else None,
        "abstract": article.abstract,
        "editors_note": article.editors_note,
        "dateline_raw": None if dateline is None else dateline.raw,
        "dateline_organization_id": None if dateline is None else _organization_key(dateline.organization, keys),
        "dateline_place": None if dateline is None else dateline.place,
        "dateline_date": None if dateline is None or dateline.date is None else parse_day(dateline.date),
        "article_body": article.article_body,
        "body_blocks": block_columns(article.body)[1],
        "copyright_notice": article.copyright_notice,
        "page_count": article.page_count,
        "content_hash": prepared.content_hash,
        "record_hash": prepared.record_hash,
    }


def url_rows(article: Article, key: int) -> dict[str, Row]:
    """Give the `article_url` rows of the record by address."""
    rows = {url: {"article_id": key, "url": url, "page_position": None} for url in (article.url, article.canonical_url)}
    for position, url in enumerate(article.page_urls):
        rows[url] = {"article_id": key, "url": url, "page_position": position}
    return rows


def contribution_rows(article: Article, key: int, keys: NameKeys) -> Iterator[Row]:
    """Give the `contribution` rows of the record."""
    for field in PEOPLE_LISTS:
        for row in _mention_rows(getattr(article, field), keys):
            yield {"article_id": key, "listed_in": field, **row}


def dateline_rows(article: Article, key: int, keys: NameKeys) -> Iterator[Row]:
    """Give the `dateline_contribution` rows of the record."""
    if article.dateline is not None:
        for row in _mention_rows(article.dateline.people, keys):
            yield {"article_id": key, **row}


def keyword_rows(article: Article, key: int, keys: NameKeys) -> Iterator[Row]:
    """Give the `article_keyword` rows of the record."""
    for position, keyword in enumerate(article.keywords):
        yield {"article_id": key, "position": position, "keyword_id": keys.keywords[keyword]}


def image_rows(article: Article, key: int, keys: NameKeys) -> Iterator[Row]:
    """Give the `image` rows of the record."""
    for position, image in enumerate(article.images):
        credit = image.credit
        yield {
            "article_id": key,
            "position": position,
            "url": image.url,
            "caption": image.caption,
            "credit_raw": None if credit is None else credit.raw,
            "credit_organization_id": None if credit is None else _organization_key(credit.organization, keys),
        }


def image_contribution_rows(article: Article, image_keys: Sequence[int], keys: NameKeys) -> Iterator[Row]:
    """Give the `image_contribution` rows of the record, its images' keys given in order."""
    for image, image_key in zip(article.images, image_keys, strict=True):
        if image.credit is not None:
            for row in _mention_rows(image.credit.people, keys):
                yield {"image_id": image_key, **row}


def _mention_rows(people: Sequence[Person], keys: NameKeys) -> Iterator[Row]:
    for position, person in enumerate(people):
        yield {
            "position": position,
            "person_id": keys.people[person.name],
            "role": person.role,
            "title": person.title,
            "affiliation_id": _organization_key(person.affiliation, keys),
        }


def _organization_key(name: str | None, keys: NameKeys) -> int | None:
    return None if name is None else keys.organizations[name]
