"""The words the grammars of people share: roles, titles, agencies and other organizations, from `vocabulary/*.toml`."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Literal, NamedTuple, cast, get_args

from pipelines.record import Role

Position = Literal["before", "after", "either"]

_GLUED: dict[str | None, frozenset[Position]] = {
    None: frozenset(),
    "before": frozenset({"before"}),
    "after": frozenset({"after"}),
    "both": frozenset({"before", "after"}),
}
_DIRECTORY = files(__package__).joinpath("vocabulary")
_ROLE_NAMES = frozenset(get_args(Role))


def load(name: str) -> dict[str, Any]:
    """Give the word lists of `vocabulary/NAME.toml`."""
    return tomllib.loads(_DIRECTORY.joinpath(f"{name}.toml").read_text("utf-8"))


class RoleWord(NamedTuple):
    """What a role word says.

    Attributes:
        roles: the record's roles; empty where the record has none for it, or where `is_default`.
        position: where the name stands when only a blank parts it from the word.
        glued: where the name may stand with nothing between.
        is_default: the word says that a name follows, and no more (作者).
    """

    roles: tuple[Role, ...]
    position: Position
    glued: frozenset[Position]
    is_default: bool


def _read_roles() -> dict[str, RoleWord]:
    words: dict[str, RoleWord] = {}
    for entry in load("roles")["role"]:
        is_default = entry["roles"] == ["default"]
        roles = () if is_default else tuple(entry["roles"])
        if unknown := set(roles) - _ROLE_NAMES:
            raise ValueError(f"vocabulary/roles.toml: {unknown.pop()!r} is no role of the record")
        if entry["position"] not in get_args(Position):
            raise ValueError(f"vocabulary/roles.toml: position {entry['position']!r} is not before, after or either")
        role = RoleWord(cast("tuple[Role, ...]", roles), entry["position"], _GLUED[entry.get("glued")], is_default)
        for word in entry["words"]:
            if word in words:
                raise ValueError(f"vocabulary/roles.toml: {word} stands twice; keep one")
            words[word] = role
    return words


def _any_of(words: list[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


ROLES: dict[str, RoleWord] = _read_roles()
ROLES_AFTER_NAMES: frozenset[str] = frozenset(word for word, role in ROLES.items() if "before" in role.glued)
ROLES_BEFORE_NAMES: frozenset[str] = frozenset(word for word, role in ROLES.items() if "after" in role.glued)
LONGEST_GLUED_ROLE = max(map(len, ROLES_AFTER_NAMES | ROLES_BEFORE_NAMES))

_TITLES: dict[str, Any] = load("titles")
TITLES_ALONE: frozenset[str] = frozenset(_TITLES["alone"])
_GROUP_TITLE = rf"[\u4e00-\u9fff]{{0,10}}?(?:{_any_of(_TITLES['groups'])})"
TITLE = re.compile(
    rf"(?:(?:(?:{_any_of(_TITLES['prefixes'])}){{0,2}}|{_any_of(_TITLES['media_prefixes'])})(?:{_any_of(_TITLES['bases'])})(?![站团会节证])"
    rf"|{_TITLES['posted']}|{_GROUP_TITLE})"
)
GROUP_TITLE = re.compile(_GROUP_TITLE)

_AGENCIES: dict[str, list[str]] = load("agencies")
PICTURE_LIBRARIES: frozenset[str] = frozenset(_AGENCIES["pictures"])
FOREIGN_AGENCIES: frozenset[str] = frozenset(_AGENCIES["foreign"])
OWN_NAMES: frozenset[str] = frozenset(_AGENCIES["own"])
AGENCIES: frozenset[str] = FOREIGN_AGENCIES.union(
    OWN_NAMES, _AGENCIES["short"], _AGENCIES["zhejiang"], _AGENCIES["national"]
)
LONGEST_AGENCY = max(map(len, AGENCIES))

_ORGANIZATIONS: dict[str, list[str]] = load("organizations")
GIVERS: frozenset[str] = frozenset(_ORGANIZATIONS["givers"])
_ALONE_GIVERS = tuple(_ORGANIZATIONS["givers_alone"])
_SENTENCE = re.compile(_any_of(_ORGANIZATIONS["sentence_words"]))
_LONGEST_GIVER = 16
_WHOLE = AGENCIES | PICTURE_LIBRARIES | frozenset(_ORGANIZATIONS["bodies"])
_MEDIA = tuple(_ORGANIZATIONS["media"])
_BRANDS = tuple(_ORGANIZATIONS["brands"])
_LONGEST_BRAND = 7
_MEDIA_SHORT = tuple(_ORGANIZATIONS["media_short"])
_ENDINGS = tuple(_ORGANIZATIONS["endings"])
# 药剂科 is an office, 王小科 a person.
_SURNAMES: frozenset[str] = frozenset("".join(load("names")[tier] for tier in ("common", "other")))
_JOINTS = re.compile("[·•・－\\-–—]")
# 李建社 and 王小刊 are people: these two endings close given names too.
_GIVEN_NAME_ENDINGS = ("社", "刊")


def may_give(text: str) -> bool:
    """Tell whether `text` may name who gave a picture: short, no part of a sentence, no caption stuck to a giver."""
    if len(text) > _LONGEST_GIVER or _SENTENCE.search(text):
        return False
    return not text.endswith(_ALONE_GIVERS) or text in _ALONE_GIVERS


def is_medium(word: str) -> bool:
    """Tell a paper, agency, station or site: a known one, or a name that ends like one (…日报, …电视台)."""
    if word in AGENCIES or word in PICTURE_LIBRARIES:
        return True
    length = len(word)
    if length < 3:
        return False
    if word.endswith(_MEDIA_SHORT):
        return length > 3 or not word.endswith(_GIVEN_NAME_ENDINGS)
    return length > 3 and (word.endswith(_MEDIA) or (length <= _LONGEST_BRAND and word.endswith(_BRANDS)))


def is_organization(word: str) -> bool:
    """Tell an organization: a medium, another body by its ending, or such names joined by `·` or a dash."""
    if word in _WHOLE or is_medium(word):
        return True
    if word.endswith(_ENDINGS) and (len(word) > 3 or (len(word) == 3 and word[0] not in _SURNAMES)):
        return True
    parts = _JOINTS.split(word)
    return len(parts) > 1 and any(part in _WHOLE or is_medium(part) for part in parts)


def split_agency(word: str) -> tuple[str, str] | None:
    """Part a known agency or paper from what sticks to its end: `中新社张三` is 中新社 and 张三; else None."""
    for length in range(min(len(word) - 1, LONGEST_AGENCY), 1, -1):
        if word[:length] in AGENCIES:
            return word[:length], word[length:]
    return None
