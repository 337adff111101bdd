"""Running jobs: each in a process of its own, held by a row of the database, stopped cleanly."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from pipelines.store.errors import StoreError
from pipelines.store.jobs import end_job, hold_job, job_states, take_job
from zjol_crawler.alerting.telling import missed_jobs, tell
from zjol_crawler.schedule.config import TIME_ZONE, Job, ScheduleError, read_alerts, read_schedule, read_span

# A job belongs to its process this long after the last word from it; a machine that died keeps it no longer.
_LEASE = timedelta(minutes=5)
_RENEWAL = 60.0
# How long a process that was asked to stop may take before it is killed, in seconds.
_PATIENCE = 90.0
# The exit statuses of a job that never ran: another holds it; the database cannot say.
TAKEN, NO_DATABASE = 75, 69

logger = logging.getLogger(__name__)


class JobRunner:
    """Runs jobs of one schedule against one database."""

    def __init__(self, engine: Engine, db: str) -> None:
        """Run jobs whose `ZJOL_DB` is `db`, and note them in `engine`."""
        self._engine = engine
        self._environment: Mapping[str, str] = {**os.environ, "ZJOL_DB": db}
        self._holder = f"{socket.gethostname()}-{os.getpid()}"
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._stopping = threading.Event()

    def run(self, job: Job) -> int:
        """Run a job now, unless another holds it, and give its exit status."""
        holder = f"{self._holder}-{threading.get_ident()}"
        try:
            if not take_job(self._engine, job.name, holder, now=datetime.now(UTC), lease=_LEASE):
                logger.warning("%s: runs already, here or on another machine; left out this time", job.name)
                return TAKEN
        except StoreError as error:
            logger.error("%s: not run: %s", job.name, error)
            return NO_DATABASE
        logger.warning("%s: zjol %s", job.name, " ".join(job.run))
        started = time.monotonic()
        status = self._wait(job, holder, started)
        logger.warning("%s: ended with status %d after %.0f s", job.name, status, time.monotonic() - started)
        try:
            end_job(self._engine, job.name, holder, now=datetime.now(UTC), exit_status=status)
        except StoreError as error:
            logger.error("%s: its end is not noted: %s", job.name, error)
        return status

    def stop(self) -> None:
        """Ask what runs to stop cleanly, and begin nothing more."""
        self._stopping.set()

    def _wait(self, job: Job, holder: str, started: float) -> int:
        command = [sys.executable, "-m", "zjol_crawler", *job.run]
        # A group of its own: Ctrl-C in a terminal is passed on once, by us.
        process = subprocess.Popen(command, env=self._environment, start_new_session=True)
        limit = read_span(job.timeout) if job.timeout else None
        renewed = asked = None
        while True:
            try:
                return process.wait(0.5)
            except subprocess.TimeoutExpired:
                now = time.monotonic()
            if asked is None and (self._stopping.is_set() or (limit is not None and now - started > limit)):
                logger.warning("%s: asked to stop%s", job.name, "" if self._stopping.is_set() else ", its time is over")
                process.send_signal(signal.SIGINT)
                asked = now
            elif asked is not None and now - asked > _PATIENCE:
                logger.error("%s: killed, for it did not stop within %.0f s", job.name, _PATIENCE)
                process.kill()
            if now - (renewed or started) > _RENEWAL:
                renewed = now
                self._hold(job, holder)

    def _hold(self, job: Job, holder: str) -> None:
        try:
            if not hold_job(self._engine, job.name, holder, until=datetime.now(UTC) + _LEASE):
                logger.error("%s: another has taken it, for nothing was heard from here too long", job.name)
        except StoreError as error:
            logger.error("%s: %s", job.name, error)


class ScheduleRunner:
    """Runs a schedule until it is told to stop."""

    def __init__(self, engine: Engine, db: str, config: Path | None) -> None:
        """Run the jobs of `config`, or the package's own.

        Raises:
            ScheduleError: the schedule cannot be used.
        """
        self._engine = engine
        self._config = config
        self._jobs = read_schedule(config)
        self._alerts = read_alerts(config)
        self._telling = threading.Lock()
        self._runner = JobRunner(engine, db)
        self._woken = threading.Event()
        self._reload = self._stop = False
        # A run missed while another of the same was under way, or while the machine slept, is made up for once.
        self._scheduler = BackgroundScheduler(
            timezone=TIME_ZONE, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def run(self) -> None:
        """Run until SIGTERM or Ctrl-C; SIGHUP reads the schedule again."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        self._scheduler.start()
        self._plan(self._jobs)
        while not self._stop:
            self._woken.wait()
            self._woken.clear()
            if self._reload:
                self._reload = False
                self._read_again()
        self._scheduler.pause()
        self._runner.stop()
        self._scheduler.shutdown(wait=True)

    def faults(self) -> dict[str, str]:
        """Give what keeps the schedule from its work: a database that is away, jobs that did not run."""
        found = {} if self._scheduler.running else {"scheduler": "does not run"}
        try:
            late = missed_jobs(self._engine, self._jobs, datetime.now(UTC))
        except StoreError as error:
            return found | {"database": str(error)}
        return found | {f"job {name}": detail for name, detail in late.items()}

    def _run_and_tell(self, job: Job) -> None:
        self._runner.run(job)
        # Two jobs that end at once tell one after the other, so that nothing is told twice.
        with self._telling:
            try:
                _, failures = tell(self._engine, self._jobs, self._alerts)
            except StoreError as error:
                failures = [str(error)]
        for failure in failures:
            logger.error("%s", failure)

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stop = True
        self._woken.set()

    def _on_reload(self, _number: int, _frame: object) -> None:
        self._reload = True
        self._woken.set()

    def _read_again(self) -> None:
        try:
            jobs = read_schedule(self._config)
            alerts = read_alerts(self._config)
        except ScheduleError as error:
            logger.error("%s; the schedule stays as it was", error)
            return
        self._alerts = alerts
        self._scheduler.remove_all_jobs()
        self._plan(jobs)
        logger.warning("read again: %s", ", ".join(job.name for job in jobs))

    def _plan(self, jobs: list[Job]) -> None:
        self._jobs = jobs
        now = datetime.now(UTC)
        try:
            last = {name: state.started_at for name, state in job_states(self._engine).items()}
        except StoreError as error:
            logger.error("when the jobs ran last is not known: %s", error)
            last = {}
        for job in jobs:
            self._scheduler.add_job(self._run_and_tell, job.trigger(), [job], id=job.name, name=job.name)
            if _is_missed(job, last.get(job.name), now):
                self._scheduler.modify_job(job.name, next_run_time=now)


def _is_missed(job: Job, last: datetime | None, now: datetime) -> bool:
    """Tell whether a start has passed since the last one; a job of intervals that never ran is due at once."""
    if last is None:
        return job.every is not None
    if job.seconds is not None:
        return last + timedelta(seconds=job.seconds) <= now
    following = job.trigger().get_next_fire_time(None, last + timedelta(seconds=1))
    return following is not None and following <= now
