"""The archive: every member of its files readable, its index in agreement with them, nothing left open."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from zjol_crawler.archive_index import CAPTURES, INDEX_NAME
from zjol_crawler.archive_members import read_members
from zjol_crawler.archive_writer import OPEN_ENDING, archive_files, is_being_written
from zjol_crawler.doctor.finding import Finding, Subject, failed, ok, warning

_MEND = "the next crawl with --archive cuts them after the last whole record"


def check_archive(subject: Subject) -> Iterator[Finding]:
    """Read every closed file whole, and compare what is in it with the index."""
    folder = subject.archive
    if folder is None:
        return
    try:
        files = [path for path in archive_files(folder) if path.name.endswith(".warc.gz")]
    except FileNotFoundError as error:
        yield failed("archive", str(error), "give the --archive of the crawl")
        return
    captures: dict[str, set[int]] = {}
    members = 0
    damaged = False
    for path in files:
        captures[path.name] = set()
        end = 0
        try:
            for member in read_members(path):
                members += 1
                end = member.end
                if member.type in CAPTURES:
                    captures[path.name].add(member.start)
            size = path.stat().st_size
        except OSError as error:
            damaged = True
            yield failed("archive", f"{path}: {error.strerror or error}", "restore the file from a backup")
            continue
        if end != size:
            damaged = True
            yield failed(
                "archive",
                f"{path}: cannot be read from byte {end:,} of {size:,} on",
                "restore the file from a backup; the records before are whole",
            )
    if not damaged:
        yield ok("archive", f"{len(files)} files, {members:,} records, all readable")
    if files:
        yield _compare_index(folder, captures)


def check_open_files(subject: Subject) -> Iterator[Finding]:
    """Look for files that a crash left open."""
    if subject.archive is None or not subject.archive.is_dir():
        return
    found = sorted(subject.archive.glob(f"*{OPEN_ENDING}"))
    stale = [path.name for path in found if not is_being_written(path)]
    if stale:
        yield warning("open files", f"left by a crash: {', '.join(stale)}", _MEND)
    else:
        yield ok("open files", f"{len(found)} being written, none left by a crash")


def _compare_index(folder: Path, captures: dict[str, set[int]]) -> Finding:
    path = folder / INDEX_NAME
    remedy = "restore the archive from a backup; reparse and ingest read the files without the index"
    if not path.is_file():
        return failed("archive index", f"{path}: is missing", remedy)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as index:
            indexed: dict[str, set[int]] = {}
            for name, offset in index.execute("SELECT file, offset FROM capture"):
                indexed.setdefault(name, set()).add(offset)
    except sqlite3.Error as error:
        return failed("archive index", f"{path}: cannot be read: {error}", remedy)
    # A file being written is in the index and not among those that were read.
    under_way = {open_.name.removesuffix(OPEN_ENDING) for open_ in folder.glob(f"*{OPEN_ENDING}")}
    unknown = sum(len(offsets - indexed.get(name, set())) for name, offsets in captures.items())
    astray = sum(len(found - captures.get(name, set())) for name, found in indexed.items() if name not in under_way)
    if unknown or astray:
        text = f"{unknown} captures in the files and not in the index, {astray} in the index and not in the files"
        return failed("archive index", text, remedy)
    return ok("archive index", f"{sum(map(len, captures.values())):,} captures, where the index has them")
