"""Which captures make up which article: worked out in SQLite, so that memory does not grow with the archive.

Files are read once, each by one process, and every capture of a page becomes a row. These rules then sort the rows:

* of one address the capture of the latest date counts, of equal dates the later met; a `revisit` record says that an
  address gave the payload of an earlier capture, its own or another address's, which is then its latest;
* the pages of one article are told by its id, wherever they lie;
* of one article under several addresses the first met counts, and of one page under http and https the latest.

Articles are numbered in the order of their first met page, so that a range of numbers is a piece of work.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

from pipelines.urls import article_id, canonical_url
from zjol_crawler.archive import ArchiveError, Capture, find_captures, to_second
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
    met INTEGER PRIMARY KEY, url TEXT, key TEXT, home TEXT, file INTEGER, start INTEGER, date INTEGER, second INTEGER,
    digest TEXT
);
CREATE TEMP TABLE revisit (
    met INTEGER PRIMARY KEY, url TEXT, key TEXT, home TEXT, date INTEGER, target TEXT, second INTEGER, digest TEXT
);
"""
_LATEST = """
CREATE TEMP TABLE page AS
SELECT url, key, home, file, start, first, date FROM (
    SELECT url, key, home, file, start, date,
        min(met) OVER (PARTITION BY url) AS first,
        row_number() OVER (PARTITION BY url ORDER BY date DESC, met DESC) AS age
    FROM found
) WHERE age = 1
"""
# The last revisit of each address, unless its page was captured later or is the very one it names.
_WANTED = """
CREATE TEMP TABLE wanted AS
SELECT last.* FROM (
    SELECT *,
        min(met) OVER (PARTITION BY url) AS first,
        row_number() OVER (PARTITION BY url ORDER BY date DESC, met DESC) AS age
    FROM revisit
) AS last LEFT JOIN page ON page.url = last.url
WHERE age = 1 AND (second IS NOT NULL OR digest IS NOT NULL) AND (
    page.url IS NULL OR NOT (page.date > last.date OR (coalesce(target, last.url) = last.url AND second IS page.date))
)
"""
_RESOLVED = """
CREATE INDEX temp.by_name ON wanted (coalesce(target, url), second);
CREATE INDEX temp.by_digest ON wanted (digest) WHERE second IS NULL;
CREATE TEMP TABLE matched AS
SELECT wanted.url, found.met, 0 AS kind FROM found CROSS JOIN wanted
ON coalesce(wanted.target, wanted.url) = found.url AND wanted.second = found.second
UNION ALL
SELECT wanted.url, found.met, 1 FROM found CROSS JOIN wanted ON wanted.digest = found.digest AND wanted.second IS NULL;
CREATE TEMP TABLE resolved AS
SELECT wanted.url, wanted.key, wanted.home, found.file, found.start, wanted.date,
    row_number() OVER (ORDER BY best.met, best.kind, wanted.first) AS place
FROM (SELECT url, min(met) AS met, max(met) AS last, min(kind) AS kind FROM matched GROUP BY url) AS best
JOIN wanted ON wanted.url = best.url JOIN found ON found.met = best.last;
CREATE INDEX temp.resolved_url ON resolved (url);
UPDATE page SET (file, start, date) = (SELECT file, start, date FROM resolved WHERE resolved.url = page.url)
WHERE url IN (SELECT url FROM resolved);
INSERT INTO page SELECT url, key, home, file, start, (SELECT max(met) FROM found) + place, date FROM resolved
WHERE url NOT IN (SELECT url FROM page);
"""
_SORT = """
INSERT INTO capture (article, place, url, file, start)
SELECT dense_rank() OVER (ORDER BY head) - 1, place, url, file, start FROM (
    SELECT *,
        min(first) OVER (PARTITION BY key, spot) AS place,
        row_number() OVER (PARTITION BY key, spot ORDER BY date DESC, first DESC) AS age
    FROM (
        SELECT *,
            first_value(home) OVER (PARTITION BY key ORDER BY first) AS own,
            min(first) OVER (PARTITION BY key) AS head,
            substr(url, instr(url, '://') + 3) AS spot
        FROM page
    ) WHERE home = own
) WHERE age = 1 ORDER BY head, place
"""
_OWN = "(SELECT home, first_value(home) OVER (PARTITION BY key ORDER BY first) AS own FROM page) WHERE home = own"

Group = list[Capture]


class _Found(NamedTuple):
    """A capture or a revisit as rows hold it: `key` tells its article, `home` one address of that from another."""

    url: str
    key: str
    home: str
    start: int | None
    date: int
    target: str | None
    second: int | None
    digest: str | None


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
            _sort(connection, skipped)
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
        scans: Iterable[tuple[Iterable[_Found], Counter[str]]] = ((_scan(path, skipped), Counter()) for path in paths)
    else:
        scans = map_in_processes(_scan_whole, paths, workers=workers)
    insert = "INSERT INTO found (url, key, home, file, start, date, second, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    revisit = "INSERT INTO revisit (url, key, home, date, target, second, digest) VALUES (?, ?, ?, ?, ?, ?, ?)"
    for number, (path, (found, reasons)) in enumerate(zip(paths, scans, strict=True)):
        rows = iter(found)
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            captures = [row for row in batch if row.start is not None]
            connection.executemany(insert, [(*row[:3], number, *row[3:5], *row[6:]) for row in captures])
            connection.executemany(revisit, [(*row[:3], *row[4:]) for row in batch if row.start is None])
        skipped.update(reasons)
        connection.execute("INSERT INTO file VALUES (?, ?, ?)", (number, str(path.absolute()), path.stat().st_size))


def _scan_whole(path: Path) -> tuple[list[_Found], Counter[str]]:
    skipped: Counter[str] = Counter()
    return list(_scan(path, skipped)), skipped


def _scan(path: Path, skipped: Counter[str]) -> Iterator[_Found]:
    for found in find_captures(path, skipped):
        try:
            key, home = article_id(found.url), canonical_url(found.url)
        except ValueError:
            key = home = found.url
        if isinstance(found, Capture):
            second = _number(to_second(found.date))
            yield _Found(found.url, key, home, found.offset, _number(found.date), None, second, found.digest)
        else:
            named = None if found.target_date is None else _number(found.target_date)
            yield _Found(found.url, key, home, None, _number(found.date), found.target, named, found.digest)


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _sort(connection: sqlite3.Connection, skipped: Counter[str]) -> None:
    """Fill `capture` and count what is left out."""

    def count(rows: str) -> int:
        number: int = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
        return number

    connection.execute(_LATEST)
    skipped["older capture"] += count("found") - count("page")
    if count("revisit"):
        connection.execute(_WANTED)
        if count("wanted"):
            for statement in _RESOLVED.split(";"):
                connection.execute(statement)
            skipped["revisit of what these files lack"] += count("wanted WHERE url NOT IN (SELECT url FROM page)")
    connection.execute("DROP TABLE found")
    connection.execute(_SORT)
    pages, own = count("page"), count(_OWN)
    skipped["other address of an article"] += pages - own
    skipped["older capture"] += own - count("capture")
    connection.execute("DROP TABLE page")
