"""`zjol channels`: the catalogue."""

from __future__ import annotations

import click

from zjol_crawler.cli.options import database_option


@click.command()
@click.option(
    "--candidates", is_flag=True, help="Show instead the lists and hosts that crawled pages link to and it lacks."
)
@database_option
def command(candidates: bool, db: str) -> int:
    """Show the channel catalogue and what is known of each channel."""
    from rich.console import Console

    Console().print(_candidates(db) if candidates else _catalogue(), markup=False)
    return 0


def _catalogue() -> object:
    from rich.table import Table

    from zjol_crawler.channels import read_channels

    table = Table("name", "title", "list", "kind", "template", "cadence", "enabled")
    table.columns[2].overflow = "fold"
    for channel in read_channels():
        enabled = "yes" if channel.enabled else "no"
        table.add_row(
            channel.name,
            channel.title or "",
            channel.url,
            channel.kind,
            channel.template or "",
            channel.cadence,
            enabled,
        )
    return table


def _candidates(db: str) -> object:
    from rich.table import Table

    from pipelines.store.candidates import read_candidates
    from pipelines.store.engine import open_database

    table = Table("kind", "address", "title", "linked from", caption="crawl one with: zjol crawl --start ADDRESS")
    table.columns[1].overflow = table.columns[3].overflow = "fold"
    engine = open_database(db, create=False)
    try:
        for candidate in read_candidates(engine):
            table.add_row(candidate.kind, candidate.url, candidate.title or "", candidate.found_on)
    finally:
        engine.dispose()
    return table
