"""Who made the article: the people of byline, dateline, signatures and editor lines, sorted into the record's lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipelines.record import Person, Role

_EDITOR_WEIGHT: dict[Role, int] = {"responsible_editor": 2, "editor": 1, "proofreader": 0}


class Staff(NamedTuple):
    """The record's lists of people."""

    authors: list[Person]
    photographers: list[Person]
    editors: list[Person]
    contributors: list[Person]


def sort_staff(mentions: Iterable[Person], editor_mentions: Iterable[Person]) -> Staff:
    """Sort mentions into lists, each name once a list, in order of first mention.

    Args:
        mentions: people of byline, dateline and signatures, in that order; editors among them come first in `editors`.
        editor_mentions: people of the editor lines.
    """
    authors: dict[str, Person] = {}
    photographers: dict[str, Person] = {}
    editors: dict[str, Person] = {}
    contributors: dict[tuple[str, str], Person] = {}
    for person in [*mentions, *editor_mentions]:
        if person.role == "author":
            _add(authors, person)
        elif person.role == "photographer":
            _add(photographers, person)
        elif person.role in _EDITOR_WEIGHT:
            _add(editors, person)
        else:
            key = (person.name, person.role)
            contributors[key] = _fill(contributors[key], person) if key in contributors else person
    return Staff(
        list(authors.values()), list(photographers.values()), list(editors.values()), list(contributors.values())
    )


def _add(people: dict[str, Person], person: Person) -> None:
    known = people.get(person.name)
    people[person.name] = person if known is None else _fill(known, person)


def _fill(known: Person, other: Person) -> Person:
    """Give `known` with title and affiliation filled from another mention, and the weightier role of two editors'."""
    role = known.role
    if _EDITOR_WEIGHT.get(other.role, -1) > _EDITOR_WEIGHT.get(role, -1):
        role = other.role
    return msgspec.structs.replace(
        known, title=known.title or other.title, affiliation=known.affiliation or other.affiliation, role=role
    )
