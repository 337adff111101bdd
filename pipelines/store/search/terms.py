"""Text → the terms its engine indexes: every pair of neighbouring Chinese characters, every Latin word.

A run of n Chinese characters gives n terms: its n-1 pairs and its last character alone. So a word of two characters is
one term, a longer one a phrase of pairs, and a single character the beginning of a term. No word list is needed, and
every engine gives the same answers.
"""

from __future__ import annotations

import re
from operator import add
from typing import NamedTuple

from pipelines.store.neighbours import laid_neighbours

# Terms a row holds at most: PostgreSQL keeps 256 places of one term, and none beyond the 16,383rd.
_TERMS_A_ROW = 3000
# A phrase that crosses the end of a row is found whole in the next as long as it has no more terms than this.
_OVERLAP = 40
_FULL_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ]")
# Latin words and numbers, or a run of whatever else is written without blanks. A word longer than MariaDB indexes, or
# PostgreSQL takes at all, is several.
_RUN = re.compile(r"[a-z0-9]{1,64}|[^\W_a-z0-9]+")


class Run(NamedTuple):
    """A run of characters that stand together, folded."""

    text: str
    is_word: bool

    def terms(self, *, whole: bool = True) -> list[str]:
        """Give its terms; without the last character alone where the run may go on (`whole` is false)."""
        if self.is_word:
            return [self.text]
        pairs = list(map(add, self.text, self.text[1:]))
        return [*pairs, self.text[-1]] if whole else pairs


def fold(text: str) -> str:
    """Give the text in lower case, letters and digits in half-width forms, character for character."""
    halved = _FULL_WIDTH.sub(lambda match: chr(ord(match[0]) - 0xFEE0), text)
    lowered = halved.lower()
    if len(lowered) == len(halved):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in halved)


def runs(text: str) -> list[Run]:
    """Give the runs of a text, in order."""
    return [Run(run, run[0].isascii()) for run in _RUN.findall(fold(text))]


def terms(text: str) -> str:
    """Give the terms of a text, in order and parted by blanks."""
    folded = fold(text).replace(" ", ".")
    pairs = laid_neighbours(folded, 2)
    found: list[str] = []
    for run in _RUN.finditer(folded):
        start, last = run.start(), run.end() - 1
        if folded[start].isascii():
            found.append(run[0])
        else:
            if start < last:
                found.append(pairs[3 * start : 3 * last - 1])
            found.append(folded[last])
    return " ".join(found)


def rows_of_terms(text: str) -> list[str]:
    """Give the terms of a text, parted by blanks, in the rows an engine can hold; none for a text without any."""
    found = terms(text)
    if found.count(" ") < _TERMS_A_ROW:
        return [found] if found else []
    each = found.split(" ")
    step = _TERMS_A_ROW - _OVERLAP
    return [" ".join(each[start : start + _TERMS_A_ROW]) for start in range(0, len(each) - _OVERLAP, step)]
