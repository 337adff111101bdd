from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines.keywords import is_keywords_line
from pipelines.lines.labels import is_copyright_notice, is_noise, strip_abstract_label, strip_editors_note_label

DATA = Path(__file__).parent / "data"
NOISE = (DATA / "noise.txt").read_text("utf-8").splitlines()
SENTENCES = (DATA / "sentences.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize("line", NOISE)
def test_furniture_is_noise(line: str) -> None:
    assert is_noise(line)
    assert is_noise(f"　　{line} ")


@pytest.mark.parametrize("line", SENTENCES)
def test_a_sentence_is_no_noise_and_no_label(line: str) -> None:
    assert not is_noise(line)
    assert not is_copyright_notice(line)
    assert not is_keywords_line(line)
    assert strip_abstract_label(line) is None
    assert strip_editors_note_label(line) is None


@given(st.sampled_from([line for line in NOISE if len(line) < 30]), st.sampled_from(SENTENCES))
def test_noise_words_inside_a_sentence_stay(noise: str, sentence: str) -> None:
    assert not is_noise(f"昨天，有读者问“{noise}”是什么意思。{sentence}")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("【摘要】 新馆昨天开门。", "新馆昨天开门。"),
        ("【摘 要】新馆昨天开门。", "新馆昨天开门。"),
        ("　　[摘要]：新馆昨天开门。", "新馆昨天开门。"),
        ("摘要：新馆昨天开门。", "新馆昨天开门。"),
        ("内容摘要: 新馆\xa0昨天开门。 ", "新馆 昨天开门。"),
        ("【核心提示】新馆昨天开门。", "新馆昨天开门。"),
        ("【导读】新馆昨天开门。", "新馆昨天开门。"),
        ("【摘要】", ""),
        ("导读：新馆昨天开门。", None),
        ("摘要新馆昨天开门。", None),
        ("新馆【摘要】", None),
        ("", None),
    ],
)
def test_abstract_labels(line: str, expected: str | None) -> None:
    assert strip_abstract_label(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("编者按:“读书不觉已春深。”", "“读书不觉已春深。”"),
        ("　　编者按：一年之计在于春。", "一年之计在于春。"),
        ("【编者按】一年之计在于春。", "一年之计在于春。"),
        ("[编者按]　一年之计在于春。", "一年之计在于春。"),
        ("（编者按）一年之计在于春。", "一年之计在于春。"),
        ("（编者按：一年之计在于春。）", "一年之计在于春。"),
        ("编者按　一年之计在于春。", "一年之计在于春。"),
        ("编者按——一年之计在于春。", "一年之计在于春。"),
        ("■编者的话：一年之计在于春。", "一年之计在于春。"),
        ("编者按", ""),
        ("编者按：", ""),
        ("编者按照惯例写了几句话。", None),
        ("本报编者按：一年之计", None),
    ],
)
def test_editors_note_labels(line: str, expected: str | None) -> None:
    assert strip_editors_note_label(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        '凡注有"浙江在线"或电头为"浙江在线"的稿件,均为浙江在线独家版权所有,未经许可不得转载或镜像。',
        "① 凡本网注明“来源：浙江在线”的所有作品，版权均属于浙江在线，未经本网授权不得转载。",
        "2、凡本网注明来源为其他媒体的作品，均转载自其他媒体，不代表本网赞同其观点。",
        "版权声明：本文版权归作者所有，转载请联系授权。",
        "【免责声明】本文仅代表作者个人观点，侵权请联系删除。",
        "本文版权归浙江在线所有，转载须经授权。",
        "未经浙江在线书面许可，不得转载。",
    ],
)
def test_copyright_notices(line: str) -> None:
    assert is_copyright_notice(line)
    assert not is_noise(line)


@pytest.mark.parametrize(
    "line",
    [
        "©2025浙江在线新闻网站版权所有",
        "凡注明©的图片，Copyright © Zjol All Rights Reserved 未经授权不得转载",
        "版权和免责申明",
        "凡来源不明的药品，一律下架。",
        "他说，凡本网注明的作品都不得转载。",
    ],
)
def test_what_is_no_copyright_notice(line: str) -> None:
    assert not is_copyright_notice(line)


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    assert is_noise(text) in (True, False)
    assert is_copyright_notice(text) in (True, False)
    for strip in (strip_abstract_label, strip_editors_note_label):
        found = strip(text)
        assert found is None or found == found.strip()


@pytest.mark.parametrize(
    "unit", ["第1页", "[1] ", "404 Not Found ", "nw.D0000", "更多关注", "Reserved", "编者按 ", "凡本网", "许可证"]
)
def test_long_lines_take_no_long_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    started = time.perf_counter()
    for cut in (text, text[:690]):
        is_noise(cut)
        is_copyright_notice(cut)
        strip_abstract_label(cut)
        strip_editors_note_label(cut)
        is_keywords_line(cut)
    assert time.perf_counter() - started < 1
