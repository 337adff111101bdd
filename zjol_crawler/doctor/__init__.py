"""The doctor: a list of checks, each a function that yields findings; one more is a function named in `CHECKS`."""

from __future__ import annotations

from collections.abc import Iterator

from zjol_crawler.doctor.archive import check_archive, check_open_files
from zjol_crawler.doctor.database import check_database, check_integrity, check_runs
from zjol_crawler.doctor.finding import Check, Finding, Subject, failed
from zjol_crawler.doctor.machine import check_clock, check_disk, check_extras, check_packages
from zjol_crawler.doctor.network import check_network

# In the order they are shown: what others rest on first.
CHECKS: tuple[Check, ...] = (
    check_packages,
    check_extras,
    check_clock,
    check_disk,
    check_database,
    check_integrity,
    check_runs,
    check_archive,
    check_open_files,
    check_network,
)


def examine(subject: Subject) -> Iterator[Finding]:
    """Run every check; one that breaks is a finding itself and hides no other."""
    for check in CHECKS:
        try:
            yield from check(subject)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks must still be made
            name = check.__name__.removeprefix("check_").replace("_", " ")
            yield failed(name, f"cannot be checked: {type(error).__name__}: {error}", "run with --debug and report it")
