"""SQLite: copied by its online backup, which sees one moment however much is written meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from zjol_crawler.backup.errors import BackupError

# How long the copy waits for a writer, in seconds.
_PATIENCE = 30


class SqliteDatabase:
    """A SQLite file."""

    engine = "sqlite"
    file_name = "database.sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, path: Path) -> None:
        """Write the database, as it stands at one moment, to a new file that needs no log beside it.

        Raises:
            BackupError: it cannot be read, or the file not written.
        """
        if not self._path.is_file():
            raise BackupError(f"{self._path}: there is no database; give the --db of the crawl")
        copy_sqlite(self._path, path)

    def verify(self, path: Path) -> None:
        """Check a file that `dump` wrote: its pages, its indexes, its references.

        Raises:
            BackupError: it is not whole.
        """
        try:
            with closing(_connect(path, "ro")) as connection:
                faults = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
                strays = connection.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.Error as error:
            raise BackupError(f"{path}: cannot be read: {error}") from error
        if faults != "ok":
            raise BackupError(
                f"{path}: {faults}; the database is damaged: see zjol doctor, and restore an older backup"
            )
        if strays is not None:
            raise BackupError(f"{path}: a row of {strays[0]} refers to none of {strays[2]}; the database is damaged")

    def check_free(self, *, force: bool) -> None:
        """Check that the file may be replaced.

        Raises:
            BackupError: it holds something and `force` is false, or a program has it open.
        """
        if not self._path.parent.is_dir():
            raise BackupError(f"{self._path}: the directory {self._path.parent} does not exist; create it first")
        if not self._path.exists():
            return
        if not force:
            raise BackupError(f"{self._path}: is there already; add --force to replace it")
        _check_unused(self._path)

    def restore(self, path: Path) -> None:
        """Replace the file in one step.

        Raises:
            BackupError: it cannot be written, or a program has opened it.
        """
        staged = self._path.with_name(f".{self._path.name}.{os.getpid()}.restoring")
        try:
            shutil.copyfile(path, staged)
            with staged.open("rb+") as stream:
                os.fsync(stream.fileno())
            self.verify(staged)
            if self._path.exists():
                _check_unused(self._path)
            for ending in ("-wal", "-shm", "-journal"):
                # A log of the old file must never be played into the new one.
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
            staged.replace(self._path)
        except OSError as error:
            raise BackupError(f"{self._path}: cannot be written: {error.strerror or error}; nothing is lost") from error
        finally:
            staged.unlink(missing_ok=True)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file as it stands at one moment, others writing to it or not.

    Raises:
        BackupError: it cannot be read, or the copy not written.
    """
    try:
        with closing(_connect(source, "rw")) as connection, closing(sqlite3.connect(target)) as copy:
            connection.backup(copy)
            # One file, with no log beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"{source}: cannot be copied to {target}: {error}") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE)


def _check_unused(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            # Leaving the log takes a lock that no other program's connection allows; it also empties the log.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise BackupError(f"{path}: a program has it open; stop the crawl, the schedule and zjol serve") from error
    except sqlite3.DatabaseError:
        # Damaged: the reason to restore.
        return
