"""Articles of distinct ids → rows, by statements for all of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from pipelines.record import Article, to_dict
from pipelines.store.children import CHILDREN_BY_FIELDS, insert_children, write_urls
from pipelines.store.derive import SEARCHED_FIELDS, link_reposts, take_change_numbers, write_search_terms
from pipelines.store.names import NameKeys
from pipelines.store.reader import articles_by_key
from pipelines.store.rows import PreparedArticle, Row, article_row, organizations_of, people_of
from pipelines.store.schema import ArticleRow, RevisionRow
from pipelines.store.statements import among, chunks, insert_rows, table_of, update_rows

_article = table_of(ArticleRow)
_revision = table_of(RevisionRow)


class _Stored(NamedTuple):
    key: int
    record_hash: str
    canonical_url: str
    parser_version: str


class _Change(NamedTuple):
    key: int
    prepared: PreparedArticle
    before: Article
    fields: list[str]


def upsert_articles(
    connection: Connection, prepared: Sequence[PreparedArticle], keys: NameKeys, moment: datetime, parser_version: str
) -> Counter[str]:
    """Write records of distinct articles inside the caller's transaction, and count what became of them.

    A record under another canonical address than the stored one is a `duplicate`: the first met stands.
    """
    stored = _stored(connection, [item.article.article_id for item in prepared], lock=True)
    new: list[PreparedArticle] = []
    differing: list[PreparedArticle] = []
    outcomes: Counter[str] = Counter()
    for item in prepared:
        known = stored.get(item.article.article_id)
        if known is None:
            new.append(item)
        elif known.canonical_url != item.article.canonical_url:
            outcomes["duplicate"] += 1
        elif known.record_hash != item.record_hash:
            differing.append(item)
        else:
            outcomes["unchanged"] += 1
    _resolve_names(connection, new + differing, keys)
    outcomes["stored"] += len(new)
    outcomes["changed"] += len(differing)
    _touch(connection, [known.key for known in stored.values()], moment)
    # After the names, so that no writer waits for another's names while others wait for its numbers.
    numbers = iter(take_change_numbers(connection, len(new) + len(differing)) if new or differing else ())
    stamps = {"parser_version": parser_version, "last_changed": moment, "last_seen": moment}
    _insert(connection, new, keys, stamps | {"first_seen": moment}, numbers, stored)
    _replace(connection, _changes(connection, differing, stored), stored, keys, stamps, numbers)
    keyed = [(stored[item.article.article_id].key, item.article) for item in prepared]
    write_urls(connection, keyed, {stored[item.article.article_id].key for item in new + differing})
    return outcomes


def _stored(connection: Connection, article_ids: Iterable[str], *, lock: bool) -> dict[str, _Stored]:
    columns = (_article.c.article_id, _article.c.id, _article.c.record_hash, _article.c.canonical_url)
    stored: dict[str, _Stored] = {}
    # In one order everywhere, so that two writers never wait for each other in a circle.
    for chunk in chunks(sorted(article_ids)):
        query = select(*columns, _article.c.parser_version).where(among(connection, _article.c.article_id, chunk))
        if lock:
            query = query.order_by(_article.c.article_id).with_for_update(of=_article)
        for article_id, *rest in connection.execute(query):
            stored[article_id] = _Stored(*rest)
    return stored


def _resolve_names(connection: Connection, items: Sequence[PreparedArticle], keys: NameKeys) -> None:
    articles = [item.article for item in items]
    keys.resolve_people(connection, (person.name for article in articles for person in people_of(article)))
    keys.resolve_organizations(connection, (name for article in articles for name in organizations_of(article)))
    keys.resolve_keywords(connection, (keyword for article in articles for keyword in article.keywords))
    keys.resolve_channels(connection, (item.path for item in items))


def _touch(connection: Connection, article_keys: Sequence[int], moment: datetime) -> None:
    for chunk in chunks(sorted(article_keys)):
        connection.execute(update(_article).where(_article.c.id.in_(chunk)).values(last_seen=moment))


def _insert(
    connection: Connection,
    items: Sequence[PreparedArticle],
    keys: NameKeys,
    stamps: Row,
    numbers: Iterator[int],
    stored: dict[str, _Stored],
) -> None:
    """Insert new articles; their keys are added to `stored`."""
    if not items:
        return
    rows = [article_row(item, keys) | stamps | {"change_number": next(numbers)} for item in items]
    insert_rows(connection, _article, rows)
    stored.update(_stored(connection, [item.article.article_id for item in items], lock=False))
    keyed = [(stored[item.article.article_id].key, item) for item in items]
    insert_children(connection, [(key, item.article) for key, item in keyed], keys)
    write_search_terms(connection, keyed)
    link_reposts(connection, keyed)


def _changes(connection: Connection, items: Sequence[PreparedArticle], stored: dict[str, _Stored]) -> list[_Change]:
    before = articles_by_key(connection, [stored[item.article.article_id].key for item in items]) if items else {}
    changes: list[_Change] = []
    for item in items:
        key = stored[item.article.article_id].key
        old, new = before[key], item.article
        fields = [name for name in Article.__struct_fields__ if getattr(old, name) != getattr(new, name)]
        changes.append(_Change(key, item, old, fields))
    return changes


def _replace(
    connection: Connection,
    changes: Sequence[_Change],
    stored: dict[str, _Stored],
    keys: NameKeys,
    stamps: Row,
    numbers: Iterator[int],
) -> None:
    if not changes:
        return
    _add_revisions(connection, changes, stored, stamps["last_changed"])
    rows = [article_row(change.prepared, keys) | stamps | {"change_number": next(numbers)} for change in changes]
    update_rows(
        connection, _article, ["id"], [{"id": change.key} | row for change, row in zip(changes, rows, strict=True)]
    )
    for child, fields in CHILDREN_BY_FIELDS:
        touched = [(change.key, change.prepared.article) for change in changes if not fields.isdisjoint(change.fields)]
        child.delete(connection, touched)
        child.insert(connection, touched, keys)
    reworded = [(change.key, change.prepared) for change in changes if not SEARCHED_FIELDS.isdisjoint(change.fields)]
    write_search_terms(connection, reworded, {key for key, _ in reworded})
    link_reposts(connection, reworded, {key for key, _ in reworded})


def _add_revisions(
    connection: Connection, changes: Sequence[_Change], stored: dict[str, _Stored], moment: datetime
) -> None:
    numbers: dict[int, int] = {}
    for chunk in chunks(change.key for change in changes):
        query = (
            select(_revision.c.article_id, func.max(_revision.c.number))
            .where(_revision.c.article_id.in_(chunk))
            .group_by(_revision.c.article_id)
        )
        numbers.update((key, number) for key, number in connection.execute(query))
    connection.execute(
        insert(_revision),
        [
            {
                "article_id": change.key,
                "number": numbers.get(change.key, 0) + 1,
                "seen_at": moment,
                "parser_version": stored[change.before.article_id].parser_version,
                "record": to_dict(change.before),
                "changed_fields": change.fields,
            }
            for change in changes
        ],
    )
