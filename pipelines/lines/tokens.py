"""A line about people as tokens: what each is, and how it is joined to the one before."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pipelines.lines.vocabulary import RoleWord

Kind = Literal["organization", "title", "role", "issue", "word", "name", "other"]
# How a token is joined to the one before: nothing, a blank, a list mark, a slash, a colon, a bracket.
Joint = Literal["", " ", ",", "/", ":", "(", ")"]


class Token(NamedTuple):
    """One token; `start` and `end` are those of the whole word it was cut from."""

    kind: Kind
    text: str
    joint: Joint
    start: int
    end: int
    role: RoleWord | None = None
