from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines.breadcrumbs import read_breadcrumb_names

NAMES = st.lists(st.from_regex(r"[一-仿]{2,5}", fullmatch=True), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("您当前的位置 :浙江在线 > 浙江新闻 > 原创新闻 正文", ["浙江在线", "浙江新闻", "原创新闻"]),
        ("您当前的位置：浙江在线>浙江新闻>正文", ["浙江在线", "浙江新闻"]),
        ("您现在的位置是： 浙江在线 >> 体育 >> 正文", ["浙江在线", "体育"]),
        ("当前位置：首页 » 体育 › 足球", ["首页", "体育", "足球"]),
        ("您的当前位置 浙江在线＞体育", ["浙江在线", "体育"]),
        ("现在位置：浙江在线 -> 体育 -> 文章详情", ["浙江在线", "体育"]),
        ("所在位置：浙江在线 > 体育正文", ["浙江在线", "体育"]),
        ("浙江在线 正文", ["浙江在线"]),
        ("浙江在线 体育>正文", ["浙江在线", "体育"]),
        ("首页 > Zhejiang News > 正文", ["首页", "Zhejiang News"]),
        ("浙江在线　>　体育\xa0>\xa0正文", ["浙江在线", "体育"]),
        ("您当前的位置：", []),
        ("正文", []),
        ("", []),
    ],
)
def test_trails(line: str, expected: list[str]) -> None:
    assert read_breadcrumb_names(line) == expected


@given(
    NAMES,
    st.sampled_from(["您当前的位置：", "您当前的位置 :", "当前位置: ", "您的位置：", ""]),
    st.sampled_from([" > ", ">", " >> ", " » ", "　>　"]),
    st.sampled_from(["", " 正文", " > 正文", ">正文"]),
)
def test_rendered_trails_read_back(names: list[str], label: str, separator: str, closing: str) -> None:
    assert read_breadcrumb_names(label + separator.join(names) + closing) == names


@given(st.text(max_size=120))
def test_any_text(text: str) -> None:
    assert all(name == name.strip() and name for name in read_breadcrumb_names(text))
