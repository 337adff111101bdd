"""Opens databases: settings per engine, transactions, and errors in one line."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from pipelines.store.errors import DatabaseMissingError, StoreError

# How long a writer waits for another before it gives up, in milliseconds.
SQLITE_BUSY_TIMEOUT = 30_000
_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT}",
    "PRAGMA foreign_keys = ON",
    # Readers and a writer at the same time; a power cut may lose the last transactions, never half of one.
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # 32 MB of pages in memory, and 16 MB of log before it is copied into the file.
    "PRAGMA cache_size = -32000",
    "PRAGMA wal_autocheckpoint = 4000",
)
_BEGIN_OPTION = "zjol_sqlite_begin"
_EXAMPLES = "sqlite:///data/zjol.db, postgresql+psycopg://user@host/name or mariadb+pymysql://user@host/name"
_DRIVER_PACKAGES = {"psycopg": "psycopg[binary]", "pymysql": "pymysql"}
_REMEDIES = {
    "database is locked": "another program is writing to it; wait for it or stop it",
    "unable to open database file": "check that the path can be read and written",
    "readonly database": "check that the file and its directory can be written",
    "file is not a database": "give the path of a SQLite database or of a new file",
    "database or disk is full": "free some space and run again",
}


def open_database(url: str | URL, *, create: bool = True) -> Engine:
    """Open a database, making its tables where it has none yet.

    Args:
        url: an SQLAlchemy URL.
        create: whether an empty database, or on SQLite a missing file, gets its tables. Nothing else is ever migrated.

    Raises:
        DatabaseMissingError: there is nothing at the address and `create` is false.
        OutdatedDatabaseError: an older release made the database.
        NewerDatabaseError: a newer release made the database.
        StoreError: the database cannot be opened, or holds something else.
    """
    # Alembic is slow to load, and not every process that connects opens a database by itself.
    from pipelines.store.migrate import prepare

    engine = connect_database(url, create=create)
    try:
        with store_errors(engine), write_transaction(engine) as connection:
            prepare(connection, describe(engine), create=create)
    except StoreError:
        engine.dispose()
        raise
    return engine


def connect_database(url: str | URL, *, create: bool = False) -> Engine:
    """Give an engine set up for the address, whatever tables stand there; opens nothing but checks a SQLite path.

    Raises:
        DatabaseMissingError: there is no such SQLite file and `create` is false.
        StoreError: the address is no database URL, its driver is missing, or its directory does not exist.
    """
    try:
        parsed = make_url(url)
        arguments = _engine_arguments(parsed, create=create)
        engine = create_engine(
            parsed,
            json_serializer=_to_json,
            json_deserializer=msgspec.json.decode,
            **arguments,
        )
    except NoSuchModuleError as error:
        raise StoreError(f"{_shown(parsed)}: unknown kind of database; give a URL like {_EXAMPLES}") from error
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{url}: not a database URL; give one like {_EXAMPLES}") from error
    except ModuleNotFoundError as error:
        package = _DRIVER_PACKAGES.get(error.name or "", error.name)
        raise StoreError(f"{_shown(parsed)}: its driver is not installed; run: pip install '{package}'") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed at the end, or undone as a whole on an error.

    On SQLite it takes the write lock at once, so that it waits for another writer instead of failing half-way.
    """
    with engine.execution_options(**{_BEGIN_OPTION: "BEGIN IMMEDIATE"}).begin() as connection:
        yield connection


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database until the end, whatever others write meanwhile."""
    with engine.connect() as connection:
        if engine.dialect.name != "sqlite":
            _see_one_state(connection)
        with connection.begin():
            yield connection


def _see_one_state(connection: Connection) -> None:
    try:
        connection.execution_options(isolation_level="REPEATABLE READ")
    except connection.dialect.loaded_dbapi.Error as error:
        # SQLAlchemy lets the driver's own error through here, when a pooled connection turns out to be lost.
        connection.invalidate(error)
        raise OperationalError("SET TRANSACTION", None, error, connection_invalidated=True) from error


@contextmanager
def store_errors(engine: Engine) -> Iterator[None]:
    """Turn what the driver raises into a `StoreError` of one line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"{describe(engine)}: {database_reason(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"{describe(engine)}: {_first_line(error)}") from error


def describe(engine: Engine) -> str:
    """Give the database's address without its password."""
    return _shown(engine.url)


def database_reason(error: DBAPIError) -> str:
    """Give the database's own words in one line, with the remedy where one is known."""
    reason = _first_line(error.orig or error)
    remedy = next((remedy for words, remedy in _REMEDIES.items() if words in reason), None)
    return f"{reason}: {remedy}" if remedy else reason


def _engine_arguments(url: URL, *, create: bool) -> dict[str, Any]:
    if url.get_backend_name() != "sqlite":
        # What another writer has just committed must be seen when names are looked up a second time.
        arguments: dict[str, Any] = {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}
        if url.get_backend_name() == "postgresql":
            arguments["connect_args"] = {"options": "-c timezone=utc"}
        return arguments
    if url.database in (None, "", ":memory:"):
        # One connection for all threads: a second one would be a second, empty database.
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    if not (url.database or "").startswith("file:"):
        _check_sqlite_path(url, Path(url.database or ""), create=create)
    return {}


def _check_sqlite_path(url: URL, path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{_shown(url)}: {path} is a directory; give the path of a file in it")
    if path.exists():
        return
    if not create:
        raise DatabaseMissingError(f"{_shown(url)}: there is no database yet; crawl or ingest something first")
    if not path.parent.is_dir():
        raise StoreError(f"{_shown(url)}: the directory {path.parent} does not exist; create it or give another --db")


def _set_up_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, too late for reads and never for DDL; _begin_sqlite does it.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        _execute_patiently(cursor, pragma)
    cursor.close()


def _execute_patiently(cursor: Any, pragma: str) -> None:
    """Run a pragma, again while the file is locked: SQLite does not wait its busy timeout when it turns WAL on."""
    deadline = time.monotonic() + SQLITE_BUSY_TIMEOUT / 1000
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN"))


def _to_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
