"""Statements whose SQL differs between the engines, and the pieces bulk statements are cut into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

T = TypeVar("T")

# SQLite takes at most 32,766 parameters in a statement; longer lists gain nothing.
_CHUNK = 500


def table_of(row_class: type[DeclarativeBase]) -> Table:
    """Give the table a row class maps."""
    table = row_class.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{row_class.__name__} maps no table")
    return table


def insert_missing(connection: Connection, table: Table, key: Sequence[str]) -> Insert:
    """Give an INSERT that leaves a row alone whose `key` stands there already.

    Raises:
        NotImplementedError: the engine is none of SQLite, PostgreSQL and MariaDB.
    """
    match connection.dialect.name:
        case "sqlite":
            return sqlite.insert(table).on_conflict_do_nothing(index_elements=key)
        case "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing(index_elements=key)
        case "mariadb":
            # IGNORE would swallow every other error as well.
            return mysql.insert(table).on_duplicate_key_update({key[0]: table.c[key[0]]})
        case other:
            raise NotImplementedError(f"no upsert is known for {other}")


def chunks(values: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """Give the values in lists short enough for an `IN (...)`."""
    chunk: list[T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
