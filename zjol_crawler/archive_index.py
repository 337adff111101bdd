"""The index beside an archive's files: which capture stands where, and what its payload was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from warcio.archiveiterator import ArchiveIterator

INDEX_NAME = "index.sqlite"
# The types of records that are captures.
CAPTURES = ("response", "revisit")
_TABLE = (
    "CREATE TABLE IF NOT EXISTS capture ("
    "url TEXT NOT NULL, date TEXT NOT NULL, type TEXT NOT NULL, status INTEGER NOT NULL, digest TEXT NOT NULL, "
    "file TEXT NOT NULL, offset INTEGER NOT NULL)"
)
_TABLE_INDEX = "CREATE INDEX IF NOT EXISTS ix_capture_url ON capture (url)"


class Capture(NamedTuple):
    """One capture.

    Attributes:
        url: what was asked for.
        date: when it came, as WARC writes it: `2016-10-01T10:21:04Z`.
        type: `response` or `revisit`.
        status: the HTTP status.
        digest: the payload's, as WARC writes it: `sha1:…`.
        file, offset: where its record begins, in bytes.
    """

    url: str
    date: str
    type: str
    status: int
    digest: str
    file: str
    offset: int


class CaptureIndex:
    """The index of one folder; several writers may share it.

    All methods raise `sqlite3.Error` where it cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        """Open the index, making it where it is missing."""
        self._connection = sqlite3.connect(folder / INDEX_NAME, timeout=30, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_TABLE)
        self._connection.execute(_TABLE_INDEX)

    def last_response(self, url: str) -> Capture | None:
        """Give the payload kept last under an address."""
        query = "SELECT * FROM capture WHERE url = ? AND type = 'response' ORDER BY rowid DESC LIMIT 1"
        row = self._connection.execute(query, (url,)).fetchone()
        return Capture(*row) if row else None

    def add(self, capture: Capture) -> None:
        """Add a capture; others see it after `commit`."""
        self._connection.execute("INSERT INTO capture VALUES (?, ?, ?, ?, ?, ?, ?)", capture)

    def commit(self) -> None:
        """Make what was added lasting."""
        self._connection.commit()

    def mend(self, path: Path, name: str) -> None:
        """Make the index agree with a file that a crash left, and that has been cut after its last whole record.

        Args:
            path: the file, or where it was if nothing of it is left.
            name: what the index calls it.
        """
        size = path.stat().st_size if path.exists() else 0
        self._connection.execute("DELETE FROM capture WHERE file = ? AND offset >= ?", (name, size))
        query = "SELECT max(offset) FROM capture WHERE file = ?"
        last = self._connection.execute(query, (name,)).fetchone()[0]
        if size:
            for capture in _read_captures(path, name, last or 0):
                if last is None or capture.offset > last:
                    self.add(capture)
        self.commit()

    def close(self) -> None:
        """Let the index go."""
        self._connection.close()


def _read_captures(path: Path, name: str, start: int) -> Iterator[Capture]:
    """Give the captures of a file from the record at `start` on."""
    with path.open("rb") as stream:
        stream.seek(start)
        with closing(ArchiveIterator(stream)) as records:
            for record in records:
                if record.rec_type in CAPTURES:
                    get = record.rec_headers.get_header
                    yield Capture(
                        get("WARC-Target-URI"),
                        get("WARC-Date"),
                        record.rec_type,
                        int(record.http_headers.get_statuscode()),
                        get("WARC-Payload-Digest"),
                        name,
                        records.get_record_offset(),
                    )
