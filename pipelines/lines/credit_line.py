"""A line that is nothing but the credit of a picture."""

from __future__ import annotations

import re

from pipelines.lines.brackets import PAIRS, unwrap
from pipelines.lines.givers import read_giver
from pipelines.lines.line_reading import LineReading, read_line
from pipelines.lines.line_shape import bound_names, has_idle_organization
from pipelines.lines.names import NOT_NAMES, is_plain_name
from pipelines.lines.vocabulary import AGENCIES, OWN_NAMES, is_organization
from pipelines.record import Credit, Person, Role

LONGEST_CREDIT = 300
_LONGEST_ORGANIZATION = 18
_PICTURE_ROLES: frozenset[Role] = frozenset({"photographer", "provider", "designer", "videographer"})
_LENGTH_ALONE = 3
# What ends words for those and that which takes pictures, and words for what stands on them.
_ENDS_OF_WORDS = frozenset("机者员师生友人社报网组站队馆局院校厂团所图像片景色花江湖山河海城市县区镇村")
_SENTENCE = re.compile("[。！？!?…；;]")
_GIVING = re.compile("[摄图影片拍发]|提供")
_ANY_BRACKET = re.compile("[" + re.escape("".join(PAIRS) + "".join(PAIRS.values())) + "]")


def read_credit_line(text: str, *, has_caption: bool = False) -> Credit | None:
    """Read `text` as a credit, or give None where it is more or other than that.

    Behind a caption (`has_caption`) titled people without a role word (`浙江日报记者 张三`) are its photographers.
    """
    if len(text) > LONGEST_CREDIT:
        return None
    raw = unwrap(text)
    body = raw.lstrip("▲△▼▽↑↓←→□■●◆* \u3000").rstrip("。")
    if not body or not _is_balanced(body):
        return None
    giver = read_giver(body, has_caption)
    if giver is not None:
        return Credit(raw=raw, organization=None if giver.people else giver.organization, people=giver.people)
    if _SENTENCE.search(body):
        return None
    reading = read_line(body, "photographer")
    if reading.unread or has_idle_organization(reading.tokens):
        return None
    if reading.organizations and max(map(len, reading.organizations)) > _LONGEST_ORGANIZATION:
        return None
    if not reading.has_role and not (has_caption and raw == text.strip(" \u3000") and _is_signed(reading)):
        return None
    people = reading.people
    if people and not (any(person.role in _PICTURE_ROLES for person in people) and not reading.has_author_label):
        return None
    if not all(_is_sure(person, reading) and _is_apart(person.affiliation) for person in people):
        return None
    if not people and not (reading.givers and _GIVING.search(body)):
        return None
    return Credit(raw=raw, organization=None if people else reading.givers[0], people=people)


def _is_balanced(text: str) -> bool:
    """Tell a text whose brackets are all closed; it may begin or end inside one of the caption's."""
    if not _ANY_BRACKET.search(text):
        return True
    return all(text.count(opening) == text.count(closed[0]) for opening, closed in PAIRS.items())


def _is_sure(person: Person, reading: LineReading) -> bool:
    if (
        person.title
        or (person.affiliation and person.name not in NOT_NAMES)
        or is_plain_name(person.name)
        or len(person.name) == 1
    ):
        return True
    return person.name not in NOT_NAMES and (person.name in bound_names(reading.tokens) or _is_alone(person, reading))


def _is_alone(person: Person, reading: LineReading) -> bool:
    """Tell a name of three characters before 摄 and nothing else, whatever its family name; 无人机摄 is none."""
    kinds = [token.kind for token in reading.tokens]
    if kinds != ["name", "role"] or reading.tokens[1].text not in ("摄", "摄影"):
        return False
    return len(person.name) == _LENGTH_ALONE and person.name[-1] not in _ENDS_OF_WORDS


def _is_apart(affiliation: str | None) -> bool:
    """Tell an organization from one with the end of the caption stuck to it: `开幕式现场浙江日报`."""
    if affiliation is None or affiliation in AGENCIES or len(affiliation) < 3:
        return True
    if not is_organization(affiliation) and len(affiliation) > 4:
        return False
    for length in range(2, len(affiliation) - 1):
        ending = affiliation[-length:]
        if ending in OWN_NAMES:
            return False
        if length > 2 and ending in AGENCIES and len(affiliation) - length > 3:
            head = affiliation[:-length]
            return head[-1] in "·•－-—–/" or head in AGENCIES
    return True


def _is_signed(reading: LineReading) -> bool:
    """Tell a line of titled people and nothing else, which after a caption can only be its credit."""
    return bool(reading.people) and all(
        person.title and (person.affiliation or person.title != "记者") and is_plain_name(person.name)
        for person in reading.people
    )
