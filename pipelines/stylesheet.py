"""What a page's own style sheet says of its classes, written into the elements: bold and hidden."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lxml import etree

_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.S)
_RULE = re.compile(r"([^{}]{1,300})\{([^{}]{0,1000})\}")
# Selectors that mean every element of a class; longer ones are left to the browser.
_CLASS = re.compile(r"(?:[a-zA-Z][a-zA-Z\d]*)?\.([\w-]+)")
_TOLD = re.compile(r"(?<![\w-])(?:font-weight\s*:\s*(?:bold|[6-9]00)|display\s*:\s*none)", re.I)
_LONGEST = 100_000


def apply_class_styles(root: etree._Element, of_class: Callable[[str], list[etree._Element]]) -> None:
    """Write what `<style>` says of a class (`.hd {font-weight: bold}`) before its elements' own style.

    Args:
        root: the page.
        of_class: gives the elements of a class.
    """
    for sheet in root.iter("style"):
        for name, told in _told_of_classes((sheet.text or "")[:_LONGEST]):
            for element in of_class(name):
                element.set("style", f"{told}; {element.get('style') or ''}")


# A channel's pages print the same sheet.
@lru_cache(maxsize=64)
def _told_of_classes(sheet: str) -> tuple[tuple[str, str], ...]:
    """Give what a style sheet says of classes, as (class, declarations), in its order."""
    lower = sheet.lower()
    if "font-weight" not in lower and "display" not in lower:
        return ()
    found: list[tuple[str, str]] = []
    for selectors, declarations in _RULE.findall(_COMMENT.sub(" ", sheet)):
        if told := "; ".join(_TOLD.findall(declarations)):
            names = (_CLASS.fullmatch(selector.strip()) for selector in selectors.split(","))
            found += [(named[1], told) for named in names if named]
    return tuple(found)
