"""`zjol doctor`: whether everything is in order, and what to do where it is not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click

from zjol_crawler.cli.options import database_option, parse_settings, setting_option

_COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


@click.command()
@database_option
@click.option(
    "--archive",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Check this archive too; every file is read whole.",
)
@click.option("--offline", is_flag=True, help="Ask nothing of the site.")
@click.option("--json", "as_json", is_flag=True, help="As JSON Lines.")
@setting_option
def command(db: str, archive: Path | None, offline: bool, as_json: bool, settings: tuple[str, ...]) -> int:
    """Check installation, clock, disks, database, archive, network and channels, a line each.

    What is not in order says what to do. Exit status 1 where something failed; a warning alone is none.
    """
    from zjol_crawler.doctor import examine
    from zjol_crawler.doctor.finding import Subject

    counts: Counter[str] = Counter()
    for finding in examine(Subject(db, archive, offline, parse_settings(settings))):
        counts[finding.verdict] += 1
        if as_json:
            click.echo(json.dumps(finding._asdict(), ensure_ascii=False))
            continue
        remedy = f" → {finding.remedy}" if finding.remedy else ""
        verdict = click.style(f"{finding.verdict:7}", fg=_COLOURS[finding.verdict])
        click.echo(f"{verdict}  {finding.check}: {finding.text}{remedy}")
    click.echo(", ".join(f"{counts[verdict]} {verdict}" for verdict in _COLOURS), err=True)
    return 1 if counts["failed"] else 0
