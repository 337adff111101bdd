"""Which elements of a page are share bars, pagers, adverts and other furniture, told by their names and style."""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from pipelines.body import markup
from pipelines.text import join_short

# What a share bar or a pager never holds; a list of readers' comments or related stories may.
_LONG_PARAGRAPH = 40
_SEVERAL = 3
_NOTICE_LABEL = re.compile(r"(?:责任编辑|责编|编辑|标签|关键词)\s*[:：]")
_LONGEST_NOTICE = 200
_NEVER_TEXT = re.compile("comment|pinglun|relat|recommend|tuijian|hot|foot|ad(?:v|s|box)?(?:$|[-_ ])")


def is_noise_element(element: etree._Element, attributes: dict[str, str] | None = None) -> bool:
    """Tell whether an element's class or id is that of a share bar, pager, advert or the like, or it is hidden.

    Args:
        element: the element.
        attributes: all its attributes, where the caller has them already.
    """
    if attributes is None:
        attributes = dict(element.items())
    for name in ("class", "id"):
        names = attributes.get(name)
        if names and _is_noise(names) and not (_holds_text(element) or _holds_notice(element)):
            return True
    style = attributes.get("style")
    return (style is not None and _is_hidden(style)) or "hidden" in attributes


@lru_cache(maxsize=8192)
def _is_noise(names: str) -> bool:
    words = names.lower().split()
    return any(word in markup.NOISE_WORDS for word in words) or any(
        part in markup.NOISE_WORDS for word in words for part in re.split(r"[-_]", word)
    )


@lru_cache(maxsize=8192)
def _is_hidden(style: str) -> bool:
    return markup.STYLE_HIDDEN.search(style) is not None


def _holds_text(element: etree._Element) -> bool:
    """Tell whether an element named like a share bar holds an article all the same: several long paragraphs."""
    found = 0
    for paragraph in element.iter("p"):
        if len("".join(paragraph.itertext()).strip()) >= _LONG_PARAGRAPH:
            found += 1
            if found == _SEVERAL:
                return not _NEVER_TEXT.search(f"{element.get('class') or ''} {element.get('id') or ''}".lower())
    return False


def _holds_notice(element: etree._Element) -> bool:
    """Tell a short block of editors or tags that shares its name with the page's foot or a tool bar."""
    text = join_short(element.itertext(), _LONGEST_NOTICE)
    return text is not None and _NOTICE_LABEL.search(text) is not None
