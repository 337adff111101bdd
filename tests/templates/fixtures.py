"""The fixture pages of every template, the gold records beside them, and how far the extraction agrees with them."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.extract import extract, extract_article
from pipelines.page import Page
from pipelines.record import to_dict

FOLDER = Path(__file__).parent
INDEX = FOLDER / "pages.toml"
PINS = FOLDER / "quality.toml"
REJECTIONS = "rejections"

# A rejection's remark is for people, except where the contract gives it a meaning.
DETAIL_COUNTS = {"redirect_stub"}
MISSING = "<no such key>"


@dataclass(frozen=True)
class Fixture:
    """One article (or one page that is none): its pages as they were fetched, and the record they must give.

    Attributes:
        name: the folder and file name without its ending, `trs-2016/04-three-pages`.
        pages: the files with the URL each was fetched from, in page order.
        content_type: the response's Content-Type header, or None for a response without one.
    """

    name: str
    pages: tuple[tuple[Path, str], ...]
    content_type: str | None

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]

    @property
    def gold_path(self) -> Path:
        return FOLDER / f"{self.name}.json"

    def gold(self) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self.gold_path.read_text(encoding="utf-8"))
        return record

    def fetched(self) -> list[Page]:
        headers = {"content-type": self.content_type} if self.content_type else {}
        return [Page(url=url, body=path.read_bytes(), headers=headers) for path, url in self.pages]

    def extracted(self) -> dict[str, Any]:
        pages = self.fetched()
        return to_dict(extract(pages[0]) if len(pages) == 1 else extract_article(pages))


@dataclass(frozen=True)
class Difference:
    """A field of a record that is not what the gold says."""

    field: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.field}\n    expected {_show(self.expected)}\n    got      {_show(self.got)}"


@cache
def load_fixtures() -> tuple[Fixture, ...]:
    """Read the index of pages."""
    entries = tomllib.loads(INDEX.read_text(encoding="utf-8"))["page"]
    return tuple(
        Fixture(
            name=entry["path"].removesuffix(".html"),
            pages=tuple((FOLDER / part["path"], part["url"]) for part in [entry, *entry.get("further", [])]),
            content_type=entry.get("content_type"),
        )
        for entry in entries
    )


def folders() -> list[str]:
    """Name the folders in the order of the index."""
    return list(dict.fromkeys(fixture.folder for fixture in load_fixtures()))


def comparable_fields(gold: dict[str, Any]) -> list[str]:
    """List the keys of a gold record that an extraction is held to."""
    return [key for key in gold if key != "detail" or gold["reason"] in DETAIL_COUNTS]


@cache
def differences(fixture: Fixture) -> tuple[Difference, ...]:
    """Extract a fixture and list the fields that differ from its gold."""
    gold, got = fixture.gold(), fixture.extracted()
    fields = comparable_fields(gold)
    surplus = [key for key in got if key not in gold]
    return tuple(
        Difference(key, gold.get(key, MISSING), got.get(key, MISSING))
        for key in [*fields, *surplus]
        if gold.get(key, MISSING) != got.get(key, MISSING)
    )


def exact_figures() -> dict[str, dict[str, int]]:
    """Count, a folder, the records and fields there are and those that are exact."""
    figures: dict[str, dict[str, int]] = {}
    for fixture in load_fixtures():
        row = figures.setdefault(fixture.folder, {"records": 0, "records_exact": 0, "fields": 0, "fields_exact": 0})
        fields, wrong = len(comparable_fields(fixture.gold())), differences(fixture)
        row["records"] += 1
        row["records_exact"] += not wrong
        row["fields"] += fields
        row["fields_exact"] += fields - min(len(wrong), fields)
    return figures


def corpus_digest() -> str:
    """Give the SHA-256 of the index, every page and every gold record, so that the figures name what they measure."""
    digest = hashlib.sha256(INDEX.read_bytes())
    for fixture in load_fixtures():
        for path in [fixture.gold_path, *(path for path, _ in fixture.pages)]:
            digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def load_pins() -> dict[str, Any]:
    """Read the pinned figures."""
    return tomllib.loads(PINS.read_text(encoding="utf-8"))


def _show(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
