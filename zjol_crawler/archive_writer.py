"""Writing WARC archives: every response kept as it came, a gzip member a record, an index beside the files.

A folder holds files `zjol-20161001T102104Z-4711-00000.warc.gz`; the one being written ends in `.open` until it is full
or the crawl ends. A crash costs at most the record under way: the next crawl cuts an abandoned file after its last
whole record. `index.sqlite` says where each capture stands, and tells when a payload is the one kept before.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import time
import zlib
from base64 import b32encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO, FileIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from isal import isal_zlib
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from zjol_crawler.archive_index import Capture, CaptureIndex
from zjol_crawler.archive_members import whole_bytes

# A new file is begun beyond this size, in bytes: the size Common Crawl and pywb use.
MOST_BYTES = 1_000_000_000
# What the name of a file ends in while it is written.
OPEN_ENDING = ".open"
_LOCK_NAME = ".lock"
# The strongest of isal's levels: a ninth of the time of zlib's strongest, files an eighth larger (measured on 44
# pages of news sites, 170 KB on average: 0.45 against 4.0 ms, 45.8 against 40.8 KB).
_LEVEL = 3
_GZIP = zlib.MAX_WBITS | 16
_RECORDS = RecordBuilder(warc_version="1.1")
_SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

Headers = Sequence[tuple[str, str]]


class ArchiveWriteError(Exception):
    """The archive cannot be written; the message names the folder and the remedy."""


class Exchange(NamedTuple):
    """One request and its response, as they went over the wire but for transfer codings.

    Attributes:
        url: what was asked for.
        method, request_headers: the request.
        status, reason, response_headers, body: the response, content codings kept.
        date: when it came.
        ip_address: who answered, where known.
    """

    url: str
    method: str
    request_headers: Headers
    status: int
    reason: str
    response_headers: Headers
    body: bytes
    date: datetime
    ip_address: str | None = None


class ArchiveWriter:
    """Writes WARC 1.1 files into a folder while its context lasts."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """Open the folder, making it where it is missing, and mend what a crash has left in it.

        Raises:
            ArchiveWriteError: the folder cannot be written.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._file: FileIO | None = None
        self._size = 0
        self._number = 0
        self._started = datetime.now(UTC)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = CaptureIndex(folder)
            with self._locked():
                for path in sorted(folder.glob(f"*{OPEN_ENDING}")):
                    if not is_being_written(path):
                        self._mend(path)
        except (OSError, sqlite3.Error) as error:
            raise ArchiveWriteError(f"{folder}: the archive cannot be written: {error}; give another folder") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, *exchanges: Exchange) -> float:
        """Write requests and their responses; a payload kept before under the same address becomes a `revisit`.

        Returns:
            How long it took, in seconds.

        Raises:
            ArchiveWriteError: the disk is full or the folder is gone; what was written before is whole.
        """
        began = time.perf_counter()
        try:
            for exchange in exchanges:
                self._write(exchange)
            self._index.commit()
        except (OSError, sqlite3.Error) as error:
            raise ArchiveWriteError(
                f"{self._folder}: the archive cannot be written: {error}; free some space and run again"
            ) from error
        return time.perf_counter() - began

    def _write(self, exchange: Exchange) -> None:
        self._begin()
        digest = "sha1:" + b32encode(hashlib.sha1(exchange.body, usedforsecurity=False).digest()).decode()
        # Only of the payload kept last: a page that went back to what it said before is kept again, so that
        # the latest capture is always what the page says.
        last = self._index.last_response(exchange.url)
        is_same = last is not None and (last.digest, last.status) == (digest, exchange.status)
        response = _response(exchange, digest, last.date if last is not None and is_same else None)
        offset = self._size
        self._append(_member(response) + _member(_request(exchange, response)))
        moment = _instant(exchange.date)
        self._index.add(Capture(exchange.url, moment, response.rec_type, exchange.status, digest, self._name(), offset))
        if self._size >= self._most_bytes:
            self._finish()

    def close(self) -> None:
        """End the file under way."""
        self._finish()
        self._index.close()

    def _name(self) -> str:
        return f"zjol-{self._started:%Y%m%dT%H%M%SZ}-{os.getpid()}-{self._number:05}.warc.gz"

    def _begin(self) -> None:
        if self._file is not None:
            return
        with self._locked():
            # Another machine's process may have the same number, and have begun in the same second.
            while any((self._folder / (self._name() + ending)).exists() for ending in ("", OPEN_ENDING)):
                self._number += 1
            self._file = FileIO(self._folder / (self._name() + OPEN_ENDING), "x")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        self._size = 0
        about = {"software": f"zjol-crawler/{version('zjol-crawler')}", "format": "WARC File Format 1.1"}
        self._append(_member(_RECORDS.create_warcinfo_record(self._name(), about)))

    def _append(self, members: bytes) -> None:
        """Write whole records, or nothing of them."""
        assert self._file is not None
        left = memoryview(members)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._file.truncate(self._size)
            self._file.seek(self._size)
            raise
        self._size += len(members)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others from mending what is begun at this moment."""
        with (self._folder / _LOCK_NAME).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _finish(self) -> None:
        if self._file is None:
            return
        path = self._folder / (self._name() + OPEN_ENDING)
        # Under its own name before the lock on it goes.
        path.rename(path.with_name(self._name()))
        self._file.close()
        self._file = None
        self._number += 1

    def _mend(self, path: Path) -> None:
        """Cut an abandoned file after its last whole record and give it its name."""
        whole = whole_bytes(path)
        closed = path.with_name(path.name.removesuffix(OPEN_ENDING))
        if whole:
            with path.open("r+b") as stream:
                stream.truncate(whole)
        else:
            path.unlink()
        # While it still is an open file: killed here, the next crawl mends both again.
        self._index.mend(path, closed.name)
        if whole:
            path.rename(closed)


def archive_files(folder: Path) -> list[Path]:
    """Give the WARC files of an archive's folder in the order they were written, the one under way among them.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    names = ("*.warc", "*.warc.gz", f"*.warc.gz{OPEN_ENDING}")
    return sorted(path for name in names for path in folder.glob(name))


