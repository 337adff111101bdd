"""`zjol restore`: a backup back in its place."""

from __future__ import annotations

from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option


@click.command()
@click.argument("backup", metavar="BACKUP", type=click.Path(path_type=Path, file_okay=False))
@database_option
@click.option(
    "--archive",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Restore the backup's archive to this folder too.",
)
@click.option("--force", is_flag=True, help="Replace the database and the archive that are there.")
def command(backup: Path, db: str, archive: Path | None, force: bool) -> int:
    """Restore the database, and the archive with --archive, from BACKUP, a folder that `zjol backup` printed.

    Everything is verified before anything is replaced. Stop the crawl and the schedule first.
    """
    from zjol_crawler.backup.errors import BackupError
    from zjol_crawler.backup.restoring import restore_backup

    try:
        manifest = restore_backup(backup, db, archive, force=force)
    except BackupError as error:
        raise WorkFailedError(str(error)) from error
    files = "" if archive is None else f" and {len(manifest.archive or [])} files of the archive"
    click.echo(f"restored the database{files} of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC", err=True)
    return 0
