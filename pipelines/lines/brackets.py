"""Brackets that enclose a line."""

from __future__ import annotations

PAIRS = {"(": ")）", "（": "）)", "【": "】", "[": "]］", "［": "］]", "〔": "〕", "{": "}"}
_CLOSERS = {closer for closers in PAIRS.values() for closer in closers}
_BLANKS = " \u3000"
_DEEPEST = 4


def unwrap(text: str) -> str:
    """Give `text` without the brackets that enclose all of it; a bracket that closes earlier encloses less."""
    text = text.strip(_BLANKS)
    for _ in range(_DEEPEST):
        if len(text) < 2 or text[0] not in PAIRS or text[-1] not in PAIRS[text[0]] or closing(text) != len(text) - 1:
            break
        text = text[1:-1].strip(_BLANKS)
    return text


def closing(text: str) -> int:
    """Give where the bracket that opens `text` closes, or -1."""
    depth = 0
    for position, character in enumerate(text):
        if character in PAIRS:
            depth += 1
        elif character in _CLOSERS:
            depth -= 1
            if depth == 0:
                return position
    return -1


def last_bracket(text: str) -> int | None:
    """Give where the bracket that closes `text` opens, or None where no bracket closes it."""
    if not text or text[-1] not in _CLOSERS:
        return None
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        character = text[position]
        if character in _CLOSERS:
            depth += 1
        elif character in PAIRS:
            depth -= 1
            if depth == 0:
                return position if text[-1] in PAIRS[character] else None
    return None
