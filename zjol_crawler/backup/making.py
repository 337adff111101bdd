"""Making backups, and letting old ones go."""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from zjol_crawler.backup.archives import copy_archive
from zjol_crawler.backup.databases import database_at
from zjol_crawler.backup.errors import BackupError
from zjol_crawler.backup.manifest import NAME, Manifest, entry_of, verify_files, write_manifest

ARCHIVE = "archive"
_PARTIAL = ".partial"
# What a backup that was killed has left is removed by one that comes so many seconds later.
_ABANDONED = 24 * 3600


def make_backup(url: str, archive: Path | None, folder: Path) -> Path:
    """Back a database up, and an archive where one is given, into a new folder that appears when it is whole.

    Args:
        url: the database's SQLAlchemy URL.
        archive: the archive's folder.
        folder: holds the backups; made where it is missing.

    Returns:
        The backup's own folder, `zjol-20161001T102104Z` in UTC.

    Raises:
        BackupError: it cannot be made; nothing of it is left.
    """
    database = database_at(url)
    now = datetime.now(UTC)
    name = f"zjol-{now:%Y%m%dT%H%M%SZ}"
    done, partial = folder / name, folder / f".{name}-{os.getpid()}{_PARTIAL}"
    if done.exists():
        raise BackupError(f"{done}: is there already; wait a second and run again")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        partial.mkdir()
        copy = partial / database.file_name
        database.dump(copy)
        files = None if archive is None else copy_archive(archive, partial / ARCHIVE)
        manifest = Manifest(
            made_at=now,
            program=version("zjol-crawler"),
            engine=database.engine,
            database=entry_of(partial, copy),
            archive=None if files is None else [entry_of(partial, path) for path in files],
        )
        write_manifest(partial, manifest)
        database.verify(copy)
        verify_files(partial, manifest)
        partial.rename(done)
    except OSError as error:
        raise BackupError(f"{error.filename or folder}: {error.strerror or error}; no backup is made") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return done


def prune_backups(folder: Path, keep: int) -> list[Path]:
    """Remove all but the last backups of a folder, and give those removed.

    Args:
        folder: holds the backups.
        keep: how many are kept, the newest.

    Raises:
        BackupError: one cannot be removed.
    """
    found = sorted(path.parent for path in folder.glob(f"zjol-*/{NAME}"))
    old = found[:-keep]
    for path in old:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise BackupError(f"{error.filename or path}: cannot be removed: {error.strerror or error}") from error
    return old


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f".zjol-*{_PARTIAL}"):
        if time.time() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
