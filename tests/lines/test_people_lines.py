"""Every printed form of a line about people, against its reading by hand (`data/people.jsonl`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.lines.bylines import read_byline
from pipelines.lines.credits import read_credit, split_caption
from pipelines.lines.editors import is_editor_label, read_editor_line
from pipelines.lines.people import read_people
from pipelines.lines.signatures import read_closing_signature, read_signature
from pipelines.record import Credit, Person

CASES = [json.loads(line) for line in (Path(__file__).parent / "data" / "people.jsonl").read_text("utf-8").splitlines()]


def rows(people: Sequence[Person] | None) -> list[list[str | None]] | None:
    return None if people is None else [[p.name, p.title, p.affiliation, p.role] for p in people]


def credit_row(credit: Credit | None) -> dict[str, Any] | None:
    if credit is None:
        return None
    return {"raw": credit.raw, "organization": credit.organization, "people": rows(credit.people)}


def of_byline(text: str) -> dict[str, Any]:
    reading = read_byline(text)
    return {"people": rows(reading.people), "unread": reading.unread}


def of_caption(text: str) -> dict[str, Any]:
    reading = split_caption(text)
    return {"caption": reading.caption, "credit": credit_row(reading.credit)}


READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "byline": of_byline,
    "caption": of_caption,
    "signature": lambda text: {"people": rows(read_signature(text))},
    "closing": lambda text: {"people": rows(read_closing_signature(text))},
    "editor": lambda text: {"people": rows(read_editor_line(text))},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['line']}-{case['text'][:24]}")
def test_line(case: dict[str, Any]) -> None:
    expected = {key: value for key, value in case.items() if key not in ("line", "text")}
    assert READERS[case["line"]](case["text"]) == expected


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["line"] == "caption"], ids=lambda case: case["text"][:24]
)
def test_a_credit_alone_reads_as_it_does_behind_its_caption(case: dict[str, Any]) -> None:
    if case["credit"] is None:
        assert read_credit(case["text"]) is None
    elif case["caption"] is None:
        assert credit_row(read_credit(case["text"])) == case["credit"]


def test_default_role_is_the_callers() -> None:
    assert rows(read_people("林一舟 沈若溪", default_role="photographer").people) == [
        ["林一舟", None, None, "photographer"],
        ["沈若溪", None, None, "photographer"],
    ]


def test_label_without_colon_keeps_the_title_behind_it() -> None:
    assert rows(read_people("摄影 本报记者 林一舟").people) == [["林一舟", "记者", "本报", "photographer"]]


@pytest.mark.parametrize(
    "text",
    ["责任编辑：", "责任编辑:", "责编：", "编辑：", "校对：", "责 任 编 辑：", "【责任编辑】", "　　责任编辑：　"],
)
def test_editor_label_alone(text: str) -> None:
    assert is_editor_label(text)
    assert read_editor_line(text) == []


@pytest.mark.parametrize("text", ["责任编辑：林一舟", "编辑部", "责任", "主编的话", "", "编辑林一舟"])
def test_no_editor_label(text: str) -> None:
    assert not is_editor_label(text)


def test_two_credit_lines_joined_share_the_closing_role_word() -> None:
    credit = read_credit("本报记者 林一舟 通讯员 沈若溪 摄")
    assert credit is not None
    assert rows(credit.people) == [
        ["林一舟", "记者", "本报", "photographer"],
        ["沈若溪", "通讯员", None, "photographer"],
    ]


def test_a_line_of_titles_alone_is_no_credit() -> None:
    assert read_credit("本报记者 林一舟") is None
    assert split_caption("本报记者 林一舟") == ("本报记者 林一舟", None)
