"""Credits of pictures, alone or at an end of their caption."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipelines.lines.brackets import PAIRS, closing, last_bracket
from pipelines.lines.credit_line import LONGEST_CREDIT, read_credit_line
from pipelines.lines.givers import read_giver
from pipelines.lines.line_reading import read_line
from pipelines.lines.names import COMMON_SURNAMES, COMPOUND_SURNAMES, is_plain_name
from pipelines.lines.tokenizer import close_dots, tokenize
from pipelines.lines.tokens import Kind
from pipelines.lines.vocabulary import AGENCIES, OWN_NAMES, ROLES, TITLE, is_medium, load
from pipelines.record import Credit
from pipelines.text import kept_where_short

_BLANKS = " \u3000"
_CLOSING = re.compile(
    r"(?:[摄图影拍绘译]|提供|供片|供稿|报道|报导|发|资料|资料片|图片|截图|照片|剧照|海报|网络|生成|转载|无关|[)）\]】］〕])[。.]?$"
    r"|(?:摄影|图片?|照片|供图|来源|图源|摄|拍摄|图据|提供|来自)[\s\u3000]*[/／:：|｜丨][^。！？]{1,40}$"
    r"|[/／](?:路透|法新|美联|欧新|塔斯)社?$"
    r"|(?:摄影|供图|图片|图)[\s\u3000]+[^\s\u3000。]{2,8}$"
    r"|(?:图据|图自|来自|由|记者|通讯员|均为)[^。！？，]{1,24}$"
    r"|(?:供图|提供|摄)[\s\u3000]+[^\s\u3000。]{2,8}$"
)
_OPENING = re.compile(
    r"[▲△▼▽↑↓←→□■●◆\s]*[(（【\[]?[^。！？，,]{0,24}?(?:供图|提供|摄影?|图片来源|来源|图|发)[\s\u3000)）】\]/／:：|｜]"
)
_SENTENCE_END = re.compile(r"[。！？!?…；;]+[”’」』\"]?")
_NO_CAPTION = re.compile(r"(?:^(?:来源|稿源|时间)|作者|责任编辑|责编|编辑|校对)[\s\u3000]{0,4}[:：]")
# A date before 来源：… makes the line an article's, not a picture's.
_ONLY_DATE = re.compile(r"[\d\s\u3000年月日时分秒:：./|｜\-]+")
_BLANK = re.compile(r"[\s\u3000丨|｜]+")
_LIST_MARK = re.compile("[、，,]")
_PHOTO_WORDS = re.compile("[摄图影拍绘译发]|提供|供|来源|来自|截图|资料|报[道导](?![组员])|剧照|海报|网络|生成")
# A word that leads to the giver: 图片由 张三 提供, 摄影： 张三.
_LEADING = re.compile(r"(?:图片?|照片|摄影|供图|来源)[^\s\u3000]{0,6}?(?:由|为|来自|来源|[:：/／])|.{0,4}[:：]$")
_PLACES = tuple(load("credits")["places"])
_STRUCTURE: frozenset[Kind] = frozenset({"title", "role", "organization", "issue"})
_OPENS_GIVER = re.compile("[图片照提供源据摄]|资料|截图")
_SIGHTS = tuple(load("credits")["sights"])
_MOST_WORDS = 24
_MOST_OPENING_WORDS = 6
# Two-character names such as 环球 are words too; 本报 and its like are not.
_SAFE_AGENCIES = [agency for agency in AGENCIES if len(agency) > 2 or agency in OWN_NAMES]
_LONG_AGENCIES = "|".join(map(re.escape, sorted(_SAFE_AGENCIES, key=len, reverse=True)))
_GLUED_HEAD = re.compile(rf"(?:{_LONG_AGENCIES})(?:[·－\-—/](?:{_LONG_AGENCIES}))*|{TITLE.pattern}")
_GLUED_NAME = re.compile("([\u4e00-\u9fff]{2,4})[\\s\u3000]*[/／]?[\\s\u3000]*(?:摄影|摄)$")
_GLUED_GIVER = re.compile(r"(?:受访者|采访对象|视觉中国|新华社|CFP|网友|主办方|东方IC|警方|校方)(?:供图|提供|发)$")


class CaptionReading(NamedTuple):
    """A caption parted from its credit; either may be missing."""

    caption: str | None
    credit: Credit | None


_OPENING_BRACKET = re.compile(r"[(（【\[]")


class Found(NamedTuple):
    """A credit and where it begins in the caption's text."""

    start: int
    credit: Credit


