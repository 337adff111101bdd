"""Text as the record wants it: one normal form for every string that leaves a page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import TypeVar

T = TypeVar("T")

# Control and zero-width characters, bidi marks, soft hyphen, byte-order mark: invisible, and left behind by editors.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Every white space but U+3000, which the site uses as a visible blank inside a line.
_SPACES = re.compile("[\t\n\x0b\x0c\r\x1c-\x1f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f]+")
_ENDS = " \u3000"


def clean(text: str) -> str:
    """Give `text` in NFC with runs of white space as one space, invisible characters gone and the ends stripped.

    U+3000 inside a line stays; quotes, dashes, full- and half-width forms stay as printed.
    """
    # No character of either pattern but the blank counts as printable, and most lines hold none of them.
    if not text.isprintable() or "  " in text:
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return text.strip(_ENDS)


def clean_or_none(text: str | None) -> str | None:
    """Give `clean(text)`, or None where nothing is left."""
    return (clean(text) or None) if text else None


def join_short(pieces: Iterable[str], most: int) -> str | None:
    """Give the pieces joined, or None where they have more than `most` characters; those are not read to their end."""
    joined: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > most:
            return None
        joined.append(piece)
    return "".join(joined)


def kept_where_short(maxsize: int, longest: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Keep what a function gives of texts of up to `longest` characters, the last `maxsize` of them.

    Pages, and the parts of the road that read one, ask for the same short texts over and over; long ones would fill the
    memory.
    """

    def decorate(function: Callable[[str], T]) -> Callable[[str], T]:
        of_short = lru_cache(maxsize)(function)

        @wraps(function)
        def kept(text: str) -> T:
            return of_short(text) if len(text) <= longest else function(text)

        return kept

    return decorate
