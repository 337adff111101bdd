"""`zjol prune`: an archive without what later captures have superseded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError


@click.command()
@click.option(
    "--archive",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The archive.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(0),
    metavar="N",
    default=90,
    show_default=True,
    help="Keep every capture of the last N days.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def command(archive: Path, keep_days: int, dry_run: bool) -> int:
    """Take captures out of an archive that are older than N days and that later ones of the same address replace.

    The last capture of every address, and its last with status 200, are always kept, so reparse and records held back
    lose nothing. A crawl may go on meanwhile. Prints a line a file.
    """
    from zjol_crawler.archive_pruning import PruningError, prune_archive

    captures = freed = 0
    since = datetime.now(UTC) - timedelta(days=keep_days)
    try:
        for one in prune_archive(archive, since, dry_run=dry_run):
            click.echo(f"{one.path.name}: {one.captures} captures out, {one.left} left, {one.bytes / 1e6:,.1f} MB")
            captures += one.captures
            freed += one.bytes
    except PruningError as error:
        raise WorkFailedError(str(error)) from error
    would = "would be " if dry_run else ""
    click.echo(f"{captures} captures {would}taken out, {freed / 1e6:,.1f} MB {would}freed", err=True)
    return 0