def read_credit(text: str) -> Credit | None:
    """Give the credit where the whole line is nothing else, else None."""
    text = text.strip(_BLANKS)
    if not text or len(text) > LONGEST_CREDIT or not _PHOTO_WORDS.search(text):
        return None
    if (at := last_bracket(text)) and not _reads_on(text[:at]):
        return None
    return read_credit_line(text)


@kept_where_short(1024, LONGEST_CREDIT)
def split_caption(text: str) -> CaptionReading:
    """Part a caption from the credit at its end or start; a text with none is all caption, perhaps none."""
    text = text.strip(_BLANKS)
    if not text:
        return CaptionReading(None, None)
    if text.endswith("。") and text[-2:-1] in ")）】]" and (parted := split_caption(text[:-1])).credit is not None:
        return parted
    is_short = len(text) <= LONGEST_CREDIT
    if is_short and text[0] in PAIRS and (found := _find_start(text)) is not None:
        return CaptionReading(text[found.start :].strip(_BLANKS), found.credit)
    if _CLOSING.search(text, max(0, len(text) - 60)) and not _NO_CAPTION.search(text):
        found = _find_end(text)
        if found is not None and _parts(text, found.start):
            return CaptionReading(text[: found.start].rstrip(_BLANKS + "丨|｜/／") or None, found.credit)
    if is_short and _OPENING.match(text) and (found := _find_start(text)) is not None:
        return CaptionReading(text[found.start :].strip(_BLANKS), found.credit)
    return CaptionReading(text, None)


def _parts(text: str, at: int) -> bool:
    """Tell whether what stands before a credit may be a caption: no date, and no part of a signature."""
    if at == 0:
        return True
    if _ONLY_DATE.fullmatch(text, 0, at):
        return False
    if _PHOTO_WORDS.search(text, at):
        return True
    whole = read_line(text, "author")
    return (
        bool(whole.unread)
        or not whole.people
        or not all(person.title or is_plain_name(person.name) for person in whole.people)
    )


def _reads_on(head: str) -> bool:
    """Tell whether what stands before a closing bracket belongs to the credit inside it: `新华社发（张三 摄）`."""
    head = head.rstrip(_BLANKS)
    if head.endswith(("发", "摄", "供图", "提供", "报道", "图", "摄影", "社", "来源")):
        return True
    return read_credit_line(head) is not None


def _find_end(text: str) -> Found | None:
    """Give the credit at the end of `text`, or None where there is none."""
    start = 0
    stop = len(text.rstrip("。 \u3000"))
    for match in _SENTENCE_END.finditer(text, 0, stop):
        if match.end() < stop:
            start = match.end()
    if len(text) - start > LONGEST_CREDIT:
        return None
    bracket = last_bracket(text)
    if bracket is None:
        return _at_sentence(text, start) or _after_blank(text, start) or _after_comma(text, start)
    if bracket < start:
        return _at(text, bracket)
    return _before_bracket(text, bracket, start) or _at_sentence(text, start)


def _at(text: str, start: int, *, has_caption: bool = False) -> Found | None:
    credit = read_credit_line(text[start:], has_caption=has_caption)
    return None if credit is None else Found(start, credit)


def _at_sentence(text: str, start: int) -> Found | None:
    """Give the credit that is all of the last sentence."""
    first = _BLANK.split(text[start:].strip(_BLANKS), maxsplit=1)[0]
    before_bracket = _OPENING_BRACKET.split(first, maxsplit=1)[0]
    if not _may_open(first) and not (before_bracket and _may_open(before_bracket)):
        return None
    found = _at(text, start, has_caption=start > 0)
    if found is None or start > 0 or first == text or is_medium(first):
        return found
    # 西湖博物馆 张三 摄 and 雷峰塔 张三 摄 begin with what the picture shows.
    is_place = (first.endswith(_PLACES) and len(first) > 3) or (len(first) == 3 and first.endswith(_SIGHTS))
    return None if is_place else found


def _after_comma(text: str, start: int) -> Found | None:
    """Give the credit behind the last comma: `开渔节海报，张三摄`."""
    at = max(text.rfind("，", start), text.rfind(",", start)) + 1
    return _at(text, at, has_caption=True) if at > start and _PHOTO_WORDS.search(text, at) else None


