from __future__ import annotations

import time
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines.datelines import read_dateline, read_dateline_fully

DATA = Path(__file__).parent / "data"
DATELINES: list[dict[str, Any]] = tomllib.loads((DATA / "datelines.toml").read_text("utf-8"))["dateline"]
SENTENCES = (DATA / "no_datelines.txt").read_text("utf-8").splitlines()
STORY = "今天上午，青溪县图书馆的新馆开门迎客（见图）。"


def check(text: str, expected: dict[str, Any]) -> None:
    found = read_dateline(text, "2016-10-03T08:00:00+08:00")
    assert found is not None
    assert found.raw == expected["raw"]
    assert (found.organization, found.place, found.date) == tuple(
        expected.get(key) for key in ("organization", "place", "date")
    )
    assert [person.name for person in found.people] == expected.get("people", [])


@pytest.mark.parametrize("expected", DATELINES, ids=[entry["raw"] for entry in DATELINES])
@pytest.mark.parametrize("between", [" ", "　", ""])
def test_datelines(expected: dict[str, Any], between: str) -> None:
    check(expected["raw"] + (between or expected.get("between", "")) + STORY, expected)


@pytest.mark.parametrize("line", [*SENTENCES, "", "讯", "电（", "消息："])
def test_prose_is_no_dateline(line: str) -> None:
    assert read_dateline(line, "2016-10-03") is None


def test_people_keep_title_affiliation_and_role() -> None:
    found = read_dateline("浙江在线10月1日讯(浙江在线记者/田小禾 编辑/陆青)今天", "2016-10-03")
    assert found is not None
    writer, editor = found.people
    assert (writer.title, writer.affiliation, writer.role) == ("记者", "浙江在线", "author")
    assert (editor.title, editor.affiliation, editor.role) == (None, None, "editor")


def test_a_december_dateline_on_a_january_page_is_last_years() -> None:
    found = read_dateline("浙江在线12月31日讯 今天", "2017-01-01T08:00:00+08:00")
    assert found is not None
    assert found.date == "2016-12-31"


def test_without_a_publication_date_the_day_has_no_year() -> None:
    found = read_dateline("浙江在线12月31日讯 今天", None)
    assert found is not None
    assert found.date is None


def test_what_a_bracket_holds_besides_people_is_told() -> None:
    reading = read_dateline_fully("浙江在线10月1日讯（记者 田小禾 ＊＊＊）今天", "2016-10-03")
    assert reading is not None
    assert [person.name for person in reading.dateline.people] == ["田小禾"]
    assert reading.unread


def test_over_twenty_names() -> None:
    names = [f"田{a}{b}" for a in "小大青" for b in "禾苗芽叶花果实"]
    found = read_dateline(f"浙江在线10月1日讯（浙江在线记者 {' '.join(names)}）今天", "2016-10-03")
    assert found is not None
    assert [person.name for person in found.people] == names


@given(
    st.sampled_from(["浙江在线", "本报", "新华社", "钱江晚报", "浙江在线-杭州频道"]),
    st.sampled_from(["", "杭州", "呼和浩特", "俄罗斯叶卡捷琳堡"]),
    st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["{0.month}月{0.day}日", "{0:%m}月{0:%d}日", "{0.year}年{0.month}月{0.day}日"]),
    st.sampled_from(["讯", "电", "专电", "消息", "报道"]),
    st.sampled_from(["", "(记者 田小禾)", "（本报记者 田小禾）", "　（记者 田小禾）"]),
    st.integers(0, 20),
)
def test_rendered_datelines_read_back(
    organization: str, place: str, day: date, form: str, verb: str, bracket: str, later: int
) -> None:
    raw = f"{organization}{place}{form.format(day)}{verb}{bracket}"
    found = read_dateline(f"{raw} {STORY}", (day + timedelta(days=later)).isoformat())
    assert found is not None
    assert (found.raw, found.organization, found.place) == (raw, organization, place or None)
    assert found.date == day.isoformat()
    assert [person.name for person in found.people] == (["田小禾"] if bracket else [])


@given(st.text(alphabet="浙江在线本报杭州10月日讯电消息报道记者（）()【】[]·-　 ，：微博田小禾", max_size=80))
def test_the_raw_dateline_opens_the_text(text: str) -> None:
    found = read_dateline(text, "2016-10-03")
    if found is not None:
        assert text.strip(" 　").startswith(found.raw)


@pytest.mark.parametrize(
    "unit", ["浙江在线", "浙江在线·", "杭州网", "1月", "本报讯（", "（微博）", "报道 ", "新华社 ", "网", "a·"]
)
def test_long_lines_take_no_long_time(unit: str) -> None:
    started = time.perf_counter()
    for text in (unit * 50_000, unit * 60 + "10月1日讯", "浙江在线" + unit * 20 + "讯"):
        read_dateline(text, "2016-10-03")
    assert time.perf_counter() - started < 1
