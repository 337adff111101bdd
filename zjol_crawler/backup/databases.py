"""The databases that can be backed up, each in its engine's own way."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from zjol_crawler.backup.errors import BackupError
from zjol_crawler.backup.servers import MariadbDatabase, PostgresqlDatabase
from zjol_crawler.backup.sqlite_file import SqliteDatabase


class Database(Protocol):
    """A database to back up or restore.

    Attributes:
        engine: its engine's name.
        file_name: what a backup calls its file.
    """

    engine: str
    file_name: str

    def dump(self, path: Path) -> None:
        """Write the database, as it stands at one moment, to a new file.

        Raises:
            BackupError: it cannot be read, or the file not written.
        """

    def verify(self, path: Path) -> None:
        """Check a file that `dump` wrote.

        Raises:
            BackupError: it is not whole.
        """

    def check_free(self, *, force: bool) -> None:
        """Check that the database may be replaced: it is empty, or `force` is given, and nobody writes to it.

        Raises:
            BackupError: it may not.
        """

    def restore(self, path: Path) -> None:
        """Replace the database by what a file holds.

        Raises:
            BackupError: it cannot.
        """


def database_at(url: str) -> Database:
    """Give the database of an SQLAlchemy URL.

    Raises:
        BackupError: it is no URL of a database that can be backed up.
    """
    try:
        parsed = make_url(url)
        engine = parsed.get_backend_name()
    except ArgumentError as error:
        raise BackupError(f"{url}: not a database URL; give one like sqlite:///data/zjol.db") from error
    if engine == "postgresql":
        return PostgresqlDatabase(parsed)
    if engine in ("mariadb", "mysql"):
        return MariadbDatabase(parsed)
    if engine == "sqlite" and parsed.database and parsed.database != ":memory:" and "file:" not in parsed.database:
        return SqliteDatabase(Path(parsed.database))
    raise BackupError(f"{url}: only a SQLite file, PostgreSQL and MariaDB can be backed up; give another --db")
