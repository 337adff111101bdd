"""A month of `zjol schedule` in minutes: two schedules on one machine and one on another share a database.

    python -m benchmarks.schedule [--days 30] [--seed 1] [--jumps]

The dispatcher and the database are real; the clock, the processes and what befalls them are made up: schedules and jobs
are killed, machines crash, schedules are stopped and started, the database goes away for all or for one, and with
--jumps the database's clock, which is the one they go by, jumps by seconds to a year and is set right again. Checked is
that no job ever runs twice at once, and that each runs when it should: not before it is due, and soon after it is while
somebody could start it.
"""

from __future__ import annotations

import argparse
import logging
import random
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from pipelines.store.engine import open_database
from pipelines.store.errors import StoreError
from pipelines.store.jobs import LEASE
from zjol_crawler.schedule import dispatcher as dispatching
from zjol_crawler.schedule.child import PATIENCE, SILENCE
from zjol_crawler.schedule.config import Job, read_span
from zjol_crawler.schedule.dispatcher import Dispatcher
from zjol_crawler.schedule.due import following
from zjol_crawler.schedule.processes import World

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
STEP = 5.0
JOBS = (
    Job(name="news", run=["news"], every="10m", jitter="2m", timeout="1h"),
    Job(name="long", run=["long"], every="2h", timeout="3h"),
    Job(name="zjrb", run=["zjrb"], cron="20 6,9 * * *", jitter="5m", timeout="2h"),
    Job(name="backup", run=["backup"], cron="30 2 * * *"),
    Job(name="retry", run=["retry"], cron="10 3 * * sun", timeout="6h"),
)
# Least and most minutes that a run takes.
MINUTES = {"news": (0.2, 30), "long": (30, 240), "zjrb": (2, 40), "backup": (1, 20), "retry": (10, 400)}
# How often what befalls them, in hours.
KILLED_SCHEDULE, STOPPED_SCHEDULE, KILLED_JOB, CRASH, OUTAGE, PARTITION, JUMP = 10.0, 20.0, 8.0, 80.0, 30.0, 40.0, 30.0


@dataclass
class Machine:
    name: str
    down_until: float = 0.0


@dataclass
class Run:
    """A run of a job as it truly was; times are seconds since the beginning."""

    job: str
    begun: float
    ended: float | None = None
    why: str = ""
    is_noted: bool = False


@dataclass(eq=False)
class Process:
    """A process that behaves as `zjol_crawler.schedule.child` does."""

    month: Month
    place: Schedule
    job: str
    number: int
    heard: float = 0.0
    run: Run | None = None
    ends_at: float = 0.0
    status: int | None = None
    asked: float | None = None

    @property
    def holder(self) -> str:
        return f"{self.place.machine.name}/{self.number} {self.place.me}"

    def say(self) -> None:
        self.heard = self.month.now
        if self.run is None:
            low, high = MINUTES[self.job]
            self.run = Run(self.job, self.month.now)
            self.month.runs.append(self.run)
            self.ends_at = self.month.now + 60 * low * (high / low) ** self.month.chance.random()

    def poll(self) -> int | None:
        return self.status

    def interrupt(self) -> None:
        if self.asked is None:
            self.asked = self.month.now
            # One in twenty does not heed it.
            takes = self.month.chance.uniform(0, 80) if self.month.chance.random() < 0.95 else 1e9
            self.ends_at = min(self.ends_at, self.month.now + takes)

    def kill(self) -> None:
        self.end(-9, "killed")

    def end(self, status: int, why: str) -> None:
        if self.status is None:
            self.status = status
            self.month.living.discard(self)
            if self.run is not None:
                self.run.ended, self.run.why = self.month.now, why

    def step(self) -> None:
        now = self.month.now
        if not self.place.is_up and self.run is None:
            self.end(75, "never begun")
        elif self.run is not None and now >= self.ends_at:
            self.end(0 if self.asked is None else 130, "done" if self.asked is None else "stopped")
        elif self.run is not None and (not self.place.is_up or now - self.heard > SILENCE):
            if self.asked is not None and now - self.asked > PATIENCE:
                self.end(-9, "killed itself")
            self.interrupt()


