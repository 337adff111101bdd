"""WARC archives: the pages in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from pipelines.page import Page
from zjol_crawler.payloads import undo_codings

_HTML_TYPES = ("text/html", "application/xhtml")
# More than this of one page is not read: a page over 20 MB is rejected in any case.
_MOST_BYTES = 32 * 1024 * 1024
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class ArchiveError(Exception):
    """A file is no WARC archive or cannot be read; the message names it and the remedy."""


class Capture(NamedTuple):
    """One capture of a page: its address, where it stands, its date, its payload's digest."""

    url: str
    path: Path
    offset: int
    date: datetime = _LONG_AGO
    digest: str | None = None


class Revisit(NamedTuple):
    """A capture whose payload was that of another: at `date`, the other told by its address and date, or its digest."""

    url: str
    date: datetime
    target: str | None
    target_date: datetime | None
    digest: str | None


def find_captures(path: Path, skipped: Counter[str]) -> Iterator[Capture | Revisit]:
    """Give every capture of a page in a WARC file, and every record of one that was as before, in its order.

    Only responses with status 200 and an HTML type are pages.

    Args:
        path: a `.warc` or `.warc.gz` file.
        skipped: counts the records that are none, by why.

    Raises:
        ArchiveError: the file cannot be read or holds no WARC records.
    """
    for record in _records(path):
        if record.record_type == WarcRecordType.revisit:
            yield _read_revisit(record)
        reason = _why_no_page(record)
        if reason is not None:
            skipped[reason] += 1
            continue
        digest = record.headers.get("WARC-Payload-Digest")
        yield Capture(_address(record), path, record.stream_pos, record.record_date or _LONG_AGO, digest)


def _address(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip("<>")


def _read_revisit(record: WarcRecord) -> Revisit:
    headers = record.headers
    target = headers.get("WARC-Refers-To-Target-URI")
    try:
        date = datetime.fromisoformat(headers.get("WARC-Refers-To-Date") or "")
    except ValueError:
        target_date = None
    else:
        target_date = to_second(date if date.tzinfo else date.replace(tzinfo=UTC))
    return Revisit(
        _address(record),
        record.record_date or _LONG_AGO,
        target.strip("<>") if target else None,
        target_date,
        headers.get("WARC-Payload-Digest"),
    )


def to_second(moment: datetime) -> datetime:
    """Give a moment to the second: WARC 1.1 may name it more exactly in one record than in another."""
    return moment - timedelta(microseconds=moment.microsecond)


def read_capture(capture: Capture) -> Page:
    """Give the page of a capture, transfer and content codings undone.

    Raises:
        ArchiveError: the file has changed since the capture was found.
    """
    try:
        with capture.path.open("rb") as stream:
            stream.seek(capture.offset)
            record = next(iter(ArchiveIterator(stream, parse_http=True)), None)
            if record is None:
                raise ArchiveError(f"{capture.path}: no record at byte {capture.offset}; did the file change?")
            headers = {name.lower(): value for name, value in record.http_headers.items()}
            body = record.reader.read(_MOST_BYTES)
            return Page(
                url=capture.url,
                body=undo_codings(body, headers.get("transfer-encoding"), headers.get("content-encoding"), _MOST_BYTES),
                headers=headers,
                fetched_at=record.record_date,
            )
    except OSError as error:
        raise ArchiveError(f"{capture.path}: cannot be read: {error.strerror or error}") from error


def _records(path: Path) -> Iterator[WarcRecord]:
    count = 0
    try:
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, parse_http=True):
                count += 1
                yield record
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read as WARC: {error.strerror or error}") from error
    if not count:
        raise ArchiveError(f"{path}: holds no WARC records; give a .warc or .warc.gz file")


def _why_no_page(record: WarcRecord) -> str | None:
    if record.record_type != WarcRecordType.response:
        return f"{record.record_type} record"
    if not record.is_http or not record.is_http_parsed:
        return "response that is no HTTP"
    if record.http_headers.status_code != 200:
        return f"status {record.http_headers.status_code}"
    # Common Crawl adds what the payload was found to be, for servers that do not say.
    kind = record.http_content_type or record.headers.get("WARC-Identified-Payload-Type") or ""
    if not kind.lower().startswith(_HTML_TYPES):
        return "no HTML"
    return None
