"""Which captures make up which article: worked out in SQLite, so that memory does not grow with the archive.

Files are read once, each by one process, and every capture of a page becomes a row. Four rules then sort the rows:

* of one address, whether http or https, the capture of the latest date counts, of equal dates the later met;
* a `revisit` record is a capture of its date with the payload of the one it names;
* the pages of one article are told by its id, wherever they lie;
* of one article under several addresses the first met counts.

Articles are numbered in the order of their first met page, so that a range of numbers is a piece of work.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from pipelines.urls import article_id, canonical_url
from zjol_crawler.archive import ArchiveError, Capture, find_captures
from zjol_crawler.processes import map_in_processes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROWS_AT_ONCE = 5_000
# What SQLite sorts with and keeps of the file, in KiB.
_CACHE = 16 * 1024

_TABLES = """
CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE capture (
    article INTEGER NOT NULL, place INTEGER NOT NULL, url TEXT NOT NULL, file INTEGER NOT NULL, start INTEGER NOT NULL,
    PRIMARY KEY (article, place)
) WITHOUT ROWID;
CREATE TABLE skipped (reason TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TEMP TABLE found (
    met INTEGER PRIMARY KEY, url TEXT, key TEXT, home TEXT, start INTEGER, date INTEGER, digest TEXT, file INTEGER
);
CREATE TEMP TABLE revisit (
    url TEXT, key TEXT, home TEXT, date INTEGER, target TEXT, second INTEGER, digest TEXT, file INTEGER
);
"""
# What a revisit names is looked for by address and second, which each other capture has once, else by digest.
_REVISITED = """
INSERT INTO found (url, key, home, start, date, digest, file)
SELECT url, key, home, start, date, digest, file FROM (
    SELECT revisit.url, revisit.key, revisit.home, found.start, revisit.date, found.digest, found.file,
        row_number() OVER (PARTITION BY revisit.url ORDER BY revisit.date DESC, found.met) AS age
    FROM revisit JOIN found ON CASE WHEN revisit.second IS NULL THEN found.digest = revisit.digest
        ELSE found.url = revisit.target AND found.date / 1000000 = revisit.second END
    WHERE NOT EXISTS (SELECT 1 FROM found AS later WHERE later.url = revisit.url AND later.date > revisit.date)
) AS named WHERE age = 1 AND start || ':' || file IS NOT (
    SELECT start || ':' || file FROM found WHERE found.url = named.url ORDER BY date DESC, met DESC LIMIT 1
)
"""
_LOST = """
SELECT count(DISTINCT url) FROM revisit WHERE (second IS NOT NULL OR digest IS NOT NULL)
    AND url NOT IN (SELECT url FROM found)
"""
_LATEST = """
CREATE TEMP TABLE page AS
SELECT url, key, home, file, start, first FROM (
    SELECT *,
        min(met) OVER (PARTITION BY place) AS first,
        row_number() OVER (PARTITION BY place ORDER BY date DESC, met DESC) AS age
    FROM (SELECT *, substr(url, instr(url, '://') + 3) AS place FROM found)
) WHERE age = 1
"""
_SORT = """
INSERT INTO capture (article, place, url, file, start)
SELECT dense_rank() OVER (ORDER BY head) - 1, first, url, file, start FROM (
    SELECT *,
        first_value(home) OVER (PARTITION BY key ORDER BY first) AS own,
        min(first) OVER (PARTITION BY key) AS head
    FROM page
) WHERE home = own ORDER BY head, first
"""

Group = list[Capture]


class _Found(NamedTuple):
    """A capture of a file as rows hold it: `key` tells its article, `home` one address of that from another."""

    url: str
    key: str
    home: str
    start: int
    date: int
    digest: str | None


class _Revisited(NamedTuple):
    """A revisit as rows hold it: `second` is that of the capture it names."""

    url: str
    key: str
    home: str
    date: int
    target: str
    second: int | None
    digest: str | None


_Row = _Found | _Revisited


class Captures:
    """The captures of archives, sorted into articles; `articles` is their number."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._paths = [Path(path) for (path,) in self._read("SELECT path FROM file ORDER BY id")]
        self.articles: int = self._read("SELECT coalesce(max(article) + 1, 0) FROM capture").fetchone()[0]

    @classmethod
    def sort(
        cls, paths: Sequence[Path], *, workers: int, database: Path | None = None, notes: dict[str, str] | None = None
    ) -> Self:
        """Read archives and sort their captures.

        Args:
            paths: `.warc` or `.warc.gz` files.
            workers: processes to read with, a file each.
            database: where the result is kept; without it in a temporary file, gone when this is closed.
            notes: words kept with the result.

        Raises:
            ArchiveError: a file cannot be read or is no archive.
        """
        # An empty name is SQLite's temporary database: in memory while it is small, then on disk.
        connection = sqlite3.connect(database or "", isolation_level=None)
        try:
            connection.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{_CACHE};"
                f"PRAGMA temp_store = FILE; PRAGMA temp.cache_size = -{_CACHE}; {_TABLES} BEGIN;"
            )
            skipped: Counter[str] = Counter()
            _collect(connection, paths, workers, skipped)
            if _count(connection, "revisit"):
                connection.execute("CREATE INDEX temp.found_url ON found (url)")
                connection.execute("CREATE INDEX temp.found_digest ON found (digest)")
                connection.execute(_REVISITED)
                skipped["revisit of what these files lack"] += connection.execute(_LOST).fetchone()[0]
            found, kept = _sort(connection)
            skipped["older capture"] += found[0] - found[1]
            skipped["other address of an article"] += found[1] - kept
            rows = [(reason, count) for reason, count in skipped.items() if count]
            connection.executemany("INSERT INTO skipped VALUES (?, ?)", rows)
            connection.executemany("INSERT INTO note VALUES (?, ?)", (notes or {}).items())
            connection.execute("COMMIT")
            return cls(connection)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open(cls, database: Path) -> Self:
        """Open what was kept, read-only and with no lock, so that many machines read it at once.

        Raises:
            ArchiveError: there is no such file, or it is none of these.
        """
        try:
            return cls(sqlite3.connect(f"{database.absolute().as_uri()}?immutable=1", uri=True))
        except sqlite3.Error as error:
            raise ArchiveError(f"{database}: cannot be read: {error}; delete it and run again") from error

    def groups(self, first: int = 0, last: int | None = None) -> Iterator[Group]:
        """Give the captures of each article from number `first` to before `last`, in the order they were met."""
        rows = self._read(
            "SELECT article, url, file, start FROM capture WHERE article >= ? AND article < ? ORDER BY article, place",
            first,
            self.articles if last is None else last,
        )
        group: Group = []
        current = first
        for article, url, file, start in rows:
            if article != current and group:
                yield group
                group = []
            current = article
            group.append(Capture(url, self._paths[file], start))
        if group:
            yield group

    def skipped(self) -> Counter[str]:
        """Count what was left out, by why."""
        return Counter(dict(self._read("SELECT reason, count FROM skipped")))

    def notes(self) -> dict[str, str]:
        """Give the words kept with it."""
        return dict(self._read("SELECT name, value FROM note"))

    def files(self) -> list[tuple[Path, int]]:
        """Give the archives with their sizes in bytes."""
        return [(Path(path), size) for path, size in self._read("SELECT path, bytes FROM file ORDER BY id")]

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, statement: str, *values: int) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)


