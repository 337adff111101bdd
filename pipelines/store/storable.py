"""What the tables cannot hold, found before a record comes near them: the same on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipelines.record import SCHEMA_VERSION, Article, Person, to_json
from pipelines.store.column_types import NAME_LENGTH, URL_LENGTH, WORD_LENGTH
from pipelines.store.conversion import block_columns, parse_day, parse_published

_LARGEST_INTEGER = 2**31 - 1


def storage_fault(article: Article) -> str | None:
    """Say why the tables cannot hold the record without loss, naming the field; None where they can."""
    return next(_faults(article), None)


def printable(text: str) -> str:
    """Give a text any database can keep: NULs and lone surrogates become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _faults(article: Article) -> Iterator[str]:
    if article.schema_version != SCHEMA_VERSION:
        yield f"schema_version: {article.schema_version} is not this release's {SCHEMA_VERSION}"
    yield from _character_faults(article)
    yield from _reading_faults("date_published", article.date_published, parse_published)
    if article.dateline is not None and article.dateline.date is not None:
        yield from _reading_faults("dateline.date", article.dateline.date, parse_day)
    if article.article_body != block_columns(article.body)[0]:
        yield "article_body: is not the text of the blocks of body, joined by line feeds"
    if article.section is None and article.breadcrumbs:
        yield f"section: null under the breadcrumb {article.breadcrumbs[-1].name!r}"
    if len(set(article.page_urls)) != len(article.page_urls):
        yield "page_urls: an address stands twice"
    if not 0 <= article.page_count <= _LARGEST_INTEGER:
        yield f"page_count: {article.page_count} is no count"
    yield from _length_faults(article)


def _character_faults(article: Article) -> Iterator[str]:
    try:
        line = to_json(article)
    except UnicodeEncodeError as error:
        yield f"lone surrogate {error.object[error.start]!a}: no database keeps it"
        return
    # An escaped backslash before u0000 is text that merely looks like the escape.
    if "\\u0000" in line.replace("\\\\", ""):
        yield "NUL character: PostgreSQL cannot keep it"


def _reading_faults(field: str, value: str, read: Callable[[str], object]) -> Iterator[str]:
    try:
        read(value)
    except ValueError as error:
        yield f"{field}: {error}"


def _length_faults(article: Article) -> Iterator[str]:
    for field, text, limit in _limited(article):
        if text is not None and len(text) > limit:
            yield f"{field}: {len(text)} characters, {limit} are the most: {text[:40]}..."


def _limited(article: Article) -> Iterator[tuple[str, str | None, int]]:
    yield "article_id", article.article_id, URL_LENGTH
    yield "url", article.url, URL_LENGTH
    yield "canonical_url", article.canonical_url, URL_LENGTH
    yield "encoding", article.encoding, WORD_LENGTH
    yield "source", article.source, NAME_LENGTH
    for url in article.page_urls:
        yield "page_urls", url, URL_LENGTH
    for keyword in article.keywords:
        yield "keywords", keyword, NAME_LENGTH
    for field, people in _people(article):
        for person in people:
            yield f"{field}.name", person.name, NAME_LENGTH
            yield f"{field}.affiliation", person.affiliation, NAME_LENGTH
    if article.dateline is not None:
        yield "dateline.organization", article.dateline.organization, NAME_LENGTH
    for image in article.images:
        if image.credit is not None:
            yield "images.credit.organization", image.credit.organization, NAME_LENGTH


def _people(article: Article) -> Iterator[tuple[str, list[Person]]]:
    yield "authors", article.authors
    yield "photographers", article.photographers
    yield "editors", article.editors
    yield "contributors", article.contributors
    if article.dateline is not None:
        yield "dateline.people", article.dateline.people
    for image in article.images:
        if image.credit is not None:
            yield "images.credit.people", image.credit.people
