"""Word lists kept as TOML beside the code, and patterns made of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Read the word lists of the file `name` in this package."""
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


def any_of(words: Iterable[str], *, spaced: bool = False) -> str:
    """Give a pattern for any of `words`, the longest first; `spaced` allows blanks between their characters."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    between = "[ \u3000]{0,4}" if spaced else ""
    return "(?:" + "|".join(between.join(map(re.escape, word)) for word in ordered) + ")"
