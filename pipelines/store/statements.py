"""Statements whose SQL differs between the engines, and the pieces bulk statements are cut into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Connection, Dialect, Insert, Table, bindparam, func, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError
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


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the columns of the first: by COPY on PostgreSQL, by the driver's bulk insert elsewhere.

    Raises:
        DBAPIError: the database refuses a row; none is inserted.
    """
    if not rows:
        return
    names = tuple(rows[0])
    dialect = connection.dialect
    processors = _bind_processors(table, names, dialect)
    columns = list(zip(names, processors, strict=True))
    values = [
        tuple([row[name] if process is None else process(row[name]) for name, process in columns]) for row in rows
    ]
    listed = f"{table.name} ({', '.join(names)})"
    if dialect.name == "postgresql":
        _copy(connection, f"COPY {listed} FROM STDIN", values)
    else:
        mark = "?" if dialect.paramstyle == "qmark" else "%s"
        connection.exec_driver_sql(f"INSERT INTO {listed} VALUES ({', '.join([mark] * len(names))})", values)


@lru_cache(maxsize=256)
def _bind_processors(table: Table, names: tuple[str, ...], dialect: Dialect) -> list[Callable[[Any], Any] | None]:
    return [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]


def _copy(connection: Connection, statement: str, values: Sequence[tuple[Any, ...]]) -> None:
    driver: Any = connection.dialect.loaded_dbapi
    try:
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(statement) as copy:
            for row in values:
                copy.write_row(row)
    except driver.Error as error:
        # As SQLAlchemy would give it, had it run the statement.
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def among(connection: Connection, column: ColumnElement[T], values: Sequence[T]) -> ColumnElement[bool]:
    """Give the condition that `column` is one of `values`.

    PostgreSQL takes them as one parameter, which is quicker to send, and as rows to join with: for a prepared
    `= ANY (...)` it would compare every row of a small table with every value.
    """
    if connection.dialect.name == "postgresql":
        return column.in_(select(func.unnest(bindparam(None, list(values), type_=ARRAY(column.type)))))
    return column.in_(values)


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
