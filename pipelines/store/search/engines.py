"""How each engine keeps terms and finds phrases: FTS5 on SQLite, tsvector on PostgreSQL, FULLTEXT on MariaDB."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Select, Text, TypeDecorator, literal, literal_column, select
from sqlalchemy import text as sql_text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeEngine

# The virtual table over `article_search` that SQLite searches, and the triggers that keep it true.
SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE article_search_index USING fts5("
    "terms, content='article_search', content_rowid='id', tokenize='ascii', columnsize=0)",
    "CREATE TRIGGER article_search_added AFTER INSERT ON article_search BEGIN "
    "INSERT INTO article_search_index (rowid, terms) VALUES (new.id, new.terms); END",
    "CREATE TRIGGER article_search_deleted AFTER DELETE ON article_search BEGIN "
    "INSERT INTO article_search_index (article_search_index, rowid, terms) VALUES ('delete', old.id, old.terms); END",
)


class Terms(TypeDecorator[str]):
    """Terms in order, parted by blanks: kept so, on PostgreSQL as a `tsvector`, on MariaDB written in ASCII."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the type the engine keeps terms in."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TSVECTOR())
        return dialect.type_descriptor(mysql.LONGTEXT() if dialect.name == "mariadb" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write terms as the engine keeps them."""
        if value is None or dialect.name == "sqlite":
            return value
        if dialect.name == "postgresql":
            # The server gathers the places of a term met again.
            return " ".join([f"{term}:{place}" for place, term in enumerate(value.split(" "), start=1)])
        return " ".join(map(_ascii, value.split(" ")))


# What PostgreSQL keeps at most of one term.
_MOST_PLACES = 256
_ONE_PLACE = [b"\0\0\1" + place.to_bytes(2, "big") for place in range(4096)]


def binary_tsvector(terms: str) -> bytes:
    """Give terms parted by blanks as PostgreSQL's binary `tsvector`, which it reads quicker than the text by far."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(terms.split(" "), start=1):
        if term in places:
            places[term].append(place)
        else:
            places[term] = [place]
    parts = [len(places).to_bytes(4, "big")]
    for term in sorted(places):
        parts.append(term.encode())
        own = places[term][:_MOST_PLACES]
        parts.append(_ONE_PLACE[own[0]] if len(own) == 1 else struct.pack(f">xH{len(own)}H", len(own), *own))
    return b"".join(parts)


def articles_with(connection: Connection, terms: Sequence[str], *, beginning: bool = False) -> Select[int]:
    """Give the keys of articles in one of whose rows the terms follow each other.

    Args:
        connection: tells the engine.
        terms: one or more.
        beginning: the only term is the beginning of one.

    Raises:
        NotImplementedError: the engine is none of SQLite, PostgreSQL and MariaDB.
    """
    article: ColumnElement[int] = literal_column("article_id")
    rows = select(article).select_from(sql_text("article_search"))
    match connection.dialect.name:
        case "sqlite":
            phrase = f'"{" ".join(terms)}"' + (" *" if beginning else "")
            rowid: ColumnElement[int] = literal_column("rowid")
            index = select(rowid).select_from(sql_text("article_search_index"))
            found = index.where(literal_column("article_search_index").op("MATCH")(literal(phrase)))
            return rows.where(literal_column("id").in_(found))
        case "postgresql":
            phrase = " <-> ".join(f"'{term}'" for term in terms) + (":*" if beginning else "")
            return rows.where(literal_column("terms").op("@@")(literal(phrase).cast(postgresql.TSQUERY)))
        case "mariadb":
            words = " ".join(map(_ascii, terms))
            phrase = f"{words}*" if beginning else f'"{words}"'
            return rows.where(mysql.match(literal_column("terms"), against=literal(phrase)).in_boolean_mode())
        case other:
            raise NotImplementedError(f"no full-text search is known for {other}")


def _ascii(term: str) -> str:
    # FULLTEXT takes words of three characters and more, and knows English stop words: neither is met by these.
    return f"lat{term}" if term.isascii() else "u" + "".join(f"{ord(character):06x}" for character in term)
