"""Lines that tell by their words what they are: abstract, editor's note, copyright notice, or furniture of the page."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pipelines.lines.wordlists import any_of, load
from pipelines.text import clean

_WORDS = load("labels.toml")
_BLANKS = r"[\s\u3000]*"
_COLON = rf"{_BLANKS}[:：]"
_MARKS = rf"{_BLANKS}[■●◆□○▲★·]?{_BLANKS}"
_ABSTRACT_WORD = any_of(_WORDS["abstract"], spaced=True)
_ABSTRACT_BRACKETED = any_of(_WORDS["abstract"] + _WORDS["abstract_in_brackets"], spaced=True)
_ABSTRACT = re.compile(
    rf"{_MARKS}(?:[【\[〔［]{_BLANKS}{_ABSTRACT_BRACKETED}(?:{_COLON})?{_BLANKS}[】\]〕］](?:{_COLON})?|{_ABSTRACT_WORD}{_COLON})"
)
_NOTE_WORD = any_of(_WORDS["editors_note"], spaced=True)
_NOTE = re.compile(
    rf"{_MARKS}(?:[【\[〔［(（]{_BLANKS}{_NOTE_WORD}(?:{_COLON})?{_BLANKS}[】\]〕］)）](?:{_COLON})?"
    rf"|(?P<opened>[(（])?{_NOTE_WORD}(?:{_BLANKS}(?:[:：|｜]|——?)|(?=[\s\u3000])|$))"
)

_NOISE: dict[str, Any] = _WORDS["noise"]
_STRONG = frozenset(word.replace(" ", "").casefold() for word in _NOISE["words"])
_WEAK = frozenset(word.casefold() for word in _NOISE["weak_words"])
_PATTERN = re.compile("|".join(f"(?:{pattern})" for pattern in _NOISE["patterns"]), re.I)
_MARKED = [(entry["mark"], re.compile(entry["pattern"], re.I)) for entry in _NOISE["marked"]]
_BLANK_SIGNS = " \u3000\t\r\n\xa0"
_EDGES = _BLANK_SIGNS + "[]【】()（）<>＜＞«»›‹|｜:：·、,，.。…-—_/!！\"“”'"
_HOLDS_STRONG = re.compile("|".join(map(re.escape, sorted(_STRONG, key=len, reverse=True))))
_GLUED = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(_STRONG | _WEAK, key=len, reverse=True)))})+")
_BETWEEN = re.compile(r"[\d\s\u3000\[\]【】()（）<>＜＞«»›‹|｜:：·、,，/…]+")
_LONGEST_WORDS = 80
_LONGEST_PATTERN = 700

_COPYRIGHT: dict[str, list[str]] = _WORDS["copyright"]
_NOTICE = re.compile(
    rf"{_BLANKS}(?:[①-⑳]|[(（]?\d{{1,2}}[)）.、．]|[一二三四五]、)?{_BLANKS}(?:{'|'.join(_COPYRIGHT['openings'])})"
)
_NOTICE_SUBJECT = re.compile("|".join(_COPYRIGHT["subjects"]))
_NOTICE_FURTHER = re.compile("|".join(_COPYRIGHT["further"]))
_FOOTER = re.compile(r"©|All Rights? Reserved|ICP备", re.I)


def strip_abstract_label(text: str) -> str | None:
    """Give what follows 【摘要】 or 摘要：, cleaned (perhaps empty); None where no such label opens the text."""
    label = _ABSTRACT.match(text)
    return clean(text[label.end() :]) if label else None


def strip_editors_note_label(text: str) -> str | None:
    """Give what follows 编者按：, 【编者按】 or 编者按 and a blank, cleaned (perhaps empty).

    None where no such label opens the text. A bracket around label and note is removed with the label.
    """
    label = _NOTE.match(text)
    if not label:
        return None
    note = clean(text[label.end() :])
    if label["opened"]:
        note = clean(note.removesuffix(")").removesuffix("）"))
    return note


def is_copyright_notice(text: str) -> bool:
    """Say whether `text` is a notice of who may reprint what (凡注有…, 版权声明：…); a © line is a footer, none."""
    return _NOTICE.match(text) is not None and _NOTICE_SUBJECT.search(text) is not None and not _FOOTER.search(text)


def continues_copyright_notice(text: str) -> bool:
    """Say whether `text` can be a further paragraph of a notice, given that one stands above it in the same box."""
    return _NOTICE_FURTHER.search(text) is not None and not _FOOTER.search(text)


def is_noise(text: str) -> bool:
    """Say whether the whole line is furniture of the page: sharing, pagers, counters, box headings, failed includes.

    A sentence that has such words in it is none.
    """
    text = text.strip(_BLANK_SIGNS)
    return len(text) <= _LONGEST_PATTERN and _is_furniture(text)


def _is_glued(word: str) -> bool:
    """Tell words of furniture with nothing between them: `新浪微博微信QQ空间`."""
    return _GLUED.fullmatch(word) is not None


# The same furniture stands on page after page.
@lru_cache(maxsize=512)
def _is_furniture(text: str) -> bool:
    if len(text) <= _LONGEST_WORDS:
        line = text.strip(_EDGES).casefold()
        if line.replace(" ", "") in _STRONG:
            return True
        words = [word for word in _BETWEEN.split(line) if word]
        if all(_is_glued(word) for word in words) and any(_HOLDS_STRONG.search(word) for word in words):
            return True
    if any(mark in text and pattern.fullmatch(text) for mark, pattern in _MARKED):
        return True
    return _PATTERN.fullmatch(text) is not None
