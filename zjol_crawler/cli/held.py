"""`zjol held`: records held back, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from pipelines.record import to_json
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from sqlalchemy import Engine


@click.group(invoke_without_command=True)
@database_option
@click.option("--json", "as_json", is_flag=True, help="The records as JSON Lines.")
@click.pass_context
def command(context: click.Context, db: str, as_json: bool) -> int:
    """List the records held back because they show a fatal finding, or say what is to become of them.

    Mend the parser and `zjol reparse` the archive: what is right then is stored, and the finding closes.
    """
    if context.invoked_subcommand is not None:
        return 0
    from pipelines.store.held import read_held

    with _database(db) as engine:
        for held in read_held(engine):
            line = (
                to_json(held.article) if as_json else f"{held.finding_id}\t{held.article.url}\t{held.article.headline}"
            )
            click.echo(line)
    return 0


@command.command("release")
@click.argument("finding", type=int)
@database_option
def release(finding: int, db: str) -> int:
    """Store the records held for FINDING as they are."""
    from pipelines.store.held import read_held
    from pipelines.store.writer import Writer

    with _database(db) as engine:
        held = read_held(engine, [finding])
        if not held:
            raise WorkFailedError(f"finding {finding}: holds no records back; list them with: zjol held")
        summary = Writer(engine).write([one.article for one in held])
    click.echo(f"{summary.stored} stored, {summary.changed} changed, {summary.unchanged} unchanged", err=True)
    return 0


@command.command("discard")
@click.argument("finding", type=int)
@database_option
def discard(finding: int, db: str) -> int:
    """Throw the records held for FINDING away; their pages stay in the archive."""
    from pipelines.store.held import discard_held, read_held

    with _database(db) as engine:
        count = len(read_held(engine, [finding]))
        if not count:
            raise WorkFailedError(f"finding {finding}: holds no records back; list them with: zjol held")
        discard_held(engine, [finding])
    click.echo(f"{count} discarded", err=True)
    return 0


@contextmanager
def _database(db: str) -> Iterator[Engine]:
    from pipelines.store.engine import open_database

    engine = open_database(db, create=False)
    try:
        yield engine
    finally:
        engine.dispose()
