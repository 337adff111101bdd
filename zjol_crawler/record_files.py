"""Records in files: JSON Lines of articles and rejections, plain or gzipped, or Parquet."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pipelines.record import Article, Rejection, from_json, rejection_from_json

RECORD_ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")

# Lines a block holds: what is written in one transaction, and what goes from process to process at once.
_LINES = 500


class RecordFileError(Exception):
    """A file of records cannot be read; the message names it and the remedy."""


class UnreadableLine(NamedTuple):
    """A line (of Parquet, a row) that is no record: where it stands, and why."""

    path: Path
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}: {self.reason}"


class Block(NamedTuple):
    """Some records of a file that nobody has decoded yet.

    Attributes:
        path: the file.
        first: the number of the first line or row, from 1.
        content: lines of JSON, or Arrow's record batch.
    """

    path: Path
    first: int
    content: Any


def read_records(path: Path) -> Iterator[Article | Rejection | UnreadableLine]:
    """Give the records of a file, one a line or row; blank lines are passed over.

    Raises:
        RecordFileError: the file cannot be opened, ends in the middle of its gzip stream, or is no Parquet of records.
    """
    for block in read_blocks(path):
        yield from block_records(block)


def read_blocks(path: Path) -> Iterator[Block]:
    """Give the records of a file some hundreds at a time, not decoded, for another process to do it.

    Raises:
        RecordFileError: as `read_records`; what stands before the fault is given first.
    """
    return _parquet_blocks(path) if path.name.endswith(".parquet") else _line_blocks(path)


def block_records(block: Block) -> Iterator[Article | Rejection | UnreadableLine]:
    """Give the records of a block."""
    if isinstance(block.content, list):
        for number, line in enumerate(block.content, start=block.first):
            if line.strip():
                yield _read_line(block.path, number, line)
        return
    from pipelines.record_parquet import row_record

    for number, row in enumerate(block.content.to_pylist(), start=block.first):
        try:
            yield row_record(row)
        except msgspec.ValidationError as error:
            yield UnreadableLine(block.path, number, f"no record: {error}")


def _line_blocks(path: Path) -> Iterator[Block]:
    opener = gzip.open if path.name.endswith(".gz") else open
    first = 1
    with _read_errors(path):
        stream = opener(path, "rb")
    with stream:
        while True:
            lines: list[bytes] = []
            fault: RecordFileError | None = None
            try:
                with _read_errors(path):
                    # It keeps the lines before a fault.
                    lines.extend(islice(stream, _LINES))
            except RecordFileError as error:
                fault = error
            if lines:
                yield Block(path, first, lines)
            if fault is not None:
                raise fault
            if not lines:
                return
            first += len(lines)


def _parquet_blocks(path: Path) -> Iterator[Block]:
    try:
        from pipelines.record_parquet import NotRecordsError, arrow_batches
    except ModuleNotFoundError as error:
        raise RecordFileError(f"{path}: needs pyarrow; run: pip install 'zjol-crawler[parquet]'") from error
    first = 1
    try:
        with _read_errors(path):
            for batch in arrow_batches(path):
                yield Block(path, first, batch)
                first += batch.num_rows
    except NotRecordsError as error:
        raise RecordFileError(f"{path}: {error}") from error


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise RecordFileError(f"{path}: cannot be read: {reason}; what stood before is kept") from error


def _read_line(path: Path, number: int, line: bytes) -> Article | Rejection | UnreadableLine:
    try:
        return from_json(line)
    except msgspec.ValidationError as error:
        reason = str(error)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return UnreadableLine(path, number, f"no JSON: {error}")
    try:
        return rejection_from_json(line)
    except msgspec.ValidationError:
        return UnreadableLine(path, number, f"no record: {reason}")
