"""电头: the words before a story that say who filed it, where and when: `浙江在线杭州10月1日讯（记者 …）`.

A dateline of a known agency or paper may be followed by the story at once; of an unknown one only where a blank, a
bracket or a mark of punctuation parts them, so that prose which happens to hold 讯 or 电 stays prose.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.lines.dates import read_day
from pipelines.lines.people import read_people
from pipelines.lines.vocabulary import AGENCIES
from pipelines.lines.wordlists import any_of, load
from pipelines.record import Dateline

_DATA: dict[str, list[str]] = load("datelines.toml")
_AGENCY = any_of(AGENCIES)
_DESK = any_of(_DATA["desks"])
_ENDING = any_of(_DATA["endings"])
_WEIBO = r"(?:\s*[(（\[]\s*微博\s*[)）\]])?"
_JOINT = r"\s*[-－—–·・•、/／]\s*"
_NAME = rf"[\w·]{{1,12}}?{_ENDING}"
_KNOWN = (
    rf"{_AGENCY}{_DESK}{{0,2}}{_WEIBO}(?:(?:{_JOINT}(?:{_AGENCY}|{_NAME})|\s*{_AGENCY}){_DESK}{{0,2}}{_WEIBO}){{0,3}}"
)
_NUMBER = "(?:[0-9０-９]{1,2}|[一二三四五六七八九十廿卅]{1,3})"
_DAY = rf"(?:[0-9０-９〇○零一二三四五六七八九]{{4}}\s*年\s*)?(?:{_NUMBER}\s*月\s*)?{_NUMBER}\s*[日号]"
_BRACKETED = r"[(（][^()（）]{0,200}[)）]"
_FILING = rf"\s*{any_of(_DATA['filings'])}{{0,2}}\s*"
_PLACE = any_of(_DATA["places"])
_CREDIT = "记者|通讯员|编辑|作者|实习|报道组|微博|摄|文|图"
# What follows: for a known agency anything but the rest of another word; else a blank, a bracket or punctuation.
_APART = r"(?=[\s\u3000(（\[【】\]:：,，“‘\"]|$)"
_FAR_APART = r"(?=[\s\u3000(（\[【】\]:：]|$)"
_REPORT = "讯(?![员息问号飞道技法])"
_WIRE = "电(?![视话子力影商脑动报梯器源池价压费缆网站信竞玩台讯波机气线])"
_OPEN = r"[\s\u3000]*(?P<open>[【\[(（])?\s*"

# In the order of trust: a known agency with a day, one without, any name with a day, a name that ends like a paper's,
# a place alone.
_PATTERNS = [
    re.compile(
        rf"{_OPEN}(?:据|综合)?(?P<organization>{_KNOWN})(?:{_JOINT})?\s*"
        rf"(?P<place>(?!{_NUMBER}\s*月)[^\W\d_]{{2,12}}?(?:·[^\W\d_]{{2,8}})?)?\s*(?P<day>{_DAY})"
        rf"\s*(?:{_BRACKETED})?{_FILING}(?P<verb>{_REPORT}|{_WIRE}|(?:消息|报道){_APART})"
    ),
    re.compile(
        rf"{_OPEN}(?:据|综合)?(?P<organization>{_KNOWN})\s*(?P<place>{_PLACE})?"
        rf"{_FILING}(?P<verb>{_REPORT}|电{_APART}|(?:消息|报道){_FAR_APART})"
    ),
    re.compile(
        rf"{_OPEN}(?P<name>[^\W\d_][\w·－-]{{0,19}}?{_WEIBO})?\s*(?P<day>{_DAY})\s*(?:{_BRACKETED})?"
        rf"{_FILING}(?P<verb>(?:讯|电|消息|报道){_APART})"
    ),
    re.compile(
        rf"{_OPEN}(?P<organization>{_NAME}{_DESK}{{0,2}}{_WEIBO}){_FILING}"
        rf"(?P<verb>(?:讯|电){_APART}|(?:消息|报道){_FAR_APART})"
    ),
    re.compile(rf"{_OPEN}(?P<place>{_PLACE}){_FILING}(?P<verb>讯|电)(?=\s*[(（][^()（）]{{0,40}}(?:{_CREDIT}))"),
]
_VERB = re.compile("讯|电|消息|报道")
# Words that stand in a sentence, not in a place behind an agency; nor in the name of an unknown one.
_NO_PLACE = re.compile("记者|通讯员|作者|评论|特约|编辑|获悉|截至|昨[天日]|今[天日年]|日前|近日|报道|消息")
_NO_NAME = re.compile(rf"{_NO_PLACE.pattern}|农历|预计|[昨今报称说于从将的了是在到至自他她我等前后与据年月日]")
_ENDS_LIKE_ORGANIZATION = re.compile(f".*{_ENDING}")
_NAME_AND_PLACE = re.compile(rf"(?P<organization>.*?)\s*(?P<place>{_PLACE})")
_TAIL = re.compile(r"\s*[】\])）]?[:：,，]?")
_BRACKET = re.compile(r"[\s\u3000]*(?:[(（][^()（）]{0,1200}[)）]|【[^【】]{0,200}】|\[[^\[\]]{0,200}\])")
_COLON = re.compile(r"\s*[:：]")
_CREDITED = re.compile(_CREDIT)
_INSERT = re.compile(_WEIBO.removesuffix("?"))
_WINDOW = 64
_WIDE_WINDOW = 300


class DatelineReading(NamedTuple):
    """A dateline, and what of its brackets could not be read as people."""

    dateline: Dateline
    unread: list[str]


def read_dateline(text: str, published: str | None) -> Dateline | None:
    """Give the dateline that opens `text`, or None where none does.

    Args:
        text: a paragraph.
        published: the article's ISO date, which gives the year of the dateline's day; None leaves the day out unless
            its year is printed.
    """
    reading = read_dateline_fully(text, published)
    return reading.dateline if reading else None


def read_dateline_fully(text: str, published: str | None) -> DatelineReading | None:
    """Do as `read_dateline`, and give besides what its brackets hold that is not read."""
    head = text[:_WINDOW]
    if not _VERB.search(text, 0, _WIDE_WINDOW if "(" in head or "（" in head else _WINDOW):
        return None
    for pattern in _PATTERNS:
        match = pattern.match(text)
        if match and (parts := _parts(text, match)):
            break
    else:
        return None
    end = _end(text, match)
    if text.startswith("据") and text[:end].endswith((",", "，")):
        # 据新华社杭州12月30日电，我省公布的…: a sentence that says where it has it from.
        return None
    groups = match.groupdict()
    # A bracket may stand between day and 讯 too; one around the whole dateline is not meant.
    start = match.start("day") if groups.get("day") else match.end()
    inside = [bracket[0].strip(" \u3000")[1:-1] for bracket in _BRACKET.finditer(text, start, end)]
    if match["verb"] in ("消息", "报道"):
        inside = [part for part in inside if _CREDITED.search(part)]
    people = read_people(" ".join(part for part in inside if part.strip() != "微博"), default_role="author")
    organization, place = parts
    return DatelineReading(
        Dateline(
            raw=text[:end].strip(" \u3000\t\r\n\xa0"),
            organization=organization,
            place=place,
            date=read_day(groups["day"], published) if groups.get("day") else None,
            people=list(people.people),
        ),
        list(people.unread),
    )


def _parts(text: str, match: re.Match[str]) -> tuple[str | None, str | None] | None:
    """Give organization and place of a match, or None where what stands there is neither."""
    groups = match.groupdict()
    name = groups.get("name")
    if name is None:
        return _known_parts(_INSERT.sub("", groups.get("organization") or "").strip(), groups.get("place"))
    name = _INSERT.sub("", name).strip()
    if _ENDS_LIKE_ORGANIZATION.fullmatch(name):
        return None if _NO_NAME.search(name[:-1]) else (name, None)
    if _NO_NAME.search(name):
        return None
    if both := _NAME_AND_PLACE.fullmatch(name):
        return both["organization"] or None, both["place"]
    # An unknown name is believed only with a bracket or a blank behind.
    return (name, None) if len(name) > 1 and text[match.end() : match.end() + 1] in ("(", "（", " ", "\u3000") else None


def _known_parts(organization: str, place: str | None) -> tuple[str | None, str | None] | None:
    """Give organization and place; a desk (台州频道) belongs to the organization."""
    if place is None:
        return organization or None, None
    if _NO_PLACE.search(place):
        return None
    if _ENDS_LIKE_ORGANIZATION.fullmatch(place):
        return organization + place, None
    return organization or None, place


def _end(text: str, match: re.Match[str]) -> int:
    """Give where the dateline ends: after a closing mark or colon, and after its brackets."""
    end = _TAIL.match(text, match.end()).end()  # type: ignore[union-attr]  # matches the empty string too
    for number in range(3):
        bracket = _BRACKET.match(text, end)
        if not bracket or (number and not _CREDITED.search(bracket[0])):
            break
        end = bracket.end()
        if colon := _COLON.match(text, end):
            return colon.end()
    return end