@dataclass(eq=False)
class Schedule:
    month: Month
    machine: Machine
    engine: Engine
    me: str = ""
    is_up: bool = False
    up_at: float = 0.0
    cut_until: float = 0.0
    is_stopping: bool = False
    dispatcher: Dispatcher | None = None

    def begin(self) -> None:
        self.month.starts += 1
        self.me = f"{self.machine.name}/s{self.month.starts}"
        self.is_up, self.is_stopping = True, False
        self.month.up.add(self.me)
        world = World(self.time, lambda: self.month.now, self.start, self.me, self.is_alive)
        self.dispatcher = Dispatcher(self.engine, world)
        self.dispatcher.plan(JOBS)

    def end(self, away: float) -> None:
        self.is_up = False
        self.month.up.discard(self.me)
        self.up_at = self.month.now + away

    def time(self, _engine: Engine) -> datetime:
        if not self.reaches_database():
            raise StoreError("the database is away")
        return BEGINNING + timedelta(seconds=self.month.now + self.month.offset)

    def start(self, run: Sequence[str]) -> Process:
        self.month.processes += 1
        process = Process(self.month, self, run[0], self.month.processes)
        self.month.living.add(process)
        return process

    def is_alive(self, holder: str) -> bool | None:
        if holder.partition("/")[0] != self.machine.name:
            return None
        process, schedule = holder.split()
        numbers = {f"{one.place.machine.name}/{one.number}" for one in self.month.living}
        return process in numbers or schedule in self.month.up

    def reaches_database(self) -> bool:
        return self.month.now >= max(self.month.away_until, self.cut_until)


@dataclass
class Month:
    """The world: what goes on and what befalls it."""

    folder: str
    seed: int
    jumps: bool
    now: float = 0.0
    # How much the database's clock is wrong, and until when.
    offset: float = 0.0
    right_at: float = 0.0
    away_until: float = 0.0
    starts: int = 0
    processes: int = 0
    runs: list[Run] = field(default_factory=list)
    living: set[Process] = field(default_factory=set)
    up: set[str] = field(default_factory=set)
    befell: Counter[str] = field(default_factory=Counter)
    jumped: list[float] = field(default_factory=list)
    # Seconds up to a step in which somebody could start jobs.
    times: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        url = f"sqlite:///{self.folder}/month.db"
        self.machines = [Machine("one"), Machine("two")]
        self.schedules = [
            Schedule(self, machine, open_database(url))
            for machine in (self.machines[0], self.machines[0], self.machines[1])
        ]
        for schedule in self.schedules:
            event.listen(schedule.engine, "begin", self._guard(schedule))

    def _guard(self, schedule: Schedule):  # type: ignore[no-untyped-def]
        def guard(_connection: object) -> None:
            if not schedule.reaches_database():
                raise OperationalError("", {}, Exception("the database is away"))

        return guard

    def live(self, days: float) -> None:
        """Let time pass."""
        total = 0.0
        with self._ends_noted():
            while self.now < days * 86400:
                self.now += STEP
                self._befall()
                for process in sorted(self.living, key=lambda one: one.number):
                    process.step()
                for schedule in self.schedules:
                    self._step(schedule)
                if any(one.is_up and not one.is_stopping and one.reaches_database() for one in self.schedules):
                    total += STEP
                self.times.append(self.now)
                self.usable.append(total)

    def _step(self, schedule: Schedule) -> None:
        if not schedule.is_up:
            if self.now >= max(schedule.up_at, schedule.machine.down_until):
                schedule.begin()
            return
        if schedule.dispatcher is not None:
            schedule.dispatcher.step()
            if schedule.is_stopping and schedule.dispatcher.is_settled:
                schedule.end(self.chance.uniform(5, 600))

    def _happens(self, hours: float) -> bool:
        return self.chance.random() < STEP / 3600 / hours

    def _befall(self) -> None:
        for schedule in self.schedules:
            if schedule.is_up and self._happens(KILLED_SCHEDULE):
                self.befell["schedule killed"] += 1
                schedule.end(self.chance.choice([5, 10, 60, 600, 7200]))
            if schedule.is_up and schedule.dispatcher is not None and self._happens(STOPPED_SCHEDULE):
                self.befell["schedule stopped"] += 1
                schedule.is_stopping = True
                schedule.dispatcher.stop()
            if self._happens(PARTITION):
                self.befell["database away for one"] += 1
                schedule.cut_until = self.now + self.chance.choice([20, 300, 1200, 7200])
        if self._happens(OUTAGE):
            self.befell["database away for all"] += 1
            self.away_until = self.now + self.chance.choice([10, 120, 900, 7200])
        if self.living and self._happens(KILLED_JOB):
            self.befell["job killed"] += 1
            self.chance.choice(sorted(self.living, key=lambda one: one.number)).end(-9, "killed")
        for machine in self.machines:
            if self._happens(CRASH):
                self.befell["machine crashed"] += 1
                self._crash(machine)
        if self.offset and self.now >= self.right_at:
            self.offset = 0.0
            self.jumped.append(self.now)
        elif self.jumps and not self.offset and self._happens(JUMP):
            self.befell["clock jumped"] += 1
            self.offset = self.chance.choice([-1, 1]) * self.chance.choice([40, 600, 3600, 36000, 172800, 4e7])
            self.right_at = self.now + self.chance.uniform(60, 6 * 3600)
            self.jumped.append(self.now)

    def _crash(self, machine: Machine) -> None:
        machine.down_until = self.now + self.chance.choice([60, 600, 7200])
        for process in list(self.living):
            if process.place.machine is machine:
                process.end(-9, "crash")
        for schedule in self.schedules:
            if schedule.machine is machine and schedule.is_up:
                schedule.end(0)

    @contextmanager
    def _ends_noted(self) -> Iterator[None]:
        """Remember which ends the database was told of: any other run was cut off."""
        write = dispatching.end_job

        def end_job(engine: Engine, name: str, holder: str, *, now: datetime, exit_status: int | None) -> None:
            write(engine, name, holder, now=now, exit_status=exit_status)
            if exit_status is not None:
                run = next(one for one in reversed(self.runs) if one.job == name)
                run.is_noted = True

        dispatching.end_job = end_job  # type: ignore[attr-defined]
        try:
            yield
        finally:
            dispatching.end_job = write  # type: ignore[attr-defined]

    def usable_between(self, first: float, last: float) -> float:
        """Give the seconds between two moments in which somebody could start jobs."""
        return self._usable_at(last) - self._usable_at(first)

    def _usable_at(self, moment: float) -> float:
        place = bisect_left(self.times, moment)
        return self.usable[min(place, len(self.usable) - 1)]


