"""Signatures: a paragraph, or the bracket that closes one, that only says who wrote the article."""

from __future__ import annotations

import re

from pipelines.lines.brackets import PAIRS, last_bracket, unwrap
from pipelines.lines.line_reading import LineReading, read_line
from pipelines.lines.line_shape import glued_names, has_idle_organization, opens_with_label
from pipelines.lines.names import NOT_NAMES, is_plain_name
from pipelines.lines.vocabulary import TITLES_ALONE, is_medium
from pipelines.record import Person

_LONGEST = 600
_LONGEST_CLOSING = 200
_LONGEST_NAMELESS = 16
_LONGEST_SHORT_NAME = 4
_SENTENCE = re.compile("[。！？!?…“”《》]")
_HINT = re.compile("[者员组文图摄撰执采影友师生家人站]")
_ENDS_SENTENCE = "。！？!?…”’」』）)》"


def read_signature(text: str) -> list[Person] | None:
    """Give the people of a paragraph that is only a signature, in brackets or not; None where it is more or other.

    A signature that names nobody (`本报评论员`) gives an empty list.
    """
    text = text.strip(" \u3000")
    if not text or len(text) > _LONGEST:
        return None
    is_bracketed = text[0] in PAIRS and last_bracket(text) == 0
    if not is_bracketed and not _HINT.search(text, 0, 60):
        return None
    if _SENTENCE.search(text):
        return None
    return _sign(read_line(unwrap(text), "author"), is_bracketed, len(text) <= _LONGEST_NAMELESS)


def read_closing_signature(text: str) -> list[Person]:
    """Give the people of a signature in brackets at the end of a paragraph; an empty list where there is none."""
    text = text.rstrip(" \u3000")
    at = last_bracket(text)
    if not at or len(text) - at > _LONGEST_CLOSING:
        return []
    inside = unwrap(text[at:])
    if not inside or _SENTENCE.search(inside):
        return []
    reading = read_line(inside, "author")
    before = text[:at].rstrip(" \u3000")
    if not reading.has_title and (not before or before[-1] not in _ENDS_SENTENCE):
        return []
    return _sign(reading, is_bracketed=True, is_short=False) or []


def _sign(reading: LineReading, is_bracketed: bool, is_short: bool) -> list[Person] | None:
    """Give the people of a line if all of it says who signs."""
    if reading.unread or reading.givers or has_idle_organization(reading.tokens):
        return None
    if not reading.people:
        is_nameless = is_short and reading.has_title and bool(reading.organizations)
        return [] if is_nameless and all(map(is_medium, reading.organizations)) else None
    if not is_bracketed and not any(_is_job(person) for person in reading.people) and not reading.has_role:
        return None
    is_led_by_paper = any(is_medium(person.affiliation or "") for person in reading.people)
    for person in reading.people:
        if not is_bracketed and not _is_paper(person.affiliation):
            return None
        if is_plain_name(person.name) or len(person.name) == 1:
            continue
        if not is_bracketed and person.name in glued_names(reading.tokens):
            return None
        is_titled = person.title and (is_bracketed or is_led_by_paper)
        is_known = person.affiliation or is_titled or opens_with_label(reading.tokens)
        if not is_known or person.name in NOT_NAMES:
            return None
    return reading.people


def _is_paper(affiliation: str | None) -> bool:
    """Tell an affiliation that may stand in a signature without brackets: a paper, or what it is called for short."""
    if affiliation is None or len(affiliation) <= _LONGEST_SHORT_NAME:
        return True
    return is_medium(affiliation) or is_medium(affiliation.partition("·")[0])


def _is_job(person: Person) -> bool:
    return person.title is not None and person.title not in TITLES_ALONE
