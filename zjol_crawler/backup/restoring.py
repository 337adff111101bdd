"""Restoring backups: everything is checked before anything is replaced."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from zjol_crawler.backup import archives
from zjol_crawler.backup.databases import database_at
from zjol_crawler.backup.errors import BackupError
from zjol_crawler.backup.making import ARCHIVE
from zjol_crawler.backup.manifest import Manifest, read_manifest, verify_files


def restore_backup(backup: Path, url: str, archive: Path | None, *, force: bool) -> Manifest:
    """Restore a database, and an archive where its folder is given, and give what was restored.

    Args:
        backup: the backup's folder.
        url: the database's SQLAlchemy URL.
        archive: the archive's folder.
        force: replace what is there.

    Raises:
        BackupError: the backup is not whole, or something is in its way; nothing is replaced then.
    """
    manifest = read_manifest(backup)
    database = database_at(url)
    if database.engine != manifest.engine:
        raise BackupError(
            f"{backup}: holds a {manifest.engine} database, which cannot become {database.engine}; "
            "restore it as it is, then: zjol export --format jsonl -o all.jsonl && zjol ingest all.jsonl"
        )
    if archive is not None and manifest.archive is None:
        raise BackupError(f"{backup}: holds no archive; leave --archive out")
    verify_files(backup, manifest)
    copy = backup / manifest.database.path
    database.verify(copy)
    database.check_free(force=force)
    if archive is None:
        database.restore(copy)
        return manifest
    archives.check_free(archive, force=force)
    staged = archive.with_name(f".{archive.name}.{os.getpid()}.restoring")
    try:
        _stage(backup, manifest, staged)
        database.restore(copy)
        _exchange(staged, archive)
    except OSError as error:
        raise BackupError(f"{error.filename or archive}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return manifest


def _stage(backup: Path, manifest: Manifest, staged: Path) -> None:
    staged.mkdir(parents=True)
    for entry in manifest.archive or ():
        name = Path(entry.path).relative_to(ARCHIVE)
        if name.suffix == ".sqlite":
            # The index will be written to, so it must not be the backup's own file.
            shutil.copyfile(backup / entry.path, staged / name)
        else:
            archives.link_or_copy(backup / entry.path, staged / name)


def _exchange(staged: Path, folder: Path) -> None:
    """Put one folder in another's place; what stood there is removed last."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.replaced")
    if folder.exists():
        folder.rename(old)
    try:
        staged.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
