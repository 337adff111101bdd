"""A backup's manifest: which files belong to it, how large they are, and their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from zjol_crawler.backup.errors import BackupError

NAME = "manifest.json"
_FORMAT = 1


class FileEntry(msgspec.Struct, frozen=True):
    """A file of a backup: its path in it, its size in bytes, its SHA-256 in hexadecimal digits."""

    path: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds.

    Attributes:
        format: of the backup itself.
        made_at: when it was begun, UTC.
        program: the release that made it.
        engine: `sqlite`, `postgresql` or `mariadb`.
        database: the database's file.
        archive: the archive's files, its index among them; None where none was backed up.
    """

    format: int = _FORMAT
    made_at: datetime
    program: str
    engine: str
    database: FileEntry
    archive: list[FileEntry] | None = None

    def files(self) -> Iterator[FileEntry]:
        """Give every file of the backup."""
        yield self.database
        yield from self.archive or ()


def entry_of(folder: Path, path: Path) -> FileEntry:
    """Give the entry of a file in a backup's folder, by reading it whole."""
    return FileEntry(path.relative_to(folder).as_posix(), path.stat().st_size, digest(path))


def digest(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a manifest into a backup's folder."""
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupError: the folder is no backup, or one of a newer release.
    """
    path = folder / NAME
    if not path.is_file():
        inside = sorted(found.parent.name for found in folder.glob(f"zjol-*/{NAME}"))
        hint = f"give one of the backups in it, such as {folder / inside[-1]}" if inside else "it has no manifest.json"
        raise BackupError(f"{folder}: no backup of zjol; {hint}")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.DecodeError as error:
        raise BackupError(f"{path}: cannot be read: {error}; give another backup") from error
    if manifest.format > _FORMAT:
        raise BackupError(f"{path}: made by a newer release; upgrade this program: pip install -U zjol-crawler")
    return manifest


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Check that every file of a backup is there as it was written.

    Raises:
        BackupError: one is missing or differs.
    """
    for entry in manifest.files():
        path = folder / entry.path
        if not path.resolve().is_relative_to(folder.resolve()):
            raise BackupError(f"{folder / NAME}: names {entry.path}, which is outside the backup; give another backup")
        if not path.is_file():
            raise BackupError(f"{path}: is missing; the backup is not whole, give another one")
        if path.stat().st_size != entry.bytes or digest(path) != entry.sha256:
            raise BackupError(f"{path}: is not as it was written; the backup is damaged, give another one")
