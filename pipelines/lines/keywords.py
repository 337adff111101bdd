"""标签: the line of keywords under an article."""

from __future__ import annotations

import re

from pipelines.lines.wordlists import any_of
from pipelines.text import clean

_CHINESE_NAME = any_of(["标签", "关键词", "关键字"], spaced=True)
_NAME = rf"(?:(?:文章|本文|新闻|相关|内容)?{_CHINESE_NAME}|tags?|keywords?)"
_LABEL = re.compile(rf"[\s\u3000]*(?:{_NAME}[\s\u3000]*[:：]|[【\[]\s*{_NAME}\s*[:：]?\s*[】\]]\s*[:：]?)", re.I)
_LABEL_BEHIND = re.compile(rf"(?<=[\s\u3000】\])）|｜]){_NAME}[\s\u3000]*[:：]", re.I)
_BARE_LABEL = re.compile(rf"[\s\u3000]*{_NAME}[\s\u3000]*", re.I)
_SEPARATORS = (re.compile("[;；]"), re.compile("[,，、]"), re.compile(r"[\s\u3000]+"))
_EDITORS = re.compile(r"(?:责任编辑|责编|编辑|校对)[\s\u3000]*[:：]")
_SENTENCE_END = re.compile("[。！？]")
_WORD = re.compile(r"\w")


def read_keywords(text: str) -> list[str]:
    """Give the keywords of a 标签 line, with or without its label, in order, without empties and repeats.

    They are parted at `;` and `；` where there is one, else at `,`, `，` and `、`, else at blanks.
    """
    if _BARE_LABEL.fullmatch(text):
        return []
    if label := _LABEL.match(text):
        text = text[label.end() :]
    separator = next((separator for separator in _SEPARATORS if separator.search(text.strip())), _SEPARATORS[-1])
    found = (clean(keyword) for keyword in separator.split(text))
    return list(dict.fromkeys(keyword for keyword in found if _WORD.search(keyword)))


def split_keywords_line(text: str) -> tuple[str, str]:
    """Part a keyword line from the editors printed behind it (`标签：甲；乙 责任编辑：丙`), if there are any."""
    editors = _EDITORS.search(text)
    return (text[: editors.start()], text[editors.start() :]) if editors else (text, "")


def split_editors_line(text: str) -> tuple[str, str]:
    """Part a line of editors from the keywords printed behind them (`【编辑：甲】标签：乙,丙`), if there are any."""
    # Asked of every line; most have no colon.
    label = _LABEL_BEHIND.search(text) if ":" in text or "：" in text else None
    return (text[: label.start()], text[label.start() :]) if label else (text, "")


def is_keywords_line(text: str) -> bool:
    """Say whether `text` opens with the label of a keyword line (or is nothing but it), and is no sentence."""
    if _BARE_LABEL.fullmatch(text):
        return True
    return _LABEL.match(text) is not None and not _SENTENCE_END.search(text)
