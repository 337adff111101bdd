"""What holds for every line of people: printed and read back it is the same; nothing raises; nothing takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.lines.bylines import read_byline
from pipelines.lines.credits import read_credit, split_caption
from pipelines.lines.editors import is_editor_label, read_editor_line
from pipelines.lines.names import COMMON_SURNAMES, COMPOUND_SURNAMES, is_plain_name
from pipelines.lines.people import read_people
from pipelines.lines.signatures import read_closing_signature, read_signature
from pipelines.record import Role

GIVEN = "一岚溪舟默悦晴朗琪涵轩宁皓昕雯婷倩芳敏静磊鑫淼垚霖菲薇瑜珂璇恬恺哲睿晟煜"
TITLES = [
    "记者",
    "见习记者",
    "首席记者",
    "通讯员",
    "特约记者",
    "实习生",
    "拍友",
    "评论员",
    "市委报道组",
    "安吉县报道组",
]
GROUPS = ("市委报道组", "安吉县报道组")
PAPERS = [
    "浙江日报",
    "浙江在线",
    "钱江晚报",
    "本报",
    "新华社",
    "潮新闻·浙江日报",
    "浙江在线－浙江日报",
    "永嘉日报",
    "柯城电视台",
]

Row = tuple[str, str | None, str | None, str]


@st.composite
def names(draw: st.DrawFn) -> str:
    if draw(st.integers(0, 9)) == 0:
        surname = draw(st.sampled_from(sorted(COMPOUND_SURNAMES)))
    else:
        surname = draw(st.sampled_from(sorted(COMMON_SURNAMES)))
    name = surname + draw(st.text(GIVEN, min_size=1, max_size=2))
    return name if is_plain_name(name) else "林一舟"


class Group(NamedTuple):
    paper: str | None
    title: str | None
    names: list[str]
    roles: tuple[str, ...]


SUFFIXES: dict[tuple[str, ...], list[str]] = {
    ("author",): ["/文", " 文", "／文", "/撰文"],
    ("photographer",): ["/摄", " 摄", "摄", "/图", " 摄影", "/摄影", " 翻摄"],
    ("author", "photographer"): [" 文/摄", "/图文", " 摄影报道", " 文/图", "/文、图"],
    ("videographer",): ["/视频", "/剪辑"],
    ("translator",): ["/译"],
    ("designer",): ["/制图", "/设计"],
    ("provider",): ["/供图", " 供图", "供图", " 提供"],
}
LABELS: dict[Role, list[str]] = {
    "author": ["文", "撰文", "文字"],
    "photographer": ["摄影", "摄", "图", "拍摄"],
    "editor": ["编辑"],
    "responsible_editor": ["责任编辑", "责编"],
    "proofreader": ["校对"],
    "designer": ["设计", "制图"],
    "videographer": ["视频", "剪辑"],
    "translator": ["翻译", "译"],
    "planner": ["策划"],
}

NAME_LISTS = st.lists(names(), min_size=1, max_size=4, unique=True)


def pad(name: str, blank: str) -> str:
    return blank.join(name) if len(name) == 2 else name


@st.composite
def printed_groups(draw: st.DrawFn) -> tuple[str, list[Row]]:
    """A list of people with titles before and perhaps role words after, and what it says."""
    has_roles = draw(st.booleans())
    between = draw(st.sampled_from([" ", "　", "  "]))
    mark = draw(st.sampled_from([" ", "、", "，", "　"]))
    after_title = draw(st.sampled_from(["", " ", "：", "/", ":"]))
    blank = draw(st.sampled_from(["", "", " ", "　"]))
    parts: list[str] = []
    rows: list[Row] = []
    seen: set[tuple[str, str]] = set()
    title: str | None = None
    paper: str | None = None
    for _ in range(draw(st.integers(1, 4))):
        own_title = draw(st.sampled_from([None, *TITLES]))
        own_paper = draw(st.sampled_from([None, *PAPERS])) if own_title not in GROUPS else None
        people = [name for name in draw(NAME_LISTS) if not any((name, role) in seen for role in SUFFIXES)]
        roles = draw(st.sampled_from(sorted(SUFFIXES))) if has_roles else ("author",)
        people = [name for name in people if all((name, role) not in seen for role in roles)]
        if not people:
            continue
        if own_title is not None or own_paper is not None:
            title, paper = own_title, own_paper
        head = (own_paper or "") + (draw(st.sampled_from(["", " "])) if own_paper and own_title else "")
        if own_title:
            head += own_title + after_title
        elif own_paper:
            head += " "
        suffix = draw(st.sampled_from(SUFFIXES[roles])) if has_roles else ""
        parts.append(head + mark.join(pad(name, blank) for name in people) + suffix)
        for name in people:
            rows += [(name, title, paper, role) for role in roles]
            seen.update((name, role) for role in roles)
    return between.join(parts), rows


def rows_of(people: Any) -> list[Row]:
    return [(person.name, person.title, person.affiliation, person.role) for person in people]


@settings(max_examples=400, deadline=None)
@given(printed_groups())
def test_groups_read_back(case: tuple[str, list[Row]]) -> None:
    text, expected = case
    reading = read_people(text)
    assert reading.unread == []
    assert rows_of(reading.people) == expected


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(LABELS)), NAME_LISTS), min_size=1, max_size=4, unique_by=lambda x: x[0]),
    st.sampled_from(["：", ":", "/", "： ", " | ", "丨"]),
    st.sampled_from(["、", " ", "，"]),
    st.data(),
)
def test_labels_read_back(groups: list[tuple[Role, list[str]]], colon: str, mark: str, data: st.DataObject) -> None:
    parts = [data.draw(st.sampled_from(LABELS[role])) + colon + mark.join(people) for role, people in groups]
    reading = read_people(" ".join(parts))
    assert reading.unread == []
    assert rows_of(reading.people) == [(name, None, None, role) for role, people in groups for name in people]


CAPTIONS = [
    "图为西湖夜色",
    "10月1日，游客走过断桥",
    "“天下第一潮”如期而至",
    "新落成的大桥（左）与旧桥",
    "在杭州举行的2016年会现场",
    "孩子们放飞纸鸢",
]
PEN_ENDS = ["。", "！", "…", "。”"]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(CAPTIONS),
    st.sampled_from(["", *PEN_ENDS]),
    st.sampled_from([None, *PAPERS]),
    st.sampled_from([None, "记者", "通讯员", "首席记者", "拍友"]),
    NAME_LISTS,
    st.sampled_from([" 摄", "/摄", "摄", " 供图", " 翻摄", "/图"]),
    st.sampled_from([None, "（）", "()", "【】", "[]"]),
    st.sampled_from([" ", "　"]),
)
def test_captions_part_from_their_credit(
    caption: str,
    end: str,
    paper: str | None,
    title: str | None,
    people: list[str],
    verb: str,
    bracket: str | None,
    blank: str,
) -> None:
    caption += end
    head = (paper or "") + (title or "")
    credit = (head + " " if head else "") + "、".join(people) + verb
    text = caption + bracket[0] + credit + bracket[1] if bracket else caption + blank + credit
    reading = split_caption(text)
    role = "provider" if verb == " 供图" else "photographer"
    assert reading.caption == caption
    assert reading.credit is not None
    assert reading.credit.raw == credit
    assert reading.credit.organization is None
    assert rows_of(reading.credit.people) == [(name, title, paper, role) for name in people]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["责任编辑", "责编", "编辑", "校对"]),
    NAME_LISTS,
    st.sampled_from(["：", ":", "： ", "|"]),
    st.sampled_from(["、", " ", "　"]),
    st.sampled_from(["", " PK155", "_NF4425", " HN666"]),
    st.sampled_from(["", "（）", "【】", "[]", "()"]),
)
def test_editor_lines_read_back(label: str, people: list[str], colon: str, mark: str, code: str, bracket: str) -> None:
    text = label + colon + mark.join(people) + code
    text = bracket[0] + text + bracket[1] if bracket else text
    role = {"责任编辑": "responsible_editor", "责编": "responsible_editor", "编辑": "editor", "校对": "proofreader"}[
        label
    ]
    read = read_editor_line(text)
    assert read is not None
    assert rows_of(read) == [(name, None, None, role) for name in people]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["大桥将在年底通车。", "“年底通车。”", "他们做到了！"]),
    NAME_LISTS,
    st.sampled_from(["（）", "()", "【】"]),
)
def test_closing_signatures_read_back(sentence: str, people: list[str], bracket: str) -> None:
    text = sentence + bracket[0] + " ".join(people) + bracket[1]
    assert rows_of(read_closing_signature(text)) == [(name, None, None, "author") for name in people]
    assert read_signature(text) is None


READERS: list[Callable[[str], object]] = [
    read_people,
    read_byline,
    read_credit,
    split_caption,
    read_signature,
    read_closing_signature,
    read_editor_line,
    is_editor_label,
]
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *TITLES,
                *PAPERS,
                "文",
                "摄",
                "图",
                "/",
                "：",
                "（",
                "）",
                " ",
                "　",
                "、",
                "。",
                "供图",
                "发",
                "编辑",
                "·",
                "-",
                "等",
                "图片由",
                "提供",
                "来源",
                "林",
                "舟",
                "林一舟",
                "欧阳",
                "PK155",
                "Demi",
                "_",
                "　　",
                "资料图",
                "作者",
            ]
        ),
        st.text(max_size=3),
    ),
    max_size=14,
).map("".join)


@settings(max_examples=500, deadline=None)
@given(st.one_of(PIECES, st.text(max_size=60)))
@example("摄")
@example("（）")
@example("：/：/")
@example("编辑：")
@example("文/图/文/图")
def test_no_text_raises_and_nothing_is_made_up(text: str) -> None:
    for read in READERS:
        read(text)
    letters = {character for character in text if not character.isspace()}
    reading = split_caption(text)
    credit = reading.credit
    assert set("".join((reading.caption or "").split())) <= letters
    if credit is not None:
        assert credit.raw in text
        assert reading.caption is None or reading.caption in text
    for person in read_people(text).people:
        for part in (person.name, person.title, person.affiliation):
            assert set("".join((part or "").split())) <= letters


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_every_name_is_read_or_listed_as_unread(text: str) -> None:
    text = f"记者 {text} 通讯员 沈若溪林"
    reading = read_people(text)
    assert any(person.name == "沈若溪林" for person in reading.people) or reading.unread


HOSTILE = {
    "titles": "记者" * 20_000,
    "blanks": "作者" + "　" * 40_000 + "摄",
    "brackets": "（" * 20_000 + "摄" + "）" * 20_000,
    "names": "林一舟 " * 12_000 + "摄",
    "singles": "林 " * 20_000 + "摄",
    "latin": "a " * 20_000 + "摄",
    "slashes": "文/" * 20_000,
    "groups": "市" * 20_000 + "报道组",
    "dots": "· " * 20_000,
    "labels": "图片来源：" * 8_000,
    "sentences": "西湖夜色。" * 8_000 + "林一舟 摄",
    "one-word": "摄" * 40_000,
    "agencies": "浙江日报" * 10_000 + "摄",
    "sources": "来源" + "　" * 30_000 + "于" + "　" * 30_000,
    "editors": "编辑：林一舟 " * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_at_once(name: str) -> None:
    text = HOSTILE[name]
    start = time.perf_counter()
    for read in READERS:
        read(text)
    assert time.perf_counter() - start < 1.0