def is_being_written(path: Path) -> bool:
    """Tell whether a process still writes to a file: it holds a lock on it as long as it lives."""
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _member(record: ArcWarcRecord) -> bytes:
    """Give a record as a gzip member."""
    text = BytesIO()
    WARCWriter(text, gzip=False, warc_version="1.1").write_record(record)
    return isal_zlib.compress(text.getbuffer(), _LEVEL, _GZIP)


def _response(exchange: Exchange, digest: str, earlier: str | None) -> ArcWarcRecord:
    headers = {"WARC-Date": _instant(exchange.date), "WARC-Payload-Digest": digest}
    if exchange.ip_address:
        headers["WARC-IP-Address"] = exchange.ip_address
    # The body is kept without its transfer coding, so the header that names one would be untrue.
    kept = [(name, value) for name, value in exchange.response_headers if name.lower() != "transfer-encoding"]
    http = StatusAndHeaders(f"{exchange.status} {exchange.reason}".strip(), kept, protocol="HTTP/1.1")
    if earlier is None:
        return _record(exchange, "response", exchange.body, headers, http)
    headers |= {"WARC-Profile": _SAME_PAYLOAD, "WARC-Refers-To-Target-URI": exchange.url}
    headers["WARC-Refers-To-Date"] = earlier
    return _record(exchange, "revisit", b"", headers, http)


def _request(exchange: Exchange, response: ArcWarcRecord) -> ArcWarcRecord:
    path = "/" + exchange.url.split("://", 1)[-1].partition("/")[2]
    http = StatusAndHeaders(f"{exchange.method} {path} HTTP/1.1", list(exchange.request_headers), is_http_request=True)
    headers = {
        "WARC-Date": _instant(exchange.date),
        "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
    }
    return _record(exchange, "request", b"", headers, http)


def _record(
    exchange: Exchange, kind: str, payload: bytes, headers: dict[str, str], http: StatusAndHeaders
) -> ArcWarcRecord:
    # Without a length warcio would copy the payload to find it.
    return _RECORDS.create_warc_record(
        exchange.url,
        kind,
        payload=BytesIO(payload),
        length=len(payload),
        warc_headers_dict=headers,
        http_headers=http,
    )
