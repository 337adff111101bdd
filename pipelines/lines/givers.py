"""Credits that name who gave a picture rather than who made it: `视觉中国供图`, `图片来源：…`, `图片由…提供`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pipelines.lines.line_reading import read_line
from pipelines.lines.names import is_plain_name
from pipelines.lines.vocabulary import (
    AGENCIES,
    FOREIGN_AGENCIES,
    PICTURE_LIBRARIES,
    is_medium,
    is_organization,
    load,
    may_give,
)
from pipelines.record import Person, Role

_DATA: dict[str, Any] = load("credits")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


_BLANK = r"[\s\u3000]*"
_SCOPE = rf"(?:(?:{_any_of(_DATA['scopes'])}){_BLANK})*"
_PICTURES = rf"{_SCOPE}(?:图片|照片|摄影|图文|插图|配图|题图|封面图|视频){_BLANK}"
_EXCEPT = rf"(?:除[^，,。]{{1,14}}外{_BLANK}[，,]?{_BLANK})?"
_ALL = rf"(?:均|都|皆|全部)?{_BLANK}"
_GIVER = rf"{_BLANK}(?P<giver>[^。！？]{{1,60}})"
_PROVIDED = re.compile(
    rf"(?:{_PICTURES}{_EXCEPT}{_ALL}(?:由|为|系|是)|{_SCOPE}图{_ALL}由){_BLANK}(?P<giver>[^，。！？]{{1,40}}?){_BLANK}"
    r"(?P<verb>提供|供图|拍摄|摄影|所摄|摄|图)?"
)
_SOURCE = re.compile(
    rf"{_SCOPE}(?:{_any_of(_DATA['sources'])}|图片?{_EXCEPT}{_ALL}(?:来自|来源于|源自|出自|据)){_BLANK}[:：/／|｜]?{_GIVER}"
)
_BARE_SOURCE = re.compile(rf"来源{_BLANK}[:：/／]{_BLANK}(?P<giver>[^\s\u3000:：。！？]{{2,20}})")
_LABELLED = re.compile(rf"{_SCOPE}(?:图片?|照片|供图|图片提供){_BLANK}[/／:：|｜丨]{_GIVER}")
_NOTES = frozenset(_DATA["notes"])
_NOTED = re.compile(rf"(?P<giver>[^\s\u3000。！？，,]{{2,20}}?){_BLANK}(?:{_any_of(_NOTES)})")
_GIVEN = re.compile(rf"(?P<giver>[^\s\u3000]{{2,20}}?){_BLANK}(?:供图|提供|供片|图片|图)")
_LONGEST_SOURCE = 40
_RIDER = re.compile(rf"[\s\u3000，,]*(?:{_any_of(_DATA['riders'])})[\s\u3000]*$")


class Giver(NamedTuple):
    """Who gave a picture: an organization as printed, or people; neither where the picture is only said to be old."""

    organization: str | None
    people: list[Person]


def read_giver(text: str, has_caption: bool = False) -> Giver | None:
    """Read a credit line, brackets removed, that says who gave the picture; None where it says something else.

    A bare 来源 is a picture's only behind its caption (`has_caption`), else the article's.
    """
    text = _RIDER.sub("", text)
    if provided := _PROVIDED.fullmatch(text):
        return _named(provided["giver"], provided["verb"])
    if has_caption and (source := _BARE_SOURCE.fullmatch(text)):
        return Giver(source["giver"], [])
    if (source := _SOURCE.fullmatch(text)) or (source := _LABELLED.fullmatch(text)):
        is_person = source.re is _LABELLED
        return _sourced(source["giver"].strip(), is_person, text)
    if text in PICTURE_LIBRARIES or text in FOREIGN_AGENCIES:
        return Giver(text, [])
    if 3 < len(text) < 20 and "/" in text and all(part in AGENCIES for part in text.split("/")):
        return Giver(text, [])
    if text in _NOTES:
        return Giver(None, [])
    if noted := _NOTED.fullmatch(text):
        giver = noted["giver"]
        if is_organization(giver) and (is_medium(giver) or len(giver) <= 8):
            return Giver(giver, [])
        return None
    given = _GIVEN.fullmatch(text)
    if given and (not is_plain_name(given["giver"]) or _is_body_of_place(given["giver"])):
        return _organization(given["giver"], text)
    return None


def _is_body_of_place(giver: str) -> bool:
    """Tell a town, county or office whose name has the shape of a person's: 白塔镇."""
    return len(giver) > 2 and giver.endswith(tuple(_DATA["body_endings"]))


def _named(giver: str, verb: str | None) -> Giver | None:
    """Tell people from an organization in `图片由…提供`."""
    role: Role = "provider" if verb in ("提供", "供图") else "photographer"
    reading = read_line(giver, role)
    are_known = all(person.title or person.affiliation or is_plain_name(person.name) for person in reading.people)
    if reading.people and are_known and not reading.unread:
        return Giver(None, reading.people)
    if verb is None and not is_organization(giver):
        return None
    return Giver(giver, []) if may_give(giver) else None


def _sourced(giver: str, is_person: bool, text: str) -> Giver | None:
    """Read what follows 图片来源： or 图/: a list of people with titles or role words, another giver, or a name."""
    if inner := read_giver(giver):
        return inner
    reading = read_line(text if is_person else giver, "photographer")
    if not reading.unread and reading.people and (reading.has_title or reading.has_role or is_person):
        if all(person.title or person.affiliation or is_plain_name(person.name) for person in reading.people):
            return Giver(None, reading.people)
        if is_person and len(reading.people) > 1:
            return None
        return Giver(giver, []) if giver.isascii() else Giver(None, reading.people)
    if reading.givers and not reading.unread:
        return Giver(reading.givers[0], [])
    if is_person and " " in giver.replace("\u3000", " ") and not (giver.isascii() or is_organization(giver)):
        return None
    return Giver(giver, []) if len(giver) <= _LONGEST_SOURCE else None


def _organization(giver: str, text: str) -> Giver | None:
    if not may_give(giver):
        return None
    if text.endswith(("图", "图片")) and not text.endswith(("供图", "提供图片")) and not is_medium(giver):
        return None
    reading = read_line(giver, "provider")
    if reading.has_title and reading.people:
        return None
    return Giver(giver, [])
