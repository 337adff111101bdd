from __future__ import annotations

import itertools
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines.meta import read_meta_line

LINES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "data" / "meta_lines.toml").read_text("utf-8"))[
    "line"
]


@pytest.mark.parametrize("expected", LINES, ids=[line["text"] for line in LINES])
def test_meta_lines(expected: dict[str, Any]) -> None:
    found = read_meta_line(expected["text"])
    assert (found.date, found.source, found.byline) == tuple(expected.get(key) for key in ("date", "source", "byline"))
    assert [person.name for person in found.editors] == expected.get("editors", [])


def test_labels_are_told_with_their_values() -> None:
    found = read_meta_line("来　源：浙江在线 作者： 浏览：12")
    assert found.labels == {"来源": "浙江在线", "作者": "", "浏览": "12"}
    assert read_meta_line("浙江在线").labels == {}


def test_roles_of_editors() -> None:
    found = read_meta_line("来源：浙江在线 责任编辑：田小禾 编辑：陆青")
    assert [(person.name, person.role) for person in found.editors] == [
        ("田小禾", "responsible_editor"),
        ("陆青", "editor"),
    ]


PARTS = [
    ("date", ["2016-10-03 18:21:04", "时间：2016-10-03 18:21:04", "发布时间: 2016年10月03日 18:21:04"]),
    ("source", ["来源：浙江在线", "稿源: 浙江在线", "文章来源： 浙江在线"]),
    ("byline", ["作者：记者 田小禾", "作者: 记者 田小禾"]),
    ("editors", ["责任编辑：陆青", "编辑: 陆青"]),
]


@given(st.permutations(PARTS), st.data(), st.sampled_from([" ", "　", " | ", "｜", "  "]))
def test_any_order_and_label_reads_back(
    order: list[tuple[str, list[str]]], data: st.DataObject, separator: str
) -> None:
    text = separator.join(data.draw(st.sampled_from(forms)) for _, forms in order)
    found = read_meta_line(text)
    assert (found.date, found.source, found.byline) == ("2016-10-03T18:21:04+08:00", "浙江在线", "记者 田小禾")
    assert [person.name for person in found.editors] == ["陆青"]


@given(st.text(alphabet="来源作者编辑：: 　|2016-10年月日记者浙江在线（）()[]【】/字号大中小评论", max_size=80))
def test_any_text_gives_trimmed_values(text: str) -> None:
    found = read_meta_line(text)
    for value in (found.source, found.byline):
        assert value is None or (value and value == value.strip(" 　|｜:："))


@pytest.mark.parametrize("unit", ["来源：", "来 源", "2016-10-03 ", "大 ", "作者 ", "记者", "　", "浙江在线-"])
def test_long_lines_take_no_long_time(unit: str) -> None:
    started = time.perf_counter()
    for times in itertools.chain([30, 90], [50_000]):
        read_meta_line(unit * times)
    assert time.perf_counter() - started < 1
