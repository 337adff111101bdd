"""`zjol schedule`: the jobs at their times, for years."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from zjol_crawler.schedule.running import ScheduleRunner


# The exit status of a job that runs already, and the seconds between two tries to reach the database.
_TAKEN, _PAUSE = 75, 2.0


@click.command()
@database_option
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The jobs, as TOML; without it the package's own: docs/run-it.md lists them.",
)
@click.option("--once", metavar="JOB", help="Run one job now and give its exit status.")
@click.option("--print", "printed", type=click.Choice(["systemd", "cron"]), help="Print units or a crontab instead.")
@click.option(
    "--metrics", metavar="HOST:PORT", help="Serve /metrics for Prometheus and /healthz here, such as 127.0.0.1:9464."
)
def command(db: str, config: Path | None, once: str | None, printed: str | None, metrics: str | None) -> int:
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
    from zjol_crawler.schedule.running import JobTakenError, ScheduleRunner, run_once

    chosen = next((job for job in jobs if job.name == once), None)
    if once is not None and chosen is None:
        raise click.UsageError(f"{once}: no such job; there are {', '.join(job.name for job in jobs)}")
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    engine = _open_patiently(db)
    try:
        if chosen is not None:
            return run_once(engine, db, chosen)
        click.echo(f"{len(jobs)} jobs: {', '.join(job.name for job in jobs)} (Ctrl-C stops)", err=True)
        runner = ScheduleRunner(engine, db, config)
        with _metrics(engine, metrics, runner):
            runner.run()
    except JobTakenError as error:
        click.echo(f"zjol: {error}", err=True)
        return _TAKEN
    except ScheduleError as error:
        raise WorkFailedError(str(error)) from error
    finally:
        engine.dispose()
    return 0


def _open_patiently(db: str) -> Engine:
    """Open the database, and wait for one that is away, as it may be when a machine starts."""
    from sqlalchemy.exc import DBAPIError

    from pipelines.store.engine import open_database
    from pipelines.store.errors import StoreError
    from pipelines.store.retry import PATIENCE, is_away

    deadline = time.monotonic() + PATIENCE
    is_told = False
    while True:
        try:
            return open_database(db)
        except StoreError as error:
            if not isinstance(error.__cause__, DBAPIError) or not is_away(error.__cause__):
                raise
            if time.monotonic() > deadline:
                raise
            if not is_told:
                click.echo(f"{error}; waiting up to {PATIENCE / 60:.0f} minutes for it", err=True)
            is_told = True
            time.sleep(_PAUSE)


def _metrics(engine: Engine, address: str | None, runner: ScheduleRunner) -> AbstractContextManager[object]:
    if address is None:
        return nullcontext()
    from zjol_crawler.schedule.metrics import MetricsServer

    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"--metrics {address}: write it as HOST:PORT, such as 127.0.0.1:9464")
    try:
        return MetricsServer(engine, host, int(port), runner.faults)
    except OSError as error:
        raise WorkFailedError(f"--metrics {address}: {error.strerror or error}; give another port") from error


def _absolute(db: str) -> str:
    """Give the database's address so that it means the same in any folder."""
    from sqlalchemy import make_url

    url = make_url(db)
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_absolute():
        url = url.set(database=str(Path(url.database).absolute()))
    return url.render_as_string(hide_password=False)