def _collect(connection: sqlite3.Connection, paths: Sequence[Path], workers: int, skipped: Counter[str]) -> None:
    if workers == 1 or len(paths) == 1:
        scans: Iterable[tuple[Iterable[_Row], Counter[str]]] = ((_scan(path, skipped), Counter()) for path in paths)
    else:
        scans = map_in_processes(_scan_whole, paths, workers=workers)
    insert = "INSERT INTO found (url, key, home, start, date, digest, file) VALUES (?, ?, ?, ?, ?, ?, ?)"
    for number, (path, (found, reasons)) in enumerate(zip(paths, scans, strict=True)):
        rows = iter(found)
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            connection.executemany(insert, [(*row, number) for row in batch if isinstance(row, _Found)])
            revisits = [(*row, number) for row in batch if isinstance(row, _Revisited)]
            connection.executemany("INSERT INTO revisit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", revisits)
        skipped.update(reasons)
        connection.execute("INSERT INTO file VALUES (?, ?, ?)", (number, str(path.absolute()), path.stat().st_size))


def _scan_whole(path: Path) -> tuple[list[_Row], Counter[str]]:
    skipped: Counter[str] = Counter()
    return list(_scan(path, skipped)), skipped


def _scan(path: Path, skipped: Counter[str]) -> Iterator[_Row]:
    for capture in find_captures(path, skipped):
        url = capture.url
        try:
            key, home = article_id(url), canonical_url(url)
        except ValueError:
            key = home = url
        if isinstance(capture, Capture):
            yield _Found(url, key, home, capture.offset, _number(capture.date), capture.digest)
        else:
            second = None if capture.target_date is None else _number(capture.target_date) // 1_000_000
            yield _Revisited(url, key, home, _number(capture.date), capture.target, second, capture.digest)


def _number(moment: datetime) -> int:
    """Give a moment as microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _sort(connection: sqlite3.Connection) -> tuple[tuple[int, int], int]:
    """Fill `capture`; give how many captures and pages were found and how many are kept."""
    count = partial(_count, connection)
    connection.execute(_LATEST)
    found = count("found"), count("page")
    connection.execute("DROP TABLE found")
    connection.execute(_SORT)
    connection.execute("DROP TABLE page")
    return found, count("capture")


def _count(connection: sqlite3.Connection, table: str) -> int:
    count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count
