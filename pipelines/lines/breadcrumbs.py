"""您当前的位置: the names along the trail above an article."""

from __future__ import annotations

import re

from pipelines.text import clean

_LABEL = re.compile(
    r"^[\s\u3000]*(?:您|你)?的?(?:当前|现在|目前|所在|所处)*的?(?:所在)?的?位置(?:是|在)?[\s\u3000]*[:：]?"
    r"|^[\s\u3000]*(?:导航|路径)[\s\u3000]*[:：]"
)
_SEPARATOR = re.compile(r"\s*(?:-+>|=+>|[>＞»›→]+)\s*")
# A blank parts two Chinese names; inside a Latin name it belongs to it.
_BLANK = re.compile(r"(?<=[^\x00-\x7f])[\s\u3000]+(?=[^\x00-\x7f])")
_CLOSING = re.compile(r"(?:文章|新闻)?(?:正文|详情|内容)页?")
_GLUED_CLOSING = re.compile(r"(?<=.)正文$")
_EDGES = " \u3000:：|/"


def read_breadcrumb_names(text: str) -> list[str]:
    """Give the names of a trail in order, without its label and the closing 正文; empty where there are none."""
    text = clean(_LABEL.sub("", clean(text), count=1))
    names = [name.strip(_EDGES) for part in _SEPARATOR.split(text) for name in _BLANK.split(part)]
    names = [name for name in names if name]
    if names and _CLOSING.fullmatch(names[-1]):
        names.pop()
    elif names:
        names[-1] = _GLUED_CLOSING.sub("", names[-1])
    return names
