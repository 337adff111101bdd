"""Editor lines: `责任编辑：张三`, `【编辑：张三】`, `责编 张三 校对 李四`."""

from __future__ import annotations

import re

from pipelines.lines.brackets import unwrap
from pipelines.lines.labels import is_noise
from pipelines.lines.line_reading import EDITING, read_line
from pipelines.lines.names import NOT_NAMES, is_plain_name
from pipelines.lines.vocabulary import ROLES
from pipelines.record import Person

_LONGEST = 160
_BLANK = r"[\s\u3000]*"
# Labels that open such a line: those of editors, and those the record has no role for but which stand with them (二审).
_WITH_EDITORS = frozenset({"审核", "审读", "终审", "一审", "初审"})
_OPENERS = sorted(
    (word for word, role in ROLES.items() if set(role.roles) & EDITING or word in _WITH_EDITORS),
    key=len,
    reverse=True,
)
_LABEL = "(?:" + "|".join(_BLANK.join(word) for word in _OPENERS) + ")"
_OPENING = re.compile(
    rf"[\W_]*(?P<label>{_LABEL}){_BLANK}(?P<mark>[:：/／|｜丨]|】|\]|(?<=[\s\u3000])|$|(?=[\u4e00-\u9fff]))"
)
_ALONE = re.compile(rf"[\W_]*{_LABEL}{_BLANK}[:：/／|｜]?[\W_]*")
_SENTENCE = re.compile("[。！？!?“”]")
_STAFF = re.compile(rf"[\u4e00-\u9fff]{{2,6}}{_BLANK}[:：]")
_EDITOR_INSIDE = re.compile(rf"{_LABEL}{_BLANK}[:：]")
_STAFF_ROLES = frozenset({"planner", "designer", "videographer", "translator"})
_STAFF_LABELS = frozenset(word for word, role in ROLES.items() if role.roles and _STAFF_ROLES.issuperset(role.roles))
_FIRST = frozenset(word[0] for word in _OPENERS)


def is_editor_label(text: str) -> bool:
    """Tell a line that is nothing but an editor's label: `责任编辑：`."""
    return len(text) <= 20 and _ALONE.fullmatch(text) is not None


def read_editor_line(text: str) -> list[Person] | None:
    """Give the people of an editor line; None where `text` is none, an empty list where the label has no name."""
    if len(text) > _LONGEST or _FIRST.isdisjoint(text[:6]):
        return None
    opening = _OPENING.match(text)
    if opening is None:
        return None
    if is_editor_label(text):
        return []
    if _SENTENCE.search(text.rstrip("。")):
        return None
    label = "".join(opening["label"].split())
    body = unwrap(text)
    cut = _OPENING.match(body)
    if cut is not None:
        body = f"{label}：{body[cut.end() :]}"
    reading = read_line(body, "editor")
    people = [person for person in reading.people if person.name not in NOT_NAMES and not is_noise(person.name)]
    if opening["mark"] in (":", "：", "/", "／", "|", "｜", "丨", "】", "]"):
        return people
    if reading.unread or not people or not all(is_plain_name(person.name) for person in people):
        return None
    return people


def read_staff_line(text: str) -> list[Person]:
    """Give the people of a line of labels with editors or other staff among them, if it is one.

    `策划：甲 视频：乙 编辑：丙`, and `策划：甲　制图：乙` too, where every word has its place.
    """
    if len(text) > _LONGEST or not (opening := _STAFF.match(text)) or _SENTENCE.search(text):
        return []
    if not _EDITOR_INSIDE.search(text) and opening[0].rstrip(":： \u3000") not in _STAFF_LABELS:
        return []
    reading = read_line(text, "editor")
    return [] if reading.unread else reading.people
