"""`zjol alert`: tell people of findings."""

from __future__ import annotations

from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option


@click.command()
@click.option(
    "--config",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The schedule's file, whose [alerts] say whom to tell.",
)
@database_option
def command(config: Path, db: str) -> int:
    """Tell of findings that opened or ended and of jobs that failed or did not run: each thing once.

    The exit status is 1 where somebody could not be told; it is tried again the next time.
    """
    from pipelines.store.engine import open_database
    from zjol_crawler.alerting.telling import tell
    from zjol_crawler.schedule.config import Alerts, ScheduleError, read_alerts, read_schedule

    try:
        alerts, jobs = read_alerts(config), read_schedule(config)
    except ScheduleError as error:
        raise WorkFailedError(str(error)) from error
    if alerts == Alerts():
        raise WorkFailedError(f"{config}: has no [alerts]; add webhook, or smtp with mail_from and mail_to")
    engine = open_database(db, create=False)
    try:
        told = tell(engine, jobs, alerts)
    finally:
        engine.dispose()
    click.echo("another process tells just now" if told.is_busy else f"{told.told} told", err=True)
    if told.failures:
        raise WorkFailedError("; ".join(told.failures))
    return 0
