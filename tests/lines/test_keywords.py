from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines.keywords import is_keywords_line, read_keywords

WORDS = st.lists(st.from_regex(r"[一-龥A-Za-z0-9]{1,6}", fullmatch=True), min_size=2, max_size=8, unique=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("标签: 图书馆;新馆;青溪", ["图书馆", "新馆", "青溪"]),
        ("标签：图书馆；新馆；；青溪；", ["图书馆", "新馆", "青溪"]),
        ("关键词：图书馆,新馆，青溪", ["图书馆", "新馆", "青溪"]),
        ("标签：图书馆、新馆", ["图书馆", "新馆"]),
        ("标签：图书馆;新馆,青溪 阅读", ["图书馆", "新馆,青溪 阅读"]),
        ("标签：图书馆,新馆 青溪", ["图书馆", "新馆 青溪"]),
        ("Tags: 图书馆 新馆　青溪", ["图书馆", "新馆", "青溪"]),
        ("文章关键词： 图书馆 新馆 图书馆", ["图书馆", "新馆"]),
        ("【标签】图书馆 新馆", ["图书馆", "新馆"]),
        ("【关键词：】图书馆;G20", ["图书馆", "G20"]),
        ("图书馆;新馆\n", ["图书馆", "新馆"]),
        ("标签：图书馆", ["图书馆"]),
        ("标　签：图书馆 新馆", ["图书馆", "新馆"]),
        ("标签：", []),
        ("标签", []),
        ("", []),
        (" ;; ,、", []),
    ],
)
def test_keyword_lines(line: str, expected: list[str]) -> None:
    assert read_keywords(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "标签: 图书馆;新馆",
        "标签：",
        "标签",
        "关键字：图书馆",
        "Tag：图书馆",
        "[标签] 图书馆",
        "　标签 ：图书馆",
    ],
)
def test_recognised(line: str) -> None:
    assert is_keywords_line(line)


@pytest.mark.parametrize(
    "line", ["关键词：绿色发展是青溪的底色。", "关键词一：绿色", "标签化的说法", "贴标签：不公平", ""]
)
def test_not_recognised(line: str) -> None:
    assert not is_keywords_line(line)


@given(
    WORDS,
    st.sampled_from([";", "；", ",", "，", "、", " ", "　", ";;", "; "]),
    st.sampled_from(["", "标签：", "关键词: ", "【标签】"]),
)
def test_rendered_lines_read_back(words: list[str], separator: str, label: str) -> None:
    assert read_keywords(label + separator.join(words)) == words


@given(st.text(max_size=120))
def test_any_text(text: str) -> None:
    found = read_keywords(text)
    assert len(found) == len(set(found))
    assert all(word and word == word.strip() for word in found)
    assert is_keywords_line(text) in (True, False)
