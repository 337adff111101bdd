"""Reading GB18030 text in which bytes were lost or changed.

In a double-byte encoding one lost byte shifts the reading of everything up to the next blank or tag, and what comes out
is mostly valid: wrong characters, not U+FFFD. Here each damaged stretch is read along the cheapest path instead, where
everyday characters cost nothing and a byte given up costs most, so that only what was hit is lost.
"""

from __future__ import annotations

import re

# Bytes that are never the second, third or fourth of a character: reading can start afresh at each.
_SYNC = re.compile(rb"[\x00-\x2f\x3a-\x3f]")
_FOUR_BYTES = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
# Bytes mended at most in one page; a page with more damage is no page, and the rest is read plainly.
_BUDGET = 65_536
_LONGEST_STRETCH = 4_096
_LOST_BYTE = 4
_LOST_CHARACTER = 5


def decode_damaged_gb18030(body: bytes) -> str:
    """Give the text of `body`, a U+FFFD for each character lost. Never raises; takes linear time."""
    view = memoryview(body)
    out: list[str] = []
    position = mended = 0
    while mended < _BUDGET:
        try:
            out.append(str(view[position:], "gb18030"))
        except UnicodeDecodeError as error:
            damage = position + error.start
            start = _sync_before(body, position, damage)
            match = _SYNC.search(body, damage, min(len(body), start + _LONGEST_STRETCH))
            end = match.start() if match else min(len(body), start + _LONGEST_STRETCH)
            end = max(end, damage + 1)
            out.append(str(view[position:start], "gb18030", "replace"))
            out.append(_read_damaged(body[start:end], damage - start))
            mended += end - start
            position = end
        else:
            return "".join(out)
    out.append(str(view[position:], "gb18030", "replace"))
    return "".join(out)


def _sync_before(body: bytes, floor: int, position: int) -> int:
    """Give the last place at or before `position`, not below `floor`, where reading can start afresh."""
    floor = max(floor, position - _LONGEST_STRETCH // 2)
    for index in range(position, floor, -1):
        if _SYNC.match(body, index - 1):
            return index
    return floor


def _read_damaged(stretch: bytes, reported: int) -> str:
    """Read one stretch along its cheapest path: cost[i] is the least cost of what follows byte i.

    `reported` is where plain reading failed: giving up that byte is cheaper, so that another reading must be clearly
    better to be taken.
    """
    size = len(stretch)
    cost = [0] * (size + 1)
    step = [1] * size
    for i in range(size - 1, -1, -1):
        lead = stretch[i]
        if lead < 0x80:
            cost[i] = cost[i + 1]
            continue
        best, width = _LOST_BYTE - 2 * (i == reported) + cost[i + 1], -1
        if i + 1 < size:
            trail = stretch[i + 1]
            if 0xFF not in (lead, trail):
                price, taken = _pair_price(stretch[i : i + 2]), 2
            elif trail >= 0x80 and lead != trail:
                price, taken = _LOST_CHARACTER, -2
            else:
                price, taken = _LOST_CHARACTER * 100, 1
            if price + cost[i + 2] < best:
                best, width = price + cost[i + 2], taken
            if _FOUR_BYTES.match(stretch, i) and _is_character(stretch[i : i + 4]) and 2 + cost[i + 4] < best:
                best, width = 2 + cost[i + 4], 4
        cost[i], step[i] = best, width
    out: list[str] = []
    i = 0
    while i < size:
        width = step[i]
        out.append(stretch[i : i + width].decode("gb18030") if width > 0 else "\ufffd")
        i += abs(width)
    return "".join(out)


def _pair_price(pair: bytes) -> int:
    """Give what reading `pair` as one character costs: nothing for signs and everyday characters."""
    lead, trail = pair
    if not _is_character(pair):
        return _LOST_CHARACTER * 100
    if trail >= 0xA1:
        if lead <= 0xA3 or 0xB0 <= lead <= 0xD7:
            return 0 if lead >= 0xA1 else 2
        return 1 if lead <= 0xF7 else 2
    return 2


def _is_character(data: bytes) -> bool:
    """Say whether `data` is one character of GB18030."""
    try:
        return len(data.decode("gb18030")) == 1
    except UnicodeDecodeError:
        return False