def _before_bracket(text: str, bracket: int, start: int) -> Found | None:
    """Give a credit that ends in a bracket: the bracket, or more in `新华社发（张三 摄）`."""
    inside = _at(text, bracket)
    head = text[start:bracket].strip(_BLANKS)
    if head and _reads_on(head):
        if (found := _at_sentence(text, start)) is not None:
            return found
        if inside is not None:
            for blank in reversed(list(_BLANK.finditer(text, start, bracket))[-_MOST_WORDS:]):
                if text[blank.end() : bracket].strip() and (found := _at(text, blank.end())) is not None:
                    return found
    return inside


def _after_blank(text: str, start: int) -> Found | None:
    """Give the credit behind a blank, with all the words to its left that belong to it."""
    starts = [match.end() for match in _BLANK.finditer(text, start) if match.end() < len(text)][-_MOST_WORDS:]
    candidates: list[int] = []
    end = len(text)
    behind = word = ""
    for at in reversed(starts):
        behind, word = word, text[at:end].strip(_BLANKS)
        end = at
        if word in ROLES and not candidates and len(word) < 3:
            continue
        if len(word) == 1 or word[-1] in "、,，" or _belongs(word):
            candidates.append(at)
        elif all(map(is_plain_name, _LIST_MARK.split(word))):
            is_common = word[0] in COMMON_SURNAMES or word[:2] in COMPOUND_SURNAMES
            if is_common or behind in ROLES or not candidates:
                candidates.append(at)
        elif candidates:
            break
        elif read_giver(word) is not None:
            candidates.append(at)
    best = next((found for at in reversed(candidates) if (found := _at(text, at, has_caption=True))), None)
    glued = _glued(text, start, len(text) if best is None else best.start)
    if best is None or (glued is not None and any(person.title for person in glued.credit.people)):
        return glued
    return best


@lru_cache(maxsize=1024)
def _kinds(word: str) -> frozenset[Kind]:
    return frozenset(token.kind for token in tokenize(close_dots(word)))


def _belongs(word: str) -> bool:
    """Tell whether a word that stands before a credit is part of it: a title, an organization, a role word."""
    if _LEADING.match(word):
        return True
    kinds = _kinds(word)
    return "other" not in kinds and not kinds.isdisjoint(_STRUCTURE)


def _may_open(word: str) -> bool:
    """Tell whether a credit may begin with `word`; most captions' first words show at once that they do not."""
    return "other" not in _kinds(word) or len(word) == 1 or _OPENS_GIVER.search(word) is not None


def _glued(text: str, start: int, end: int) -> Found | None:
    """Give a credit that sticks to its caption: `…现场本报记者张三摄`, `西湖美景张三摄`."""
    for match in _GLUED_HEAD.finditer(text, start, end):
        at = match.start()
        if at == start or text[at - 1] in _BLANKS:
            continue
        if text[at - 1] in "报网社台" and match[0] not in AGENCIES:
            return None
        if (found := _at(text, at)) is not None:
            return found
    if giver := _GLUED_GIVER.search(text, start, end):
        return _at(text, giver.start()) if giver.end() == len(text) else None
    tail = _GLUED_NAME.search(text, start) if end == len(text) else None
    size = _name_length(tail[1]) if tail else None
    if tail is None or size is None or tail.end(1) - size <= start or not is_plain_name(tail[1][-size:]):
        return None
    return _at(text, tail.end(1) - size)


def _name_length(letters: str) -> int | None:
    """Say how many of the characters before 摄 are the name: two or three; None where either could be."""
    if letters[:2] in COMPOUND_SURNAMES and len(letters) == 4:
        return 4
    if len(letters) > 2 and letters[-3:-1] in COMPOUND_SURNAMES:
        return 3
    is_long = len(letters) > 2 and letters[-3] in COMMON_SURNAMES
    is_short = letters[-2] in COMMON_SURNAMES
    if is_long == is_short:
        return None
    return 3 if is_long else 2


def _find_start(text: str) -> Found | None:
    """Give the credit that opens `text`, `start` being where the caption begins; None where there is none."""
    if text[0] in PAIRS and 0 < closing(text) < len(text) - 1:
        ends = [closing(text) + 1]
    else:
        ends = [match.start() for match in _BLANK.finditer(text)][:_MOST_OPENING_WORDS]
    for end in ends:
        caption = text[end:].strip(_BLANKS)
        if not caption or not _PHOTO_WORDS.search(text, 0, end):
            continue
        credit = read_credit_line(text[:end])
        if credit is not None and (credit.people or credit.organization):
            return None if _belongs(_BLANK.split(caption, maxsplit=1)[0]) else Found(end, credit)
    return None