@dataclass
class Verdict:
    """What a month showed of a job.

    Attributes:
        job: its name.
        expected: how often it would have begun had all gone well and no run taken longer than to the next.
        begun, again: how often it did, and how often because it had been cut off.
        at_once: how often it began while it ran.
        early, missed: how often it began before it was due, and long after.
        latest: how many seconds after it was due, at most, of those in which somebody could start it.
        jumped: how often early or late where the clock jumped between two starts or was wrong.
    """

    job: str
    expected: int
    begun: int = 0
    again: int = 0
    at_once: int = 0
    early: int = 0
    missed: int = 0
    latest: float = 0.0
    jumped: int = 0


def judge(month: Month, job: Job) -> Verdict:
    """Hold a job's runs against when they should have been."""
    runs = [one for one in month.runs if one.job == job.name]
    verdict = Verdict(job.name, len(starts_due(job, 0.0, month.now)), len(runs))
    jitter = read_span(job.jitter) if job.jitter else 0
    # What another machine holds and is silent on is free after a lease; what is asked to stop may take its time.
    allowed = jitter + LEASE.total_seconds() + PATIENCE + 60
    for one, following_run in pairwise(runs):
        if one.ended is None or following_run.begun < one.ended:
            verdict.at_once += 1
            continue
        due = due_after(job, one)
        is_jumped = any(one.begun - STEP <= at <= following_run.begun + STEP for at in month.jumped)
        if not one.is_noted:
            verdict.again += following_run.begun < due - STEP
            due = one.ended
        late = month.usable_between(max(due, one.ended), following_run.begun)
        # Starts are kept to the second.
        is_early, is_late = following_run.begun < due - STEP, late > allowed
        if is_jumped:
            verdict.jumped += is_early or is_late
            continue
        verdict.early += is_early
        verdict.missed += is_late
        verdict.latest = max(verdict.latest, late)
    return verdict


def due_after(job: Job, run: Run) -> float:
    """Give when a job is due after a run, in true time."""
    due = following(job, BEGINNING + timedelta(seconds=run.begun))
    return float("inf") if due is None else (due - BEGINNING).total_seconds()


def starts_due(job: Job, first: float, last: float) -> list[float]:
    """Give the starts that a job should have in a world where nothing goes wrong and a run takes no time."""
    found, moment = [], BEGINNING + timedelta(seconds=first)
    while (due := following(job, moment)) is not None and (due - BEGINNING).total_seconds() <= last:
        found.append((due - BEGINNING).total_seconds())
        moment = due
    return found


def simulate(days: float, seed: int, *, jumps: bool) -> tuple[Month, list[Verdict]]:
    """Live through some days and judge them."""
    with tempfile.TemporaryDirectory() as folder:
        month = Month(folder, seed, jumps)
        month.live(days)
        for schedule in month.schedules:
            schedule.engine.dispose()
        return month, [judge(month, job) for job in JOBS]


def main() -> None:
    """Run and print a line a job."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jumps", action="store_true")
    arguments = parser.parse_args()
    logging.getLogger("zjol_crawler").setLevel(logging.CRITICAL)
    began = time.perf_counter()
    month, verdicts = simulate(arguments.days, arguments.seed, jumps=arguments.jumps)
    print(f"{arguments.days:g} days in {time.perf_counter() - began:.0f} s; {dict(month.befell)}")
    print(f"somebody could start jobs {month.usable[-1] / month.now:.1%} of the time")
    for one in verdicts:
        print(
            f"{one.job}: {one.begun} runs ({one.expected} starts if all went well, {one.again} cut off and begun "
            f"again), {one.at_once} at once, {one.early} too early, {one.missed} too late, the latest "
            f"{one.latest:.0f} s; {one.jumped} early or late for a clock that jumped"
        )


if __name__ == "__main__":
    main()
