"""How a line of people is built: on which side its role words and titles stand, and what binds its names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipelines.lines.tokens import Token
from pipelines.lines.vocabulary import is_medium


def roles_close(tokens: Sequence[Token]) -> bool:
    """Tell a line whose role words follow their names: it begins with a name and ends with a role word."""
    if not tokens or tokens[-1].kind != "role":
        return False
    return next((token.kind for token in tokens if token.kind in ("name", "role")), None) == "name"


def titles_follow(tokens: Sequence[Token]) -> bool:
    """Tell a line whose titles follow their names throughout: `张三 记者 李四 通讯员`."""
    if len(tokens) < 4 or tokens[0].kind != "name" or tokens[-1].kind != "title":
        return False
    kinds = [token.kind for token in tokens]
    return (
        kinds.count("title") > 1
        and all(kind in ("name", "title") for kind in kinds)
        and all(before == "name" for before, kind in pairwise(kinds) if kind == "title")
    )


def opens_with_label(tokens: Sequence[Token]) -> bool:
    """Tell a line that a role word or title with a colon opens."""
    return len(tokens) > 1 and tokens[0].kind in ("role", "title") and tokens[1].joint == ":"


def has_idle_organization(tokens: Sequence[Token]) -> bool:
    """Tell whether another organization follows one that is no paper or agency: the first says nothing of people."""
    return any(
        token.kind == after.kind == "organization" and after.joint == " " and not is_medium(token.text)
        for token, after in pairwise(tokens)
    )


def glued_names(tokens: Sequence[Token]) -> frozenset[str]:
    """Give the names with nothing between them and what stands before."""
    return frozenset(token.text for token in tokens if token.kind == "name" and token.joint == "")


def bound_names(tokens: Sequence[Token]) -> frozenset[str]:
    """Give the names that a slash or a colon binds to a role word or title."""
    bound = set()
    for before, after in pairwise(tokens):
        if after.kind == "name" and after.joint in ("/", ":") and before.kind in ("role", "title"):
            bound.add(after.text)
        elif before.kind == "name" and after.kind == "role" and after.joint == "/":
            bound.add(before.text)
    return frozenset(bound)
