"""Statements whose SQL differs between the engines, and the pieces bulk statements are cut into."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    MetaData,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

T = TypeVar("T")

_BINARY_HEADER, _BINARY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"

# SQLite takes at most 32,766 parameters in a statement; longer lists gain nothing.
_CHUNK = 500
# From so many rows on PostgreSQL updates from a staging table.
_STAGED = 300


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
    with _copying(connection, statement) as copy:
        for row in values:
            copy.write_row(row)


def copy_binary(connection: Connection, table: Table, names: Sequence[str], rows: Iterable[bytes]) -> None:
    """Insert rows into a table of PostgreSQL by binary COPY, each given whole in that format.

    Raises:
        DBAPIError: the database refuses a row; none is inserted.
    """
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    with _copying(connection, statement) as copy:
        copy.write(_BINARY_HEADER)
        for row in rows:
            copy.write(row)
        copy.write(_BINARY_END)


@contextmanager
def _copying(connection: Connection, statement: str) -> Iterator[Any]:
    driver: Any = connection.dialect.loaded_dbapi
    try:
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(statement) as copy:
            yield copy
    except driver.Error as error:
        # As SQLAlchemy would give it, had it run the statement.
        raise DBAPIError.instance(statement, None, error, driver.Error, dialect=connection.dialect) from error


def update_rows(connection: Connection, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by `key`, given with it and with the columns to set; all have the columns of the first.

    On PostgreSQL many rows go by COPY into a staging table and from there into theirs in one statement.
    """
    if not rows:
        return
    names = [name for name in rows[0] if name not in key]
    if connection.dialect.name == "postgresql" and len(rows) >= _STAGED:
        staged = _staging_table(table)
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {staged.name} ON COMMIT DELETE ROWS AS "
            f"SELECT * FROM {table.name} WITH NO DATA"
        )
        connection.exec_driver_sql(f"DELETE FROM {staged.name}")
        insert_rows(connection, staged, rows)
        statement = update(table).values({name: staged.c[name] for name in names})
        connection.execute(statement.where(*(table.c[name] == staged.c[name] for name in key)))
        return
    statement = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    parameters = [
        {f"key_{name}": row[name] for name in key} | {f"new_{name}": row[name] for name in names} for row in rows
    ]
    connection.execute(statement.values(values), parameters)


@lru_cache(maxsize=64)
def _staging_table(table: Table) -> Table:
    return table.to_metadata(MetaData(), name=f"staged_{table.name}")


def among(connection: Connection, column: ColumnElement[T], values: Sequence[T]) -> ColumnElement[bool]:
    """Give the condition that `column` is one of `values`.

    PostgreSQL takes them as one parameter, which is quicker to send, and as rows to join with: for a prepared
    `= ANY (...)` it would compare every row of a small table with every value.
    """
    if connection.dialect.name == "postgresql":
        return column.in_(select(func.unnest(bindparam(None, list(values), type_=ARRAY(column.type)))))
    return column.in_(values)


def looked_up(
    connection: Connection, columns: Sequence[ColumnElement[Any]], column: ColumnElement[T], values: Sequence[T]
) -> Select[Any]:
    """Give the query for `columns` of rows whose indexed `column` is one of `values`, which are distinct.

    PostgreSQL is made to use the index for each, for while a table is filled its statistics are those of an empty one,
    and it would read the whole table instead.
    """
    if connection.dialect.name != "postgresql":
        return select(*columns).where(column.in_(values))
    wanted = (
        func.unnest(bindparam(None, list(values), type_=ARRAY(column.type)))
        .table_valued("value", name="wanted")
        .render_derived()
    )
    found = select(*columns).where(column == wanted.c.value).offset(literal_column("0")).lateral("found")
    return select(found).select_from(wanted.join(found, true()))


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


def insert_missing_names(connection: Connection, table: Table, names: Sequence[str]) -> list[tuple[str, int]]:
    """Insert names in their order, but for those there already, and give the inserted ones with their keys."""
    returned = (table.c.name, table.c.id)
    if connection.dialect.name == "postgresql":
        listed = bindparam(None, list(names), type_=ARRAY(table.c.name.type))
        insertion = postgresql.insert(table).from_select(["name"], select(func.unnest(listed)))
        rows = connection.execute(insertion.on_conflict_do_nothing().returning(*returned))
    else:
        statement = insert_missing(connection, table, ["name"]).returning(*returned)
        rows = connection.execute(statement, [{"name": name} for name in names])
    return [(name, key) for name, key in rows]


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
