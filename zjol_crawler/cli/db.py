"""`zjol db`: schema migrations."""

from __future__ import annotations

import click

from zjol_crawler.cli.options import database_option


@click.group()
def command() -> None:
    """Migrate and check the database."""


@command.command()
@database_option
def upgrade(db: str) -> int:
    """Bring the database to this release's schema."""
    from pipelines.store.engine import connect_database, describe, store_errors, write_transaction
    from pipelines.store.migrate import upgrade_schema

    engine = connect_database(db, create=True)
    try:
        with store_errors(engine), write_transaction(engine) as connection:
            before, now = upgrade_schema(connection, describe(engine))
    finally:
        engine.dispose()
    click.echo(f"{describe(engine)}: {now}" + (" already" if before == now else f", was {before or 'empty'}"))
    return 0


@command.command()
@database_option
def current(db: str) -> int:
    """Show which schema the database has."""
    from pipelines.store.engine import connect_database, describe, read_transaction, store_errors
    from pipelines.store.migrate import latest_revision, schema_revision

    engine = connect_database(db)
    try:
        with store_errors(engine), read_transaction(engine) as connection:
            revision = schema_revision(connection)
    finally:
        engine.dispose()
    click.echo(f"{describe(engine)}: {revision or 'empty'}; this release's is {latest_revision()}")
    return 0


@command.command()
@database_option
def check(db: str) -> int:
    """Compare the database's tables with this release's; exit status 1 where they differ."""
    from pipelines.store.engine import open_database, read_transaction, store_errors
    from pipelines.store.migrate import schema_differences

    engine = open_database(db, create=False)
    try:
        with store_errors(engine), read_transaction(engine) as connection:
            differences = schema_differences(connection)
    finally:
        engine.dispose()
    for difference in differences:
        click.echo(difference)
    if not differences:
        click.echo("the tables are as this release makes them")
    return 1 if differences else 0
