"""Dates and times as the site prints them.

Patterns read every form the site is known to print, in Arabic (half- and full-width) or Chinese numerals. dateparser is
asked only for what is left, English forms in reposts and meta tags; it is loaded on first need, as that is slow.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING

from pipelines.lines.numerals import arabic_dates
from pipelines.text import kept_where_short

if TYPE_CHECKING:
    from collections.abc import Callable

CHINA = timezone(timedelta(hours=8))

_DAY_PATTERN = r"""
    (?<!\d)(?P<year>\d{4}|\d\d(?=\s*年))
    \s*(?:年|[-－/／.．]|(?<=\d\d\d\d)\s)\s*
    (?P<month>\d{1,2})\s*(?:月份?|[-－/／.．])\s*
    (?P<day>\d\d(?=\d{1,2}[:：]\d\d)|\d{1,2}(?!\d))\s*[日号]?
"""
_HALVES = "上午|下午|凌晨|清晨|早上|早晨|中午|午间|傍晚|晚上|晚间|晚|深夜|[aApP]\\.?[mM]\\.?"
_TIME_PATTERN = rf"""
    (?:\s|T|[-－,，·_|｜])*
    (?:[(（]?(?:星期|周)[一二三四五六日天][)）]?\s*)?
    (?P<half>{_HALVES})?\s*
    (?P<hour>\d{{1,2}})\s*
    (?:
        [:：]\s*(?P<minute>\d{{2}})(?:\s*[:：]\s*(?P<second>\d{{2}})(?:[.,]\d+)?)?
      | [时点]\s*(?:(?P<minute_word>\d{{1,2}})\s*分?(?:\s*(?P<second_word>\d{{1,2}})\s*秒)?|(?P<half_hour>半))?
    )(?!\d)
    (?:\s*(?P<half_after>[aApP]\.?[mM]\.?)(?![a-zA-Z]))?
    (?:\s*(?P<zone>Z(?![a-zA-Z])|(?:UTC|GMT)?\s*[+-]\d{{1,2}}(?::?\d\d)?(?!\d)|(?:UTC|GMT)(?![a-zA-Z])))?
