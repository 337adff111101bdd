"""Lists of people as the site prints them: `浙江日报记者 张三/文 李四/摄 通讯员 王五`."""

from __future__ import annotations

from typing import NamedTuple

from pipelines.lines.line_reading import read_line
from pipelines.record import Person, Role


class PeopleReading(NamedTuple):
    """People read from a line, and the pieces that could not be read, kept raw."""

    people: list[Person]
    unread: list[str]


def read_people(text: str, *, default_role: Role = "author") -> PeopleReading:
    """Read a list of people; those without a role word get `default_role`, one with two roles comes twice."""
    reading = read_line(text, default_role)
    return PeopleReading(reading.people, reading.unread)
