from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.lines.dates import read_datetime, read_day

LINES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "dates.tsv").read_text("utf-8").splitlines()
    if line.strip()
]

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2069, 12, 31))
CHINESE = str.maketrans("0123456789", "〇一二三四五六七八九")
FULL_WIDTH = str.maketrans("0123456789-:", "０１２３４５６７８９－：")


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_printed_dates(line: str, expected: str) -> None:
    assert str(read_datetime(line)) == expected


@given(
    MOMENTS,
    st.sampled_from(
        [
            "{0:%Y}-{0:%m}-{0:%d} {0:%H}:{0:%M}:{0:%S}",
            "{0:%Y}年{0:%m}月{0:%d}日 {0:%H}:{0:%M}:{0:%S}",
            "{0.year}年{0.month}月{0.day}日{0.hour}时{0.minute}分{0.second}秒",
            "{0.year}/{0.month}/{0.day} {0.hour}:{0:%M}:{0:%S}",
            "{0.year}.{0.month}.{0.day}　{0.hour}：{0:%M}：{0:%S}",
            "{0:%Y}-{0:%m}-{0:%d}T{0:%H}:{0:%M}:{0:%S}+08:00",
            "发布时间：{0:%Y}-{0:%m}-{0:%d} {0:%H}:{0:%M}:{0:%S} | 来源：浙江在线",
        ]
    ),
    st.booleans(),
)
def test_every_printed_form_reads_back(moment: datetime, form: str, full_width: bool) -> None:
    line = form.format(moment)
    expected = f"{moment:%Y-%m-%dT%H:%M:%S}+08:00"
    assert read_datetime(line) == expected
    if full_width and "T" not in form:
        assert read_datetime(line.translate(FULL_WIDTH)) == expected


@given(MOMENTS)
def test_chinese_numerals_read_back(moment: datetime) -> None:
    def numeral(number: int) -> str:
        tens, ones = divmod(number, 10)
        sign = "" if ones == 0 and tens else str(ones).translate(CHINESE)
        return sign if not tens else ("" if tens == 1 else str(tens).translate(CHINESE)) + "十" + sign

    day = f"{numeral(moment.month)}月{numeral(moment.day)}日"
    assert read_datetime(str(moment.year).translate(CHINESE) + "年" + day) == f"{moment:%Y-%m-%d}"
    assert read_day(f"新华社北京{day}电", moment.isoformat()) == f"{moment:%Y-%m-%d}"


@given(MOMENTS, st.integers(-14, 3))
def test_a_dateline_near_its_article_gets_the_right_year(published: datetime, days: int) -> None:
    day = published + timedelta(days=days)
    assert read_day(f"{day.month}月{day.day}日", published.isoformat()) == f"{day:%Y-%m-%d}"


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("12月31日", "2017-01-01T08:00:00+08:00", "2016-12-31"),
        ("1月1日", "2016-12-31", "2017-01-01"),
        ("09月08日", "2016-10-01", "2016-09-08"),
        ("七月十四日", "2016-07-15", "2016-07-14"),
        ("７月２７日", "2016-07-28", "2016-07-27"),
        ("二十日", "2016-10-21", "2016-10-20"),
        ("30日", "2017-01-01", "2016-12-30"),
        ("1日", "2017-01-01", "2017-01-01"),
        ("2013年10月3日", "2016-10-01", "2013-10-03"),
        ("2013年10月3日", None, "2013-10-03"),
        ("10月3日", None, None),
        ("2月29日", "2015-03-01", None),
        ("13月3日", "2016-10-01", None),
        ("没有日子", "2016-10-01", None),
        ("10月3日", "nonsense", None),
    ],
)
def test_days(text: str, published: str | None, expected: str | None) -> None:
    assert read_day(text, published) == expected


@given(st.text(alphabet="0123456789０一二十〇年月日时分秒上下午星期点半 -/.:：TZ+JanuaryGMT,（）", max_size=60))
@example("Jan 1 0:00 0000000000000000000000000000000000000000")
@example("1月" * 30)
def test_any_text_gives_a_valid_date_or_none(text: str) -> None:
    found = read_datetime(text)
    if found is not None:
        assert datetime.fromisoformat(found)
    day = read_day(text, "2016-10-01")
    assert day is None or datetime.fromisoformat(day)
