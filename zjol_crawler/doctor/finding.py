"""What checks find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

Verdict = Literal["ok", "warning", "failed"]


class Finding(NamedTuple):
    """One line of the doctor's.

    Attributes:
        check: what was looked at, in a word or two.
        verdict: `ok`, `warning` (it works, look at it), `failed` (it does not work).
        text: what was found.
        remedy: what to do; None where all is well.
    """

    check: str
    verdict: Verdict
    text: str
    remedy: str | None = None


class Subject(NamedTuple):
    """What is examined.

    Attributes:
        database: an SQLAlchemy URL.
        archive: the archive's folder; None for none.
        offline: ask nothing of the network.
        settings: Scrapy settings that the crawl runs with, such as `USER_AGENT` and `DOWNLOAD_DELAY`.
    """

    database: str
    archive: Path | None
    offline: bool
    settings: Mapping[str, Any]


Check = Callable[[Subject], Iterator[Finding]]


def ok(check: str, text: str) -> Finding:
    """Give a finding that all is well."""
    return Finding(check, "ok", text)


def warning(check: str, text: str, remedy: str) -> Finding:
    """Give a finding to look at."""
    return Finding(check, "warning", text, remedy)


def failed(check: str, text: str, remedy: str) -> Finding:
    """Give a finding of what does not work."""
    return Finding(check, "failed", text, remedy)
