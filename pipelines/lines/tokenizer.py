"""Cutting a line about people into tokens: organizations, titles, role words and names."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from pipelines.lines.padded_names import join_names
from pipelines.lines.tokens import Joint, Token
from pipelines.lines.vocabulary import RoleWord
from pipelines.lines.word_cutting import cut_word

_WORD = re.compile(r"[^\s\u3000、，,;；&＆+＋/／|｜丨\\:：()（）\[\]【】〔〕［］{}_□■●▲▼△▽◆◇◎★☆※*↑↓←→]+")
_DOT_BLANKS = re.compile(r"[ \u3000]{0,3}([·•])[ \u3000]{0,3}")
_EDGES = "-－—–·•~～"
_UNKNOWN_LABEL = RoleWord(roles=(), position="after", glued=frozenset(), is_default=False)


def close_dots(text: str) -> str:
    """Give `text` without blanks around middle dots: `潮新闻 · 浙江日报` is one name."""
    return _DOT_BLANKS.sub(r"\1", text) if "·" in text or "•" in text else text


def tokenize(text: str) -> list[Token]:
    """Cut a line into tokens. Words that may be names come as `name`, what is nothing known as `other`."""
    return list(_tokens(text))


# A byline is read by the extraction, by the count of what was left unread and by the monitor; the same people write
# and edit day after day.
@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[Token, ...]:
    words: list[tuple[str, Joint, int, int]] = []
    last = 0
    for match in _WORD.finditer(text):
        word = match[0].strip(_EDGES)
        if word:
            words.append((word, _joint(text[last : match.start()]), match.start(), match.end()))
            last = match.end()
    tokens: list[Token] = []
    for position, (word, joint, start, end) in enumerate(words):
        cut_word(word, joint, start, end, tokens, position + 1 < len(words))
    return tuple(_mark_labels(join_names(tokens)))


def _mark_labels(tokens: list[Token]) -> list[Token]:
    """Make a label of no known role of every word before a colon that is no role word or title (来源：…)."""
    for position, (token, following) in enumerate(pairwise(tokens)):
        if following.joint == ":" and token.kind in ("name", "other") and following.kind not in ("role", "title"):
            tokens[position] = token._replace(kind="role", role=_UNKNOWN_LABEL)
    return tokens


def _joint(between: str) -> Joint:
    """Say what parts two words; of several marks the one that binds or parts most."""
    if not between:
        return " "
    for mark in between:
        if mark in ":：":
            return ":"
        if mark in "/／|｜丨\\":
            return "/"
        if mark in "(（[【〔［":
            return "("
    for mark in between:
        if mark in "、，,;；&＆+＋":
            return ","
        if mark in ")）]】〕］":
            return ")"
    return " "
