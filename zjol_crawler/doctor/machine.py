"""The machine: what is installed, its clock, its disks."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

import zjol_crawler
from zjol_crawler.doctor.finding import Finding, Subject, failed, ok, warning

# Free space in bytes below which it is time to look, and below which a crawl is about to stop.
_LITTLE, _TOO_LITTLE = 2_000_000_000, 200_000_000
_OURS = "zjol-crawler"
# Extras for users; the others are for those who work on the program.
_EXTRAS = {
    "postgresql": "PostgreSQL cannot be used",
    "mariadb": "MariaDB cannot be used",
    "parquet": "zjol export cannot write Parquet",
    "serve": "zjol serve cannot run",
}
_BACKENDS = {"postgresql": "postgresql", "mariadb": "mariadb", "mysql": "mariadb"}


def check_packages(_subject: Subject) -> Iterator[Finding]:
    """Check that every package the program needs is there, new enough."""
    wanted = [requirement for requirement in _requirements() if requirement.marker is None]
    wrong = [fault for requirement in wanted if (fault := _fault(requirement))]
    if wrong:
        yield failed("packages", "; ".join(wrong), f"install again: pip install --upgrade {_OURS}")
        return
    core = ", ".join(f"{name} {version(name)}" for name in ("scrapy", "lxml", "sqlalchemy", "alembic", "msgspec"))
    python = ".".join(map(str, sys.version_info[:3]))
    shown = f"{_OURS} {version(_OURS)}, Python {python}, {core}, SQLite {sqlite3.sqlite_version}"
    yield ok("packages", f"{shown}; {len(wanted)} in all")


def check_extras(subject: Subject) -> Iterator[Finding]:
    """Check which extras are there, and that the database's driver is."""
    missing = [name for name in _EXTRAS if any(_fault(found) for found in _requirements(name))]
    needed = _BACKENDS.get(_backend(subject.database))
    if needed in missing:
        yield failed("extras", f"the driver of {needed} is missing", f"pip install '{_OURS}[{needed}]'")
    have = [name for name in _EXTRAS if name not in missing]
    lack = [f"without {name}, {_EXTRAS[name]}" for name in missing if name != needed]
    yield ok("extras", "; ".join([f"present: {', '.join(have) or 'none'}", *lack]))


def check_clock(_subject: Subject) -> Iterator[Finding]:
    """Check that the clock is not before the moment at which the program was installed."""
    now = datetime.now(UTC)
    installed = datetime.fromtimestamp(Path(zjol_crawler.__file__).stat().st_mtime, UTC)
    if now < installed:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC here, before the program was installed ({installed:%Y-%m-%d %H:%M})"
        yield failed("clock", text, "set the clock; keep it right by NTP")
    else:
        yield ok("clock", f"it is {now:%Y-%m-%d %H:%M:%S} UTC")


def check_disk(subject: Subject) -> Iterator[Finding]:
    """Check the free space where the database and the archive are."""
    places = {"database": _sqlite_folder(subject.database), "archive": subject.archive}
    for name, folder in places.items():
        if folder is None:
            continue
        existing = next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), Path())
        free = shutil.disk_usage(existing).free
        text = f"{free / 1e9:.1f} GB free at {existing}"
        if free < _TOO_LITTLE:
            yield failed(f"disk of the {name}", text, "free some space: the crawl is about to stop")
        elif free < _LITTLE:
            yield warning(f"disk of the {name}", text, "free some space, or move it to a larger disk")
        else:
            yield ok(f"disk of the {name}", text)


def _requirements(extra: str | None = None) -> list[Requirement]:
    """Give what the program needs, or what one extra adds."""
    found = [Requirement(line) for line in distribution(_OURS).requires or ()]
    if extra is None:
        return [requirement for requirement in found if "extra" not in str(requirement.marker or "")]
    return [found for found in found if re.search(rf"extra == .{extra}.$", str(found.marker or ""))]


def _fault(requirement: Requirement) -> str | None:
    try:
        have = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing"
    if not requirement.specifier.contains(have, prereleases=True):
        return f"{requirement.name} is {have}, wanted is {requirement.specifier}"
    return None


def _backend(url: str) -> str:
    try:
        return make_url(url).get_backend_name()
    except ArgumentError:
        return ""


def _sqlite_folder(url: str) -> Path | None:
    if _backend(url) != "sqlite":
        return None
    path = make_url(url).database
    return Path(path).parent if path and path != ":memory:" else None
