"""`zjol backup`: the database, and the archive, in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option


@click.command()
@database_option
@click.option(
    "--archive",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Back this archive up too: its closed files, by hard link on the same disk.",
)
@click.option(
    "-o",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where backups are kept, each in a folder of its own; made where it is missing.",
)
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Then remove all but the last N backups in DIR.")
def command(db: str, archive: Path | None, folder: Path, keep: int | None) -> int:
    """Back the database up as it stands at one moment, while a crawl writes or not, and verify what was written.

    Prints the backup's folder. PostgreSQL needs pg_dump on the PATH, MariaDB mariadb-dump.
    """
    from zjol_crawler.backup.errors import BackupError
    from zjol_crawler.backup.making import make_backup, prune_backups

    try:
        click.echo(str(make_backup(db, archive, folder)))
        for old in prune_backups(folder, keep) if keep else []:
            click.echo(f"removed {old}", err=True)
    except BackupError as error:
        raise WorkFailedError(str(error)) from error
    return 0
