"""What a person's name looks like in Chinese print."""

from __future__ import annotations

import re

from pipelines.lines.vocabulary import TITLES_ALONE, load

_DATA: dict[str, str] = load("names")
COMMON_SURNAMES: frozenset[str] = frozenset(_DATA["common"].replace("\n", ""))
SURNAMES: frozenset[str] = COMMON_SURNAMES | frozenset(_DATA["other"].replace("\n", ""))
COMPOUND_SURNAMES: frozenset[str] = frozenset(_DATA["compound"].split())
NOBODY: frozenset[str] = frozenset(_DATA["nobody"].split())
FILLERS: frozenset[str] = frozenset(_DATA["fillers"].split())
NOT_NAMES: frozenset[str] = frozenset(_DATA["not_names"].split()) | TITLES_ALONE
PLACEHOLDERS: frozenset[str] = frozenset(_DATA["placeholders"])

_PLACES: frozenset[str] = frozenset(_DATA["places"].split())

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_HAN_ONLY = re.compile(f"[{_HAN}]+")
_HAN_NAME = re.compile(f"[{_HAN}]{{2,4}}")
_DOTTED_NAME = re.compile(rf"[{_HAN}A-Za-z.]{{1,12}}(?:[·•・‧∙][{_HAN}A-Za-z.]{{1,12}}){{1,4}}")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z.'’\-]{0,24}")
_MIXED_NAME = re.compile(rf"(?=[{_HAN}]*[A-Za-z])(?=[A-Za-z]*[{_HAN}])[{_HAN}A-Za-z]{{2,6}}")
_NEVER = re.compile(f"[{_DATA['never_in_names']}]")
# Staff codes behind an editor's name: PK155, NBJ11143, HN666.
_CODE = re.compile(r"[A-Za-z]{1,4}\d{2,6}|\d{2,8}")


def is_han(text: str) -> bool:
    """Tell text of nothing but Chinese characters."""
    return _HAN_ONLY.fullmatch(text) is not None


def is_code(text: str) -> bool:
    """Tell the letters and digits of a staff code."""
    return _CODE.fullmatch(text) is not None


def is_latin(text: str) -> bool:
    """Tell a word of a name in Latin letters."""
    return _LATIN_WORD.fullmatch(text) is not None


def may_name(text: str) -> bool:
    """Tell whether `text` is free of the characters that stand only in sentences; one may be a family name (么)."""
    return _NEVER.search(text, 1 if text[:1] in SURNAMES else 0) is None


def has_surname(text: str) -> bool:
    """Tell whether a known family name opens `text` and something follows it."""
    return len(text) > 1 and (text[0] in SURNAMES or (len(text) > 2 and text[:2] in COMPOUND_SURNAMES))


def runs_together(text: str) -> bool:
    """Tell whether four characters may be two names with nothing between them: `张三李四`."""
    return (
        len(text) == 4
        and text[:2] not in COMPOUND_SURNAMES
        and text[0] in SURNAMES
        and (text[2] in SURNAMES or text[1:3] in COMPOUND_SURNAMES)
    )


def is_name(text: str) -> bool:
    """Tell a name by its shape: two to four characters, or parts joined by `·`, or Latin letters, or 小A.

    Ordinary words have that shape too: only a title or label beside it makes 江山 a name, see `is_plain_name`.
    """
    if _HAN_NAME.fullmatch(text):
        return not (not may_name(text) or runs_together(text) or (len(text) == 4 and text[:2] in _PLACES))
    if _DOTTED_NAME.fullmatch(text):
        return True
    return (len(text) > 1 and is_latin(text)) or (_MIXED_NAME.fullmatch(text) is not None and not _NEVER.search(text))


def is_plain_name(text: str) -> bool:
    """Tell a name that needs no title or label to be known as one: a family name with one or two characters.

    After a family name of two characters two may follow too; names joined by `·` count where all is Chinese.
    """
    if text in NOT_NAMES or text in _PLACES:
        return False
    if not 2 <= len(text) <= 4 or not is_name(text):
        return "·" in text and _DOTTED_NAME.fullmatch(text) is not None and is_han(text.replace("·", ""))
    if not is_han(text):
        return False
    if text[:2] in COMPOUND_SURNAMES and len(text) > 2:
        return True
    return len(text) < 4 and text[0] in SURNAMES


def is_pen_name(text: str) -> bool:
    """Tell a longer name that an editor's label may introduce: `棒棒不是糖`."""
    return 5 <= len(text) <= 8 and is_han(text) and not has_surname(text)
