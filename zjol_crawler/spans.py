"""Spans of time as people write them: `90s`, `30m`, `2h`, `1d`, and windows of the day: `22:00-06:00`."""

from __future__ import annotations

import re
from datetime import time
from typing import NamedTuple

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


class Window(NamedTuple):
    """A part of the day, possibly over midnight."""

    first: time
    last: time

    def holds(self, moment: time) -> bool:
        """Tell whether a time of the day lies in it."""
        if self.first <= self.last:
            return self.first <= moment < self.last
        return moment >= self.first or moment < self.last


def read_window(text: str) -> Window:
    """Read `22:00-06:00`.

    Raises:
        ValueError: it is no such text.
    """
    match = re.fullmatch(r"(\d{1,2}:\d\d)-(\d{1,2}:\d\d)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no window of the day; write it as 22:00-06:00")
    first, last = (time.fromisoformat(part.zfill(5)) for part in match.groups())
    return Window(first, last)
