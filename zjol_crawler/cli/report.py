"""`zjol report`: what came in, as one page."""

from __future__ import annotations

from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option


@click.command()
@database_option
@click.option(
    "-o",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where index.html and figures.json go; made where it is missing.",
)
def command(db: str, folder: Path) -> int:
    """Write a report to DIR: articles by day, channel and template, field coverage, failures, people, newest articles.

    The page needs no network and nothing beside it.
    """
    from pipelines.store.engine import open_database
    from zjol_crawler.report import write_report

    engine = open_database(db, create=False)
    try:
        page = write_report(engine, folder)
    except OSError as error:
        raise WorkFailedError(f"{folder}: the report cannot be written: {error.strerror or error}") from error
    finally:
        engine.dispose()
    click.echo(str(page))
    return 0
