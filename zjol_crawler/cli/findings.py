"""`zjol findings`: what is not as it was."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from pipelines.store.findings import Finding

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@click.command()
@click.option("--all", "closed", is_flag=True, help="Those that have ended, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON Lines; times in UTC.")
@database_option
def command(closed: bool, as_json: bool, db: str) -> int:
    """List what the monitor found: fields that vanished, new page shapes, lists that are empty or silent, failing jobs.

    Records that show a fatal one are held back; see `zjol held`. The exit status is 1 while a fatal one is open.
    """
    from pipelines.store.engine import open_database
    from pipelines.store.findings import read_findings

    engine = open_database(db, create=False)
    try:
        found = read_findings(engine, closed=closed)
    finally:
        engine.dispose()
    if as_json:
        for finding in found:
            click.echo(json.dumps(finding._asdict(), ensure_ascii=False, default=lambda moment: moment.isoformat()))
    elif found:
        _print(found)
    else:
        click.echo("nothing is amiss", err=True)
    return int(any(finding.severity == "fatal" and finding.closed_at is None for finding in found))


def _print(found: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "severity", "where", "field", "what", "since", "until")
    table.columns[2].overflow = table.columns[4].overflow = "fold"
    for finding in found:
        opened, closed = (
            f"{moment.astimezone(_SHANGHAI):%Y-%m-%d %H:%M}" if moment else ""
            for moment in (finding.opened_at, finding.closed_at)
        )
        table.add_row(str(finding.id), finding.severity, finding.subject, finding.field, finding.detail, opened, closed)
    Console().print(table, markup=False)
