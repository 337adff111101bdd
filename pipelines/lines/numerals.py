"""Chinese numerals in dates: `二〇〇六年五月十二日` as `2006年5月12日`."""

from __future__ import annotations

import re

_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | dict.fromkeys("○零OＯ", 0)
_TENS = {"十": 10, "廿": 20, "卅": 30}
_YEAR = re.compile(r"[一二][〇○零OＯ一二三四五六七八九]{3}(?=\s*年)")
_NUMBER = re.compile(r"[〇○零一二三四五六七八九十廿卅]{1,4}(?=\s*[月日号时点分秒])")


def arabic_dates(text: str) -> str:
    """Give `text` with the Chinese numerals before 年, 月, 日, 号, 时, 点, 分 and 秒 as Arabic ones."""
    if text.isascii():
        return text
    return _NUMBER.sub(_number, _YEAR.sub(_year, text))


def _year(match: re.Match[str]) -> str:
    """Write a year digit by digit."""
    return "".join(str(_DIGITS[digit]) for digit in match[0])


def _number(match: re.Match[str]) -> str:
    """Write a number below forty: 十二 is 12, 二十 is 20, 廿五 is 25; what is none stays as it is."""
    numeral = match[0]
    total = value = 0
    for sign in numeral:
        if sign == "十":
            total, value = total + (value or 1) * 10, 0
        elif sign in _TENS:
            total += _TENS[sign]
        else:
            value = value * 10 + _DIGITS[sign]
    return str(total + value) if total + value < 100 else numeral
