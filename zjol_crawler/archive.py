"""WARC archives: the pages in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
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
    """Where one capture of an address stands: the file, the offset in it, its date."""

    path: Path
    offset: int
    date: datetime


class _Revisit(NamedTuple):
    """A capture whose payload was that of another: at `date`, the other told by its address and date, or its digest."""

    date: datetime
    target: str | None
    target_date: datetime | None
    digest: str | None


def find_captures(paths: Sequence[Path], skipped: Counter[str]) -> dict[str, Capture]:
    """Give the latest capture of each page in WARC files, in the order the addresses were first met.

    Only responses with status 200 and an HTML type are pages. A `revisit` record says that an address gave the payload
    of an earlier capture, its own or another address's: that is then its latest.

    Args:
        paths: `.warc` or `.warc.gz` files.
        skipped: counts the records that are none, by why.

    Raises:
        ArchiveError: a file cannot be read or holds no WARC records.
    """
    latest: dict[str, Capture] = {}
    revisits: dict[str, _Revisit] = {}
    for path in paths:
        for record in _records(path):
            url = _address(record)
            if record.record_type == WarcRecordType.revisit:
                revisit = _read_revisit(record)
                if url not in revisits or revisits[url].date <= revisit.date:
                    revisits[url] = revisit
            reason = _why_no_page(record)
            if reason is not None:
                skipped[reason] += 1
                continue
            capture = Capture(path, record.stream_pos, record.record_date or _LONG_AGO)
            known = latest.get(url)
            if known is not None:
                skipped["older capture"] += 1
            if known is None or capture.date >= known.date:
                latest[url] = capture
    _resolve(paths, latest, revisits, skipped)
    return latest


def _resolve(
    paths: Sequence[Path], latest: dict[str, Capture], revisits: dict[str, _Revisit], skipped: Counter[str]
) -> None:
    """Put the captures that revisits name in their place; the files are read again only where that changes anything."""
    named: dict[tuple[str, datetime], list[str]] = {}
    digests: dict[str, list[str]] = {}
    for url, revisit in revisits.items():
        known = latest.get(url)
        target = revisit.target or url
        if known is not None and (known.date > revisit.date or (target == url and revisit.target_date == known.date)):
            continue
        if revisit.target_date is not None:
            named.setdefault((target, revisit.target_date), []).append(url)
        elif revisit.digest is not None:
            digests.setdefault(revisit.digest, []).append(url)
    if not named and not digests:
        return
    for path in paths:
        for record in _records(path):
            if _why_no_page(record) is not None:
                continue
            date = record.record_date or _LONG_AGO
            by_name = named.get((_address(record), _second(date)), [])
            for url in (*by_name, *digests.get(record.headers.get("WARC-Payload-Digest") or "", [])):
                latest[url] = Capture(path, record.stream_pos, revisits[url].date)
    wanted = chain.from_iterable((*named.values(), *digests.values()))
    lost = sum(url not in latest for url in wanted)
    if lost:
        skipped["revisit of what these files lack"] += lost


def _address(record: WarcRecord) -> str:
    return (record.headers.get("WARC-Target-URI") or "").strip("<>")


def _read_revisit(record: WarcRecord) -> _Revisit:
    headers = record.headers
    target = headers.get("WARC-Refers-To-Target-URI")
    try:
        date = datetime.fromisoformat(headers.get("WARC-Refers-To-Date") or "")
    except ValueError:
        target_date = None
    else:
        target_date = _second(date if date.tzinfo else date.replace(tzinfo=UTC))
    return _Revisit(
        record.record_date or _LONG_AGO,
        target.strip("<>") if target else None,
        target_date,
        headers.get("WARC-Payload-Digest"),
    )


def _second(moment: datetime) -> datetime:
    """Give a moment to the second: WARC 1.1 may name it more exactly in one record than in another."""
    return moment - timedelta(microseconds=moment.microsecond)


def read_capture(url: str, capture: Capture) -> Page:
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
                url=url,
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
