"""The archive's part of a backup: its closed files by hard link where the disk allows, and an index of just those."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from zjol_crawler.archive_index import INDEX_NAME
from zjol_crawler.archive_writer import OPEN_ENDING, archive_files, is_being_written
from zjol_crawler.backup.errors import BackupError
from zjol_crawler.backup.sqlite_file import copy_sqlite


def copy_archive(source: Path, target: Path) -> list[Path]:
    """Put an archive's closed files, and their index, into a new folder; they never change once they are closed.

    Returns:
        The files in the new folder.

    Raises:
        BackupError: there is no such archive, or a file cannot be copied.
    """
    try:
        closed = [path for path in archive_files(source) if not path.name.endswith(OPEN_ENDING)]
    except FileNotFoundError as error:
        raise BackupError(f"{source}: there is no such folder; give the --archive of the crawl") from error
    target.mkdir(parents=True)
    copied = [link_or_copy(path, target / path.name) for path in closed]
    if (source / INDEX_NAME).is_file():
        copied.append(_copy_index(source, target, [path.name for path in closed]))
    return copied


def check_free(folder: Path, *, force: bool) -> None:
    """Check that an archive's folder may be replaced.

    Raises:
        BackupError: it holds something and `force` is false, or a crawl writes to it.
    """
    if not folder.is_dir():
        return
    if any(folder.iterdir()) and not force:
        raise BackupError(f"{folder}: is not empty; add --force to replace it, or give another --archive")
    for path in folder.glob(f"*{OPEN_ENDING}"):
        if is_being_written(path):
            raise BackupError(f"{path}: a crawl writes to it; stop the crawl and the schedule first")


def link_or_copy(source: Path, target: Path) -> Path:
    """Give a file a second name, or copy it where the disk is another one.

    Raises:
        BackupError: the file cannot be read or the copy not written.
    """
    try:
        try:
            os.link(source, target)
        except OSError:
            # Another disk, or one without links.
            shutil.copy2(source, target)
            _sync(target)
    except OSError as error:
        raise BackupError(f"{source}: cannot be copied to {target}: {error.strerror or error}") from error
    return target


def _sync(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _copy_index(source: Path, target: Path, names: list[str]) -> Path:
    """Copy the index without the captures of files that are not closed yet."""
    copy = target / INDEX_NAME
    copy_sqlite(source / INDEX_NAME, copy)
    try:
        with closing(sqlite3.connect(copy)) as index, index:
            index.execute("CREATE TEMP TABLE kept (file TEXT PRIMARY KEY)")
            index.executemany("INSERT INTO kept VALUES (?)", [(name,) for name in names])
            index.execute("DELETE FROM capture WHERE file NOT IN (SELECT file FROM kept)")
    except sqlite3.Error as error:
        raise BackupError(f"{copy}: cannot be written: {error}") from error
    return copy
