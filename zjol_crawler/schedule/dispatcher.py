"""Starting, holding and ending jobs: one step at a time, so that no wait for one job delays another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipelines.store.errors import StoreError
from pipelines.store.jobs import LEASE, JobState, end_job, hold_job, job_states, take_job
from zjol_crawler.schedule.child import PATIENCE
from zjol_crawler.schedule.config import Job
from zjol_crawler.schedule.due import next_start
from zjol_crawler.schedule.processes import Process, World
from zjol_crawler.spans import read_span

# Seconds between two looks at the database, between two words that a job is held, and after a failure.
_LOOK, _RENEWAL, _PAUSE = 15.0, 60.0, 5.0
# What the database took longer than this to say, in seconds, is not built on.
_SLOW = 30.0

logger = logging.getLogger(__name__)


@dataclass
class _Running:
    job: Job
    process: Process
    started: float
    renewed: float
    asked: float | None = None


class _Ended:
    """A job that ended and whose end is not in the database yet."""

    def __init__(self, name: str, holder: str, at: datetime, status: int | None) -> None:
        self.name, self.holder, self.at, self.status = name, holder, at, status


class Dispatcher:
    """Runs the jobs of one schedule against one database, as far as `step` is called often."""

    def __init__(self, engine: Engine, world: World) -> None:
        """Run nothing yet."""
        self._engine = engine
        self._world = world
        self._jobs: dict[str, Job] = {}
        self._since: dict[str, datetime] = {}
        self._running: dict[str, _Running] = {}
        self._ended: list[_Ended] = []
        self._silent: dict[str, tuple[JobState, float, float]] = {}
        self._look_at = self._write_at = world.awake()
        # The database's clock when it was read last, and when that was: machines' own clocks differ.
        self._clock: tuple[datetime, float] | None = None
        self._due_at: datetime | None = None
        self._is_stopping = self._is_away = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs."""
        return not self._running

    @property
    def is_settled(self) -> bool:
        """Whether nothing runs and the database knows it."""
        return not self._running and not self._ended

    def plan(self, jobs: Sequence[Job]) -> None:
        """Run these jobs at their times from now on; what runs of others goes on to its end."""
        self._jobs = {job.name: job for job in jobs}
        self._since = {name: since for name, since in self._since.items() if name in self._jobs}
        self._look_at = self._world.awake()

    def stop(self) -> None:
        """Ask what runs to stop cleanly, and begin nothing more."""
        self._is_stopping = True

    def step(self) -> dict[str, int]:
        """Do what is to be done now; give the exit statuses of jobs that have ended."""
        ended = {name: status for name in list(self._running) if (status := self._attend(name)) is not None}
        if self._ended and self._world.awake() >= self._write_at:
            self._write_ends()
        if self._jobs and not self._is_stopping and self._is_time_to_look():
            self._look()
        return ended

    def start(self, job: Job, state: JobState) -> bool:
        """Start a job that was seen so; False where another was quicker.

        Raises:
            OSError: no process can be started.
            StoreError: the database cannot say.
        """
        if self._clock is None:
            self._read_clock()
        process = self._world.start(job.run)
        before = self._world.awake()
        is_taken = False
        try:
            is_taken = take_job(self._engine, state, process.holder, now=self._now())
            is_taken &= self._world.awake() - before < _SLOW
        finally:
            if not is_taken:
                process.kill()
        if is_taken:
            logger.warning("%s: zjol %s", job.name, " ".join(job.run))
            process.say()
            began = self._world.awake()
            self._running[job.name] = _Running(job, process, began, began)
        return is_taken

    def _attend(self, name: str) -> int | None:
        """See to a job that runs; give its exit status where it has ended."""
        one, now = self._running[name], self._world.awake()
        status = one.process.poll()
        if status is not None:
            logger.warning("%s: ended with status %d after %.0f s", name, status, now - one.started)
            del self._running[name]
            # What was stopped because the schedule stops is begun again with it.
            is_cut_off = self._is_stopping and status != 0
            self._ended.append(_Ended(name, one.process.holder, self._now(), None if is_cut_off else status))
            self._write_at = now
            return status
        limit = read_span(one.job.timeout) if one.job.timeout else None
        if one.asked is None and (self._is_stopping or (limit is not None and now - one.started > limit)):
            logger.warning("%s: asked to stop%s", name, "" if self._is_stopping else ", its time is over")
            one.process.interrupt()
            one.asked = now
        elif one.asked is not None and now - one.asked > PATIENCE:
            logger.error("%s: killed, for it did not stop within %.0f s", name, PATIENCE)
            one.process.kill()
        elif now - one.renewed >= _RENEWAL:
            self._hold(one)
        return None

    def _hold(self, one: _Running) -> None:
        before = self._world.awake()
        try:
            is_held = hold_job(self._engine, one.job.name, one.process.holder, now=self._now())
        except StoreError as error:
            self._note_away(error)
            one.renewed = before - _RENEWAL + _PAUSE
            return
        one.renewed = before
        if not is_held:
            logger.error("%s: killed, for another has taken it: nothing was heard from here too long", one.job.name)
            one.process.kill()
        elif self._world.awake() - before < _SLOW:
            one.process.say()

    def _write_ends(self) -> None:
        while self._ended:
            end = self._ended[0]
            try:
                end_job(self._engine, end.name, end.holder, now=end.at, exit_status=end.status)
            except StoreError as error:
                self._note_away(error)
                self._write_at = self._world.awake() + _PAUSE
                return
            self._ended.pop(0)
            self._look_at = self._world.awake()

    def _is_time_to_look(self) -> bool:
        if self._world.awake() >= self._look_at:
            return True
        return not self._is_away and self._due_at is not None and self._now() >= self._due_at

    def _read_clock(self) -> datetime:
        now = self._world.now(self._engine)
        self._clock = now, self._world.awake()
        return now

    def _now(self) -> datetime:
        if self._clock is None:
            raise RuntimeError("the database's clock was not read yet")
        time, at = self._clock
        return time + timedelta(seconds=self._world.awake() - at)

    def _look(self) -> None:
        """Start what is due."""
        self._due_at = None
        self._look_at = self._world.awake() + _LOOK
        try:
            now = self._read_clock()
            states = job_states(self._engine)
            if self._is_away:
                logger.warning("the database is back")
                self._is_away = False
            unwritten = {end.name for end in self._ended}
            for name, job in self._jobs.items():
                self._since.setdefault(name, now)
                state = states.get(name, JobState(name))
                if name not in self._running and name not in unwritten and self._is_free(state):
                    self._start_if_due(job, state)
        except StoreError as error:
            self._note_away(error)
            self._look_at = self._world.awake() + _PAUSE
        except OSError as error:
            logger.error("no process can be started: %s; tried again in %.0f s", error, _LOOK)

    def _start_if_due(self, job: Job, state: JobState) -> None:
        now = self._now()
        due = next_start(job, state, now, self._since[job.name], self._world.me)
        if due is not None and due <= now:
            self.start(job, state)
        elif due is not None and (self._due_at is None or due < self._due_at):
            self._due_at = due

    def _is_free(self, state: JobState) -> bool:
        """Tell whether nobody holds a job: its process is dead, or another machine's silent for the whole of a lease.

        Clocks of machines differ and jump, so the silence is measured here, by looking again and again.
        """
        # What is ours and does not run is left of an answer that the database gave and that was lost.
        if state.leased_by is None or self._world.me in state.leased_by.split():
            return True
        alive = self._world.is_alive(state.leased_by)
        if alive is not None:
            return not alive
        now = self._world.awake()
        seen, since, last = self._silent.get(state.name, (state, now, now))
        if seen != state or now - last > 4 * _LOOK:
            since = now
        self._silent[state.name] = (state, since, now)
        if now - since <= LEASE.total_seconds():
            return False
        logger.warning("%s: %s is silent; taken from it", state.name, state.leased_by)
        return True

    def _note_away(self, error: StoreError) -> None:
        if not self._is_away:
            logger.error("%s; tried again every %.0f s", error, _PAUSE)
        self._is_away = True
