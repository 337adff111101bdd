"""The line under a headline: time, source, byline and editors, in any order and with any label."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from pipelines.lines.dates import read_datetime
from pipelines.lines.editors import read_editor_line
from pipelines.lines.vocabulary import AGENCIES
from pipelines.lines.wordlists import any_of, load
from pipelines.record import Person
from pipelines.text import clean

_DATA: dict[str, list[str]] = load("meta.toml")
_BLANK = r"[\s\u3000]"
_NUMBER = "[0-9０-９]{1,2}"
_NUMERAL = "[一二三四五六七八九十廿卅]{1,3}"
_CLOCK = (
    rf"(?:[T\s\u3000,，-]*(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?\s*)?(?:[上下]午|凌晨|晚上?|中午)?\s*"
    rf"{_NUMBER}\s*[:：时点](?:\s*{_NUMBER}(?:\s*[:：分]\s*{_NUMBER}(?:\.\d+)?)?)?\s*[分秒]?(?:\s*[APap]\.?[Mm]\.?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_DATE = (
    rf"(?<![\d０-９])(?:[0-9０-９]{{4}}|\d\d(?=\s*年))\s*(?:[-年/.．－／]\s*|\s){_NUMBER}\s*[-月/.．－／]\s*{_NUMBER}\s*日?{_CLOCK}"
    rf"|[一二][〇○零OＯ一二三四五六七八九]{{3}}\s*年\s*{_NUMERAL}\s*月\s*{_NUMERAL}\s*日"
)
_STARTS_WORD = r"(?<![^\s\u3000|｜\d日)）\]】])"


def _cut_pattern() -> re.Pattern[str]:
    """Give the pattern of all that ends one value and may begin another."""
    strict = "|".join(
        rf"(?P<{kind}>{any_of(_DATA[kind], spaced=True)}){_BLANK}{{0,4}}[:：]"
        for kind in ("source", "byline", "editors", "published", "date", "other")
    )
    loose = "|".join(
        rf"(?P<{kind}_>{any_of(_DATA[kind])})(?:{_BLANK}+|[/／])(?=[^\s\u3000:：])"
        for kind in ("source", "byline", "editors", "published", "date")
    )
    aside = "|".join(_DATA["asides"])
    return re.compile(rf"(?P<day>{_DATE})|{strict}|{_STARTS_WORD}(?:{loose}|(?P<aside>{aside}))")


_CUT = _cut_pattern()
_JOB = re.compile(any_of(_DATA["jobs"]))
_SOURCE_JOB = re.compile(
    rf"(?<=[\s\u3000|｜])[^\s\u3000|｜]*{any_of(_DATA['jobs'])}(?:[\s\u3000:：/／]|(?=[^\s\u3000]{{2,4}}(?:[\s\u3000]|$)))"
)
_AGENCY_FIRST = re.compile(
    rf"({any_of(AGENCIES)}(?:{_BLANK}*[-－—·/、]{_BLANK}*{any_of(AGENCIES)})*)(?=[\s\u3000|｜]|$)"
)
_EDGES = " \u3000\t|｜,，;；、-—–－_·•>》:："
_PAIRS = {")": "(", "）": "（", "]": "[", "】": "【"}
_LONGEST = 300


class MetaLine(NamedTuple):
    """What such a line says; None or empty where it says nothing.

    Attributes:
        date: the time of publication, as `read_datetime` gives it.
        source: 来源, as printed, trimmed.
        byline: 作者, as printed, trimmed.
        editors: 编辑, 责任编辑 and their kin.
        labels: every label met, with its value as printed (perhaps empty), in order.
    """

    date: str | None = None
    source: str | None = None
    byline: str | None = None
    editors: list[Person] = []  # noqa: RUF012 - never changed
    labels: dict[str, str] = {}  # noqa: RUF012 - never changed


# A page prints the same line in an element of its own and around it.
@lru_cache(maxsize=64)
def read_meta_line(text: str) -> MetaLine:
    """Read one printed line of time, source, byline and editors.

    A value ends at the next label, the date, or a reading aid (字号, 分享, 浏览 …). With no label, text with a job word
    is the byline, and a known agency or paper beside a date the source; what else stands there is left unread.
    """
    text = clean(text)[:_LONGEST]
    cuts = list(_CUT.finditer(text))
    values: dict[str, str] = {}
    labels: dict[str, str] = {}
    editor_parts: list[str] = []
    rest = [text[: cuts[0].start()] if cuts else text]
    previous = ""
    for cut, following in zip_longest(cuts, cuts[1:]):
        end = following.start() if following else len(text)
        kind = (cut.lastgroup or "").removesuffix("_")
        value = _trim(text[cut.end() : end])
        if kind == "day":
            if previous in ("published", "date"):
                values.setdefault(previous, cut[0])
            previous = ""
            rest.append(text[cut.end() : end])
            continue
        previous = kind if not value else ""
        if kind == "aside":
            continue
        labels.setdefault(re.sub(_BLANK, "", cut[cut.lastgroup or 0]), value)
        if kind == "editors":
            editor_parts.append(_trim(text[cut.start() : end]))
        elif value:
            values.setdefault(kind, value)
    source, byline = values.get("source"), values.get("byline")
    if source and byline is None and (job := _SOURCE_JOB.search(source)):
        source, byline = _trim(source[: job.start()]), _trim(source[job.start() :])
    date = read_datetime(values.get("published", "")) or read_datetime(text)
    for part in filter(None, map(_trim, rest)):
        if source is None and date and (agency := _AGENCY_FIRST.match(part)):
            source, part = agency[1], _trim(part[agency.end() :])
        if byline is None and "作者" not in labels and _JOB.search(part):
            byline = part
    editors = (read_editor_line(" ".join(editor_parts)) or []) if editor_parts else []
    return MetaLine(date, source or None, byline or None, editors, labels)


def _trim(value: str) -> str:
    """Strip blanks, separators and brackets whose partner is missing from a value's ends."""
    value = value.strip(_EDGES)
    while value and ((value[-1] in _PAIRS and _PAIRS[value[-1]] not in value) or value[-1] in _PAIRS.values()):
        value = value[:-1].strip(_EDGES)
    while (
        value
        and value[0] in "(（[【"
        and not any(close in value for close, opening in _PAIRS.items() if opening == value[0])
    ):
        value = value[1:].strip(_EDGES)
    return value
