"""Reposts: an article whose text is that of an earlier one, to the letter or nearly so.

Texts that share most of their runs of four characters share a MinHash band with near certainty; what shares a band is
compared run by run, so no link rests on a digest alone.
"""

from __future__ import annotations

import struct
from hashlib import blake2b

from rensa import RMinHash

from pipelines.store.neighbours import laid_neighbours

# Bands of eight values each: texts nine tenths alike share one in 99.9 of 100 cases, half alike in 4.
_BANDS, _ROWS = 10, 8
_SEED = 20161001
# How much two texts must share to be one, as the share of common runs among all (Jaccard).
_ALIKE = 0.8
# Shorter texts (a caption, a notice) are alike by chance; they are linked only to the letter.
_SHORTEST = 60


def fingerprints(article_body: str) -> list[int]:
    """Give the bands of a text as signed 64-bit numbers; none for a text too short to tell."""
    shingles = _shingles(article_body)
    if len(shingles) < _SHORTEST:
        return []
    digest = RMinHash(num_perm=_BANDS * _ROWS, seed=_SEED)
    digest.update(list(shingles))
    values = digest.digest()
    return sorted({_band(number, values[number * _ROWS : (number + 1) * _ROWS]) for number in range(_BANDS)})


def are_near_duplicates(one: str, other: str) -> bool:
    """Tell whether two bodies are one text but for small corrections."""
    left, right = _shingles(one), _shingles(other)
    if min(len(left), len(right)) < _SHORTEST:
        return False
    common = len(left & right)
    return common >= _ALIKE * (len(left) + len(right) - common)


def _shingles(text: str) -> set[str]:
    return set(laid_neighbours("".join(text.split()), 4).split())


def _band(number: int, values: list[int]) -> int:
    packed = struct.pack(f"<B{_ROWS}Q", number, *values)
    return int.from_bytes(blake2b(packed, digest_size=8).digest(), "little", signed=True)
