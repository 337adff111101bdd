"""Spans of time as people write them in files: `90s`, `30m`, `2h`, `1d`."""

from __future__ import annotations

import re

_SPAN = re.compile(r"(\d+)\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_span(text: str) -> int:
    """Give the seconds of `90s`, `30m`, `2h` or `1d`.

    Raises:
        ValueError: it is none.
    """
    match = _SPAN.fullmatch(text.strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is no span of time; write it as 90s, 30m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]
