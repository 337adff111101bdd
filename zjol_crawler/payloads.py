"""HTTP bodies as archives keep them → the bytes of the page: transfer and content codings undone as far as they go.

Archives are not always true to their headers: Common Crawl undoes codings, others leave a header whose coding is gone,
and a record may be cut in the middle of one. What can be had is given; nothing is raised.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import brotli

_CHUNK = 1 << 16
_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n]*)?\r?\n")


def undo_codings(body: bytes, transfer: str | None, content: str | None, most: int) -> bytes:
    """Give a body as the page's bytes.

    Args:
        body: as it stands in the archive.
        transfer: its `Transfer-Encoding`.
        content: its `Content-Encoding`.
        most: give at most so many bytes.
    """
    if "chunked" in (transfer or "").lower():
        body = unchunk(body)
    for coding in reversed([name.strip().lower() for name in (content or "").split(",")]):
        inflate = _CODINGS.get(coding)
        if inflate is not None:
            body = inflate(body, most)
    return body[:most]


def unchunk(body: bytes) -> bytes:
    """Give the content of chunks; a body that is none of chunks as it is, one that is cut as far as it goes."""
    pieces: list[bytes] = []
    position = 0
    while match := _CHUNK_HEAD.match(body, position):
        length = int(match[1], 16)
        if length == 0:
            break
        pieces.append(body[match.end() : match.end() + length])
        position = match.end() + length
        position += 2 if body[position : position + 2] == b"\r\n" else int(body[position : position + 1] == b"\n")
    return b"".join(pieces) if pieces else body


def _gunzip(body: bytes, most: int) -> bytes:
    return _inflate(body, most, zlib.MAX_WBITS | 16) if body.startswith(b"\x1f\x8b") else body


def _undeflate(body: bytes, most: int) -> bytes:
    return _inflate(body, most, zlib.MAX_WBITS) or _inflate(body, most, -zlib.MAX_WBITS) or body


def _inflate(body: bytes, most: int, window: int) -> bytes:
    inflater = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    try:
        while body and size < most:
            pieces.append(inflater.decompress(body, most - size))
            size += len(pieces[-1])
            body = inflater.unconsumed_tail
    except zlib.error:
        pass
    return b"".join(pieces)


def _unbrotli(body: bytes, most: int) -> bytes:
    decompressor = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(body), _CHUNK):
            pieces.append(decompressor.process(body[start : start + _CHUNK]))
            size += len(pieces[-1])
            if size > most:
                break
    except brotli.error:
        pass
    return b"".join(pieces) or body


_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
}
