"""PostgreSQL and MariaDB: dumped and loaded by their own tools, which must be on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import URL, Engine, inspect, text

from pipelines.store.engine import connect_database, describe, store_errors, write_transaction
from pipelines.store.migrate import latest_revision, schema_revision
from pipelines.store.views import create_views, drop_views
from zjol_crawler.backup.errors import BackupError

_DUMPED = b"-- Dump completed"


class PostgresqlDatabase:
    """A PostgreSQL database: pg_dump, pg_restore."""

    engine = "postgresql"
    file_name = "database.dump"

    def __init__(self, url: URL) -> None:
        self._url = url
        # libpq's own form of the address; the password goes another way, for all can read a command line.
        self._address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
        self._secret = {} if url.password is None else {"PGPASSWORD": str(url.password)}

    def dump(self, path: Path) -> None:
        """Write the database, as it stands at one moment, in pg_dump's custom format.

        Raises:
            BackupError: pg_dump is missing or fails.
        """
        options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={path}", f"--dbname={self._address}")
        _run(self._url, ("pg_dump",), options, self._secret)

    def verify(self, path: Path) -> None:
        """Check that pg_restore can read a dump.

        Raises:
            BackupError: it cannot.
        """
        _run(self._url, ("pg_restore",), ("--list", str(path)), {}, stdout=subprocess.DEVNULL)

    def check_free(self, *, force: bool) -> None:
        """Check that the database may be replaced.

        Raises:
            BackupError: it has tables and `force` is false.
        """
        _tool(self._url, ("pg_restore",))
        _check_empty(self._url, force=force)

    def restore(self, path: Path) -> None:
        """Replace the tables by a dump's, in one transaction.

        Raises:
            BackupError: pg_restore fails; the database is as it was.
        """
        options = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
        _run(self._url, ("pg_restore",), (*options, f"--dbname={self._address}", str(path)), self._secret)


class MariadbDatabase:
    """A MariaDB database: mariadb-dump, mariadb. Its DDL knows no transactions: a failed restore is to be redone."""

    engine = "mariadb"
    file_name = "database.sql"

    def __init__(self, url: URL) -> None:
        self._url = url
        given = {"host": url.host, "port": url.port, "user": url.username, "socket": url.query.get("unix_socket")}
        self._address = tuple(f"--{name}={value}" for name, value in given.items() if value)
        self._secret = {} if url.password is None else {"MYSQL_PWD": str(url.password)}

    def dump(self, path: Path) -> None:
        """Write the tables, as they stand at one moment, as SQL.

        Raises:
            BackupError: mariadb-dump is missing or fails.
        """
        engine = connect_database(self._url)
        try:
            with store_errors(engine):
                tables = inspect(engine).get_table_names()
        finally:
            engine.dispose()
        # Views are made anew by the release that restores: as SQL they would belong to one user.
        options = ("--single-transaction", "--default-character-set=utf8mb4", f"--result-file={path}")
        command = (*self._address, *options, str(self._url.database), *tables)
        _run(self._url, ("mariadb-dump", "mysqldump"), command, self._secret)

    def verify(self, path: Path) -> None:
        """Check that a dump ends as a whole one does.

        Raises:
            BackupError: it was cut off.
        """
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - 200))
            if _DUMPED not in stream.read():
                raise BackupError(f"{path}: stops before its end; the backup is not whole, give another one")

    def check_free(self, *, force: bool) -> None:
        """Check that the database may be replaced.

        Raises:
            BackupError: it has tables and `force` is false.
        """
        _tool(self._url, ("mariadb", "mysql"))
        _check_empty(self._url, force=force)

    def restore(self, path: Path) -> None:
        """Drop the tables and load a dump's.

        Raises:
            BackupError: the load fails; what is there is not whole, and the restore is to be run again.
        """
        engine = connect_database(self._url)
        try:
            with store_errors(engine), write_transaction(engine) as connection:
                drop_views(connection)
                connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
                for table in inspect(connection).get_table_names():
                    connection.execute(text(f"DROP TABLE `{table}`"))
                connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))
            command = (*self._address, "--default-character-set=utf8mb4", str(self._url.database))
            with path.open("rb") as stream:
                _run(self._url, ("mariadb", "mysql"), command, self._secret, stdin=stream)
            _make_views(engine)
        finally:
            engine.dispose()


def _make_views(engine: Engine) -> None:
    """Make the views; those of an older revision come with `zjol db upgrade`."""
    with store_errors(engine), write_transaction(engine) as connection:
        if schema_revision(connection) == latest_revision():
            create_views(connection)


def _check_empty(url: URL, *, force: bool) -> None:
    engine = connect_database(url)
    try:
        with store_errors(engine):
            tables = inspect(engine).get_table_names()
        if tables and not force:
            raise BackupError(f"{describe(engine)}: holds {len(tables)} tables; add --force to replace them")
    finally:
        engine.dispose()


def _tool(url: URL, names: Sequence[str]) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    shown = url.render_as_string(hide_password=True)
    raise BackupError(f"{shown}: needs {names[0]}, which is not on the PATH; install the database's client tools")


def _run(
    url: URL,
    names: Sequence[str],
    options: Sequence[str],
    secret: Mapping[str, str],
    *,
    stdin: BinaryIO | None = None,
    stdout: int | None = None,
) -> None:
    """Run a tool.

    Raises:
        BackupError: it is missing, or fails; with its own words.
    """
    command = [_tool(url, names), *options]
    done = subprocess.run(
        command, env={**os.environ, **secret}, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False
    )
    if done.returncode:
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        words = "; ".join(line.strip() for line in lines[:2]) or f"exit status {done.returncode}"
        raise BackupError(f"{url.render_as_string(hide_password=True)}: {names[0]} failed: {words}")
