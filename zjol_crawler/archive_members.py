"""The members of a `.warc.gz` file: one record each, found by inflating it once."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_CHUNK = 1 << 20
_HEAD = 4096
_TYPE = re.compile(rb"\r\nWARC-Type:[ \t]*(\S+)", re.I)


class Member(NamedTuple):
    """A whole gzip member: where it starts and ends in the file, in bytes, and the type of its record."""

    start: int
    end: int
    type: str


def read_members(path: Path) -> Iterator[Member]:
    """Give the members of a file up to the first that is damaged or cut; checksums are verified.

    A file is whole where the last member ends at its end.

    Raises:
        OSError: the file cannot be read.
    """
    start = position = 0
    head = b""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            while chunk:
                try:
                    text = inflate.decompress(chunk)
                except zlib.error:
                    return
                # A record's own headers come first, in pieces where the file was read in pieces.
                head += text[: _HEAD - len(head)]
                position += len(chunk) - len(inflate.unused_data)
                if not inflate.eof:
                    break
                yield Member(start, position, _type(head))
                start, chunk, head = position, inflate.unused_data, b""
                inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)


def whole_bytes(path: Path) -> int:
    """Give where the last whole member of a file ends, in bytes.

    Raises:
        OSError: the file cannot be read.
    """
    end = 0
    for member in read_members(path):
        end = member.end
    return end


def _type(head: bytes) -> str:
    found = _TYPE.search(head.partition(b"\r\n\r\n")[0])
    return found[1].decode("latin-1").lower() if found else ""
