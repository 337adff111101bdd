"""`zjol schedule`: the jobs at their times, for years."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option


@click.command()
@database_option
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The jobs, as TOML; without it the news each half hour, the e-papers each morning, a report each night.",
)
@click.option("--once", metavar="JOB", help="Run one job now and give its exit status.")
@click.option("--print", "printed", type=click.Choice(["systemd", "cron"]), help="Print units or a crontab instead.")
def command(db: str, config: Path | None, once: str | None, printed: str | None) -> int:
    """Run jobs at their times, each in a process of its own, until SIGTERM or Ctrl-C, which stop what runs cleanly.

    One job of a name runs at a time, on all machines that share the database. A start missed is made up for once.
    SIGHUP reads the schedule again.
    """
    from zjol_crawler.schedule.config import ScheduleError, read_schedule

    try:
        jobs = read_schedule(config)
        if printed:
            from zjol_crawler.schedule.units import crontab, systemd_units

            write = systemd_units if printed == "systemd" else crontab
            click.echo(write(jobs, _absolute(db), Path.cwd()), nl=False)
            return 0
    except ScheduleError as error:
        raise WorkFailedError(str(error)) from error
    from pipelines.store.engine import open_database
    from zjol_crawler.schedule.running import JobRunner, ScheduleRunner

    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    engine = open_database(db)
    try:
        if once is not None:
            chosen = next((job for job in jobs if job.name == once), None)
            if chosen is None:
                raise click.UsageError(f"{once}: no such job; there are {', '.join(job.name for job in jobs)}")
            return JobRunner(engine, db).run(chosen)
        click.echo(f"{len(jobs)} jobs: {', '.join(job.name for job in jobs)} (Ctrl-C stops)", err=True)
        ScheduleRunner(engine, db, config).run()
    finally:
        engine.dispose()
    return 0


def _absolute(db: str) -> str:
    """Give the database's address so that it means the same in any folder."""
    from sqlalchemy import make_url

    url = make_url(db)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_absolute():
        url = url.set(database=str(Path(url.database).absolute()))
    return url.render_as_string(hide_password=False)
