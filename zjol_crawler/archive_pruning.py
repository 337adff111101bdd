"""Taking out of an archive what later captures have superseded.

Of every address the last response is kept, and the last with status 200, however old: they are what `reparse` reads and
what held records came from. Everything younger than a limit is kept, too. A file that has anything else is written
anew under another name, whole gzip members at a time, and takes the old one's place in the index in one transaction; so
a crash leaves one file too many at worst, which the next pruning removes, and backups' links to old files stay true.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from zjol_crawler.archive_index import INDEX_NAME
from zjol_crawler.archive_members import Member, read_members
from zjol_crawler.archive_writer import archive_files

_ENDING = ".warc.gz"
_NEXT = re.compile(r"(?P<stem>.+?)(?:-p(?P<number>\d+))?\.warc\.gz")
_CAPTURES = ("response", "revisit")
# What is kept of a file, and all that is of it.
_KEPT = """
    SELECT offset FROM capture WHERE file = :file AND (date >= :since OR rowid IN (
        SELECT max(rowid) FROM capture AS later WHERE later.url = capture.url AND later.type = 'response'
        UNION ALL
        SELECT max(rowid) FROM capture AS good
        WHERE good.url = capture.url AND good.type = 'response' AND good.status = 200))
"""


class PruningError(Exception):
    """An archive cannot be pruned; the message names it and the remedy."""


class Pruned(NamedTuple):
    """What was taken out of a file, or would be.

    Attributes:
        path: the file.
        captures, left: how many captures were taken out, and how many are left.
        bytes: how many bytes that freed.
    """

    path: Path
    captures: int
    left: int
    bytes: int


def prune_archive(folder: Path, since: datetime, *, dry_run: bool = False) -> Iterator[Pruned]:
    """Take superseded captures from before a moment out of an archive's closed files; a crawl may go on meanwhile.

    Raises:
        PruningError: there is no such archive, a file does not agree with the index, or the disk is full.
    """
    if not (folder / INDEX_NAME).is_file():
        raise PruningError(f"{folder}: there is no archive; give the --archive of the crawl")
    limit = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        with closing(sqlite3.connect(folder / INDEX_NAME, timeout=30)) as index:
            if not dry_run:
                _remove_leftovers(folder, index)
            for path in archive_files(folder):
                if not path.name.endswith(_ENDING):
                    continue
                oldest = index.execute("SELECT min(date) FROM capture WHERE file = ?", (path.name,)).fetchone()[0]
                if oldest is not None and oldest < limit:
                    pruned = _prune(path, index, limit, dry_run=dry_run)
                    if pruned.captures:
                        yield pruned
    except (OSError, sqlite3.Error) as error:
        raise PruningError(f"{folder}: cannot be pruned: {error}; nothing is lost, run it again") from error


def _prune(path: Path, index: sqlite3.Connection, limit: str, *, dry_run: bool) -> Pruned:
    members = list(read_members(path))
    found = {member.start for member in members if member.type in _CAPTURES}
    indexed = {row[0] for row in index.execute("SELECT offset FROM capture WHERE file = ?", (path.name,))}
    if found != indexed or not members or members[-1].end != path.stat().st_size:
        raise PruningError(f"{path}: is not as the index has it; run: zjol doctor --archive {path.parent}")
    kept = {row[0] for row in index.execute(_KEPT, {"file": path.name, "since": limit})}
    chosen = _with_company(members, kept)
    freed = sum(member.end - member.start for member in members) - sum(one.end - one.start for one in chosen)
    pruned = Pruned(path, len(found) - len(kept), len(kept), freed if kept else path.stat().st_size)
    if pruned.captures and not dry_run:
        _replace(path, index, chosen, kept)
    return pruned


def _with_company(members: list[Member], kept: set[int]) -> list[Member]:
    """Give the members to keep: captures with the requests that follow them, and what stands before the first."""
    chosen, is_kept = [], True
    for member in members:
        if member.type in _CAPTURES:
            is_kept = member.start in kept
        if is_kept:
            chosen.append(member)
    return chosen


def _replace(path: Path, index: sqlite3.Connection, chosen: list[Member], kept: set[int]) -> None:
    following = _following(path)
    moved: dict[int, int] = {}
    if kept:
        draft = following.with_name(following.name + ".tmp")
        with path.open("rb") as source, draft.open("wb") as target:
            for member in chosen:
                if member.start in kept:
                    moved[member.start] = target.tell()
                source.seek(member.start)
                target.write(source.read(member.end - member.start))
            target.flush()
            os.fsync(target.fileno())
        draft.rename(following)
    with index:
        rows = index.execute("SELECT rowid, offset FROM capture WHERE file = ?", (path.name,)).fetchall()
        for rowid, offset in rows:
            if offset in moved:
                place = (following.name, moved[offset], rowid)
                index.execute("UPDATE capture SET file = ?, offset = ? WHERE rowid = ?", place)
            else:
                index.execute("DELETE FROM capture WHERE rowid = ?", (rowid,))
    path.unlink()


def _following(path: Path) -> Path:
    match = _NEXT.fullmatch(path.name)
    if match is None:
        raise PruningError(f"{path}: is no file of a crawl's archive; move it elsewhere")
    return path.with_name(f"{match['stem']}-p{int(match['number'] or 0) + 1}{_ENDING}")


def _remove_leftovers(folder: Path, index: sqlite3.Connection) -> None:
    """Remove of two generations of a file, and of drafts, what a crash left beside the one in the index."""
    for draft in folder.glob(f"*{_ENDING}.tmp"):
        draft.unlink()
    for path in list(archive_files(folder)):
        match = _NEXT.fullmatch(path.name)
        if match is None or not path.exists() or not _following(path).exists():
            continue
        is_indexed = index.execute("SELECT 1 FROM capture WHERE file = ? LIMIT 1", (path.name,)).fetchone()
        (_following(path) if is_indexed else path).unlink()
