"""What a user asks for: words, "phrases", AND, OR, NOT and brackets → a tree of conditions."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipelines.store.errors import StoreError
from pipelines.store.search.terms import Run, runs

_TOKEN = re.compile(r'"([^"]*)"|“([^”]*)”|([()（）])|([^\s()（）"“”]+)')
_OPERATORS = {"AND", "OR", "NOT"}
_BRACKETS = {"（": "(", "）": ")"}


class Phrase(NamedTuple):
    """Runs that follow each other."""

    text: str
    runs: tuple[Run, ...]


class Both(NamedTuple):
    """Both conditions hold."""

    left: Condition
    right: Condition


class Either(NamedTuple):
    """One of the conditions holds."""

    left: Condition
    right: Condition


class Without(NamedTuple):
    """The condition does not hold."""

    condition: Condition


Condition = Phrase | Both | Either | Without


class QueryError(StoreError):
    """The words cannot be searched for."""


class _Token(NamedTuple):
    kind: str
    text: str


def parse_query(words: str) -> Condition:
    """Read a query: words side by side must all stand in an article; OR binds weaker than AND; `-word` is NOT word.

    Raises:
        QueryError: there is nothing to search for, or an operator or a bracket has no partner.
    """
    parser = _Parser(words)
    condition = parser.either()
    if parser.rest:
        raise QueryError(f"{words}: {parser.rest[0].text} stands without a partner")
    if not any(True for _ in wanted_phrases(condition)):
        raise QueryError(f"{words}: give at least one word that must stand in the article")
    return condition


def wanted_phrases(condition: Condition) -> list[Phrase]:
    """Give the phrases that speak for an article, those under NOT left out."""
    match condition:
        case Phrase():
            return [condition]
        case Without():
            return []
        case Both(left, right) | Either(left, right):
            return [*wanted_phrases(left), *wanted_phrases(right)]


class _Parser:
    def __init__(self, words: str) -> None:
        self._words = words
        self.rest = list(_tokens(words))
        if not self.rest:
            raise QueryError(f"{words!r}: nothing to search for; give a word")

    def either(self) -> Condition:
        left = self._both()
        while self._take("OR"):
            left = Either(left, self._both())
        return left

    def _both(self) -> Condition:
        left = self._one()
        while self.rest and self.rest[0] != _Token("operator", "OR") and self.rest[0] != _Token("bracket", ")"):
            self._take("AND")
            left = Both(left, self._one())
        return left

    def _one(self) -> Condition:
        if not self.rest:
            raise QueryError(f"{self._words}: a word is missing at the end")
        if self._take("NOT"):
            return Without(self._one())
        token = self.rest.pop(0)
        if token == _Token("bracket", "("):
            inside = self.either()
            if not self.rest or self.rest.pop(0).text != ")":
                raise QueryError(f"{self._words}: a bracket is not closed")
            return inside
        if token.kind != "phrase":
            raise QueryError(f"{self._words}: {token.text} stands without a partner")
        found = tuple(runs(token.text))
        if not found:
            raise QueryError(f"{token.text}: holds no letter, digit or Chinese character to search for")
        return Phrase(token.text, found)

    def _take(self, operator: str) -> bool:
        if self.rest and self.rest[0] == _Token("operator", operator):
            self.rest.pop(0)
            return True
        return False


def _tokens(words: str) -> list[_Token]:
    tokens: list[_Token] = []
    for quoted, curly, bracket, word in _TOKEN.findall(words):
        if bracket:
            tokens.append(_Token("bracket", _BRACKETS.get(bracket, bracket)))
        elif word in _OPERATORS:
            tokens.append(_Token("operator", word))
        elif word.startswith("-") and len(word) > 1:
            tokens += [_Token("operator", "NOT"), _Token("phrase", word[1:])]
        elif word or quoted or curly:
            tokens.append(_Token("phrase", word or quoted or curly))
    return tokens
