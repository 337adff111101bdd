"""A small selector language for templates, answered from an index instead of a search of the whole document.

A selector is a chain of compounds joined by a space (descendant) or `>` (child): `div.info span`, `#pubtime_baidu`,
`div.main > h1.artTitle`. A compound is `tag`, `.class`, `#id`, `[attribute*=part]`, `:nth(n)` (the n-th, from 1, of its
parent's children with that tag) or a combination of these. Class names and ids are compared as written,
`part` with the attribute's value in lower case.
A compound without a tag means no link and no list item.
`:content-comments` alone is the element that holds the old CMS's `content() parse begin` mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

_COMPOUND = re.compile(
    r"(?P<tag>[\w-]+)?(?P<marks>(?:[.#][\w-]+)*)(?:\[(?P<attribute>[\w-]+)\*=(?P<part>[^\]]+)\])?(?::nth\((?P<nth>\d+)\))?"
)
_ONE_NAME = re.compile(r"([.#])([\w-]+)")
CONTENT_COMMENTS = ":content-comments"
_CONTENT_MARK = "content()"
_CONTENT_BEGIN = etree.XPath(f"descendant::comment()[contains(., '{_CONTENT_MARK}') and contains(., 'begin')]/..")
# The tags that selectors without one may mean. Links and list items, most of a page's elements, are none of them.
_INDEXED_TAGS = (
    *("article", "b", "center", "dd", "div", "dl", "dt", "em", "figure", "font", "footer", "form", "founder-content"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "header", "i", "label", "main", "nav", "ol", "p", "section", "small"),
    *("span", "strong", "table", "tbody", "td", "th", "time", "tr", "ul"),
)


class Compound(NamedTuple):
    """One step of a selector: what an element must be, and whether it is a child of the step before."""

    tag: str | None
    ids: tuple[str, ...]
    classes: tuple[str, ...]
    attribute: tuple[str, str] | None
    nth: int | None
    is_child: bool


@lru_cache(maxsize=1024)
def parse_selector(selector: str) -> tuple[Compound, ...]:
    """Read a selector into its steps, outermost first.

    Raises:
        ValueError: the selector is none of this language.
    """
    steps: list[Compound] = []
    is_child = False
    for word in selector.split():
        if word == ">":
            is_child = True
            continue
        match = _COMPOUND.fullmatch(word)
        if match is None or not word:
            raise ValueError(f"selector {selector!r}: cannot read {word!r}")
        marks = re.findall(r"[.#][\w-]+", match["marks"])
        steps.append(
            Compound(
                tag=match["tag"],
                ids=tuple(mark[1:] for mark in marks if mark[0] == "#"),
                classes=tuple(mark[1:] for mark in marks if mark[0] == "."),
                attribute=(match["attribute"], match["part"]) if match["attribute"] else None,
                nth=int(match["nth"]) if match["nth"] else None,
                is_child=is_child,
            )
        )
        is_child = False
    if not steps:
        raise ValueError("an empty selector selects nothing")
    return tuple(steps)


class ElementIndex:
    """Finds elements by selector, in document order."""

    def __init__(self, root: etree._Element, mentions: Callable[[str], bool]) -> None:
        """Index the tree under `root`; `mentions` tells whether a text stands in its source."""
        self._root = root
        self._mentions = mentions
        self._ids: dict[str, list[etree._Element]] = {}
        self._classes: dict[str, list[etree._Element]] = {}
        # Templates share selectors, and all are asked of every page.
        self._firsts: dict[str, etree._Element | None] = {}
        self._tags: dict[str, list[etree._Element]] = {}
        ids, classes = self._ids, self._classes
        # Kept, so that lxml need not wrap them again each time they are met.
        self._elements = list(root.iter(*_INDEXED_TAGS))
        for element in self._elements:
            # One call for all attributes costs less than one for each of two.
            for attribute, value in element.items():
                if attribute == "class":
                    for name in value.split():
                        classes.setdefault(name, []).append(element)
                elif attribute == "id" and value:
                    ids.setdefault(value.strip(), []).append(element)

    def select(self, selector: str) -> Iterator[etree._Element]:
        """Give the elements the selector matches."""
        if selector == CONTENT_COMMENTS:
            if self._mentions(_CONTENT_MARK):
                yield from _CONTENT_BEGIN(self._root)
            return
        steps = parse_selector(selector)
        for element in self._candidates(steps[-1]):
            if _matches(element, steps):
                yield element

    def of_class(self, name: str) -> list[etree._Element]:
        """Give the elements of a class, links and list items left out."""
        return self._classes.get(name, [])

    def first(self, *selectors: str) -> etree._Element | None:
        """Give the first element of the first selector that matches anything."""
        for selector in selectors:
            if selector not in self._firsts:
                self._firsts[selector] = self._first(selector)
            found = self._firsts[selector]
            if found is not None:
                return found
        return None

    def _first(self, selector: str) -> etree._Element | None:
        if match := _ONE_NAME.fullmatch(selector):
            # Most selectors are one id or class, which the index answers by itself.
            named = (self._ids if match[1] == "#" else self._classes).get(match[2])
            return named[0] if named else None
        return next(self.select(selector), None)

    def has(self, *selectors: str) -> bool:
        """Tell whether any of the selectors matches."""
        return self.first(*selectors) is not None

    def _candidates(self, last: Compound) -> Iterable[etree._Element]:
        if last.tag == "a" and last.classes:
            return self._links_of_class(last.classes[0])
        if last.tag and last.tag not in _INDEXED_TAGS:
            return self._of_tag(last.tag)
        if last.ids:
            return self._ids.get(last.ids[0], [])
        if last.classes:
            return self._classes.get(last.classes[0], [])
        if last.tag:
            return self._of_tag(last.tag)
        return list(self._root.iter(etree.Element))

    def _of_tag(self, tag: str) -> list[etree._Element]:
        if tag not in self._tags:
            self._tags[tag] = list(self._root.iter(tag))
        return self._tags[tag]

    def _links_of_class(self, name: str) -> Iterator[etree._Element]:
        # A page has hundreds of links, and the first of a class is near its top or nowhere.
        if self._mentions(name):
            yield from (link for link in self._root.iter("a") if name in (link.get("class") or "").split())


def _is(element: etree._Element, step: Compound) -> bool:
    if step.tag is not None and element.tag != step.tag:
        return False
    if step.ids and (element.get("id") or "").strip() not in step.ids:
        return False
    if step.classes:
        classes = (element.get("class") or "").split()
        if any(name not in classes for name in step.classes):
            return False
    if step.attribute is not None and step.attribute[1] not in (element.get(step.attribute[0]) or "").lower():
        return False
    if step.nth is not None:
        before = [sibling for sibling in element.itersiblings(preceding=True) if sibling.tag == element.tag]
        return len(before) + 1 == step.nth
    return True


def _matches(element: etree._Element, steps: tuple[Compound, ...]) -> bool:
    if not _is(element, steps[-1]):
        return False
    child = steps[-1]
    current = element
    for step in reversed(steps[:-1]):
        parent = current.getparent()
        while parent is not None and not _is(parent, step):
            parent = None if child.is_child else parent.getparent()
        if parent is None:
            return False
        current, child = parent, step
    return True
