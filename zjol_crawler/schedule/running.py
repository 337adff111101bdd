"""Running a schedule until it is told to stop, or one job of it."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from pipelines.store.errors import StoreError
from pipelines.store.jobs import LEASE, JobState, job_states
from zjol_crawler.alerting.telling import Told, missed_jobs, tell
from zjol_crawler.schedule.child import NOT_MINE, awake_time
from zjol_crawler.schedule.config import Alerts, Job, ScheduleError, read_alerts, read_schedule
from zjol_crawler.schedule.dispatcher import Dispatcher
from zjol_crawler.schedule.processes import World, real_world

_STEP = 0.5
# Without a job that ends, it is looked whether somebody is to be told this often, in seconds.
_TELLING = 600.0
# How long another process that tells is waited for, in seconds.
_BUSY = 15.0
# How long the ends of jobs are offered to a database that is away when the schedule stops, in seconds.
_LAST_WORDS = 10.0
# The schedule hangs when it has made no step for so long, in seconds.
_HANGS = 120.0

logger = logging.getLogger(__name__)


class JobTakenError(Exception):
    """The job runs already."""


def run_once(engine: Engine, db: str, job: Job, world: World | None = None) -> int:
    """Run a job now and give its exit status, that of a shell where a signal ended it; signals stop it cleanly.

    Raises:
        JobTakenError: it runs already; the message says where.
        OSError: no process can be started.
        StoreError: the database cannot be read or written.
    """
    world = world or real_world(db)
    state = job_states(engine).get(job.name, JobState(job.name))
    dispatcher = Dispatcher(engine, world)
    if _is_held(engine, state, world) or not dispatcher.start(job, state):
        holder = state.leased_by or "another machine"
        raise JobTakenError(f"job {job.name!r} runs already, as {holder}; wait for it, or see: zjol runs")
    statuses: dict[str, int] = {}
    with _signals(dispatcher.stop) as woken:
        while not dispatcher.is_idle:
            woken.wait(_STEP / 5)
            woken.clear()
            statuses |= dispatcher.step()
        _last_words(dispatcher)
    status = statuses.get(job.name, NOT_MINE)
    return 128 - status if status < 0 else status


def _is_held(engine: Engine, state: JobState, world: World) -> bool:
    if state.leased_by is None:
        return False
    alive = world.is_alive(state.leased_by)
    if alive is not None:
        return alive
    # Another machine's: silent for two leases by the clock, as a person has no time to look for one.
    return state.leased_until is not None and world.now(engine) < state.leased_until + LEASE


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
        self._teller = Teller(engine, self._jobs, read_alerts(config))
        self._dispatcher = Dispatcher(engine, real_world(db))
        self._reload = self._stop = False
        self._stepped = awake_time()

    def run(self) -> None:
        """Run until SIGTERM or Ctrl-C; SIGHUP reads the schedule again."""
        self._dispatcher.plan(self._jobs)
        with _signals(self._on_stop, self._on_reload) as woken, self._teller:
            while not (self._stop and self._dispatcher.is_idle):
                if self._reload:
                    self._reload = False
                    self._read_again()
                if self._dispatcher.step():
                    self._teller.wake()
                self._stepped = awake_time()
                woken.wait(_STEP)
                woken.clear()
            _last_words(self._dispatcher)

    def faults(self) -> dict[str, str]:
        """Give what keeps the schedule from its work: it hangs, the database is away, jobs did not run."""
        silent = awake_time() - self._stepped
        found = {"schedule": f"has hung for {silent:.0f} s; restart it"} if silent > _HANGS else {}
        try:
            late = missed_jobs(self._engine, self._jobs, datetime.now(UTC))
        except StoreError as error:
            return found | {"database": str(error)}
        return found | {f"job {name}": detail for name, detail in late.items()}

    def _on_stop(self) -> None:
        self._stop = True
        self._dispatcher.stop()

    def _on_reload(self) -> None:
        self._reload = True

    def _read_again(self) -> None:
        try:
            jobs = read_schedule(self._config)
            alerts = read_alerts(self._config)
        except ScheduleError as error:
            logger.error("%s; the schedule stays as it was", error)
            return
        self._jobs = jobs
        self._teller.change(jobs, alerts)
        self._dispatcher.plan(jobs)
        logger.warning("read again: %s", ", ".join(job.name for job in jobs))


class Teller:
    """Tells people in a thread of its own, so that a mail server that is slow delays no job."""

    def __init__(self, engine: Engine, jobs: Sequence[Job], alerts: Alerts) -> None:
        """Tell of a schedule's jobs and of findings."""
        self._engine = engine
        self._known = jobs, alerts
        self._woken = threading.Event()
        self._is_ending = False
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._is_ending = True
        self._woken.set()
        self._thread.join(60)

    def wake(self) -> None:
        """Look now whether somebody is to be told."""
        self._woken.set()

    def change(self, jobs: Sequence[Job], alerts: Alerts) -> None:
        """Tell of other jobs, or others."""
        self._known = jobs, alerts

    def _run(self) -> None:
        pause = _TELLING
        while not self._is_ending:
            self._woken.wait(pause)
            self._woken.clear()
            try:
                told = tell(self._engine, *self._known)
            except StoreError as error:
                told = Told(0, [str(error)])
            for failure in told.failures:
                logger.error("%s", failure)
            pause = _BUSY if told.is_busy else _TELLING


def _last_words(dispatcher: Dispatcher) -> None:
    deadline = awake_time() + _LAST_WORDS
    dispatcher.step()
    while not dispatcher.is_settled and awake_time() < deadline:
        threading.Event().wait(_STEP)
        dispatcher.step()


@contextmanager
def _signals(on_stop: object, on_reload: object = None) -> Iterator[threading.Event]:
    """Take SIGTERM, SIGINT and SIGHUP while the context lasts; the event tells that one came."""
    woken = threading.Event()
    wanted = {signal.SIGTERM: on_stop, signal.SIGINT: on_stop, signal.SIGHUP: on_reload}
    before = {}
    for number, act in wanted.items():
        if not callable(act):
            continue

        def handle(_number: int, _frame: object, act=act) -> None:  # type: ignore[no-untyped-def]
            act()
            woken.set()

        before[number] = signal.signal(number, handle)
    try:
        yield woken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