"""
_DAY = re.compile(_DAY_PATTERN, re.X)
_TIME = re.compile(_TIME_PATTERN, re.X)
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?:[ T]?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_ZONE_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d\d)?$")
_MONTH_DAY = re.compile(r"(?<!\d)(?:(?P<year>\d{4})\s*年\s*)?(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*[日号]?")
_DAY_ALONE = re.compile(r"(?<![\d月])(?P<day>\d{1,2})\s*日")

_ENGLISH_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_ENGLISH = re.compile(
    rf"(?:[A-Z][a-z]+,?\s+)?(?:\d{{1,2}}(?:st|nd|rd|th)?[\s-]+{_ENGLISH_MONTH}|{_ENGLISH_MONTH}\.?\s+\d{{1,2}})\b"
    r"[\s\w:,.+-]{0,40}"
)

# How far from its article's day a dateline's may lie: a year before it, less what a next year's may lie after it.
_EARLIEST, _LATEST = timedelta(days=-335), timedelta(days=180)
# A dateline that prints no month may be dated this much ahead.
_TOLERANCE = timedelta(days=3)
_LONGEST_KEPT = 300
_FORENOON = frozenset({"上午", "凌晨", "清晨", "早上", "早晨", "a"})
_NOON = frozenset({"中午", "午间"})


@kept_where_short(64, _LONGEST_KEPT)
def read_datetime(text: str) -> str | None:
    """Give the first date in `text` as ISO 8601, or None where there is none with a year, a month and a day.

    With a time it is `2016-10-01T18:21:04+08:00` (seconds `00` where only minutes are printed, another time zone's time
    converted), without one `2006-05-12`. Days and times that do not exist are passed over.
    """
    text = arabic_dates(text)
    for match in _DAY.finditer(text):
        year = int(match["year"])
        if year < 100:
            year += 2000 if year < 70 else 1900
        day = _date(year, int(match["month"]), int(match["day"]))
        if day is not None:
            return _with_time(day, _TIME.match(text, match.end()))
    for match in _COMPACT.finditer(text):
        numbers = [int(group or 0) for group in match.groups()]
        day = _date(*numbers[:3])
        if day is not None:
            if match[4] is None or max(numbers[3] - 23, numbers[4] - 59, numbers[5] - 59) > 0:
                return day.isoformat()
            return datetime.combine(day, time(numbers[3], numbers[4], numbers[5]), CHINA).isoformat()
    if english := _ENGLISH.search(text):
        return _read_english(english[0])
    return None


def read_day(text: str, published: str | None) -> str | None:
    """Give the first day of a month in `text`, as a dateline prints it, as an ISO day.

    Args:
        text: `10月1日`, `七月十四日`, `1日` …; a printed year is kept.
        published: the article's ISO date, which gives the missing year (and month): its own, or the one before or
            after where that is far off, so that a December day on a January page is last year's.

    Returns:
        The day, or None where there is none or nothing tells its year.
    """
    text = arabic_dates(text)
    match = _MONTH_DAY.search(text)
    if match and match["year"]:
        day = _date(int(match["year"]), int(match["month"]), int(match["day"]))
        return day.isoformat() if day else None
    if not published:
        return None
    try:
        near = date.fromisoformat(published[:10])
    except ValueError:
        return None
    if match:
        month, number = int(match["month"]), int(match["day"])
        days: list[date | None] | list[date] = [
            _date(year, month, number) for year in (near.year, near.year - 1, near.year + 1)
        ]
    elif alone := _DAY_ALONE.search(text):
        months = [near.year * 12 + near.month - 1 + step for step in (-1, 0, 1)]
        near_days = [_date(month // 12, month % 12 + 1, int(alone["day"])) for month in months]
        days = sorted((day for day in near_days if day and day <= near + _TOLERANCE), reverse=True)
    else:
        return None
    return next((day.isoformat() for day in days if day and _EARLIEST <= day - near <= _LATEST), None)


def _date(year: int, month: int, day: int) -> date | None:
    """Give the day, or None where the calendar has none such or no page can bear it."""
    try:
        return date(year, month, day) if 1900 <= year < 2100 else None
    except ValueError:
        return None


def _with_time(day: date, match: re.Match[str] | None) -> str:
    """Give `day` with the time that follows it; the bare day where none does, or none that exists."""
    if not match:
        return day.isoformat()
    hour = int(match["hour"])
    minute = int(match["minute"] or match["minute_word"] or (30 if match["half_hour"] else 0))
    second = int(match["second"] or match["second_word"] or 0)
    half = match["half"] or match["half_after"]
    if half:
        hour = _full_hour(hour, half if half[0] > "z" else half[0].lower())
    if hour > 23 or minute > 59 or second > 59:
        return day.isoformat()
    moment = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=_zone(match["zone"]))
    return moment.astimezone(CHINA).isoformat()


def _full_hour(hour: int, half: str) -> int:
    """Give the hour of the day for an hour of half a day; an hour above 12 is one of the day already."""
    if hour > 12:
        return hour
    if half in _FORENOON:
        return hour % 12
    if half in _NOON:
        return hour + 12 if hour < 6 else hour
    return hour % 12 + 12


def _zone(printed: str | None) -> timezone:
    """Read `Z`, `GMT`, `+0000`, `UTC+8`; China's where nothing is printed."""
    if not printed:
        return CHINA
    offset = _ZONE_OFFSET.search(printed)
    if not offset:
        return UTC
    hours, minutes = int(offset[2]), int(offset[3] or 0)
    if hours > 14 or minutes > 59:
        return CHINA
    delta = timedelta(hours=hours, minutes=minutes)
    return timezone(delta if offset[1] == "+" else -delta)


def _read_english(text: str) -> str | None:
    """Let dateparser read an English date; None where it finds no whole one."""
    # CST is China's own time on a page of this site, not America's.
    found = _dateparser()(text.replace("CST", ""))
    if found is None:
        return None
    if not re.search(r"\d:\d\d", text):
        return found.date().isoformat()
    return found.replace(microsecond=0, tzinfo=found.tzinfo or CHINA).astimezone(CHINA).isoformat()


@cache
def _dateparser() -> Callable[[str], datetime | None]:
    """Load dateparser, set to whole English dates."""
    from dateparser.date import DateDataParser  # type: ignore[import-untyped]

    parser = DateDataParser(
        languages=["en"], settings={"REQUIRE_PARTS": ["day", "month", "year"], "PARSERS": ["absolute-time"]}
    )
    return lambda text: parser.get_date_data(text).date_obj
