"""Records in files: JSON Lines of articles and rejections, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipelines.record import Article, Rejection, from_json, rejection_from_json

RECORD_ENDINGS = (".jsonl", ".jsonl.gz")


class RecordFileError(Exception):
    """A file of records cannot be read; the message names it and the remedy."""


class UnreadableLine(NamedTuple):
    """A line that is no record: where it stands, and why."""

    path: Path
    number: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}: {self.reason}"


def read_records(path: Path) -> Iterator[Article | Rejection | UnreadableLine]:
    """Give the records of a file, one a line; blank lines are passed over.

    Raises:
        RecordFileError: the file cannot be opened, or ends in the middle of its gzip stream.
    """
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rb") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield _read_line(path, number, line)
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
