"""Processes of jobs as the schedule sees them, and the clock: what a test may put others in the place of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Engine

from pipelines.store.hosts import holder_name, is_alive
from pipelines.store.jobs import database_time
from zjol_crawler.schedule.child import awake_time


class Process(Protocol):
    """A process that waits for its word and then runs a job."""

    @property
    def holder(self) -> str:
        """The name under which it holds its job."""

    def say(self) -> None:
        """Say that the job is its own: first, that it may begin, then, that it may go on."""

    def poll(self) -> int | None:
        """Give its exit status; None while it runs."""

    def interrupt(self) -> None:
        """Ask it to stop cleanly."""

    def kill(self) -> None:
        """End it at once, with all it started."""


class World(NamedTuple):
    """What is outside the schedule.

    Attributes:
        now: gives the time by the clock that all schedules on a database share; it may jump.
        awake: gives seconds that only ever grow.
        start: starts a process for a command line of `zjol`.
        me: the name of this process in the holders of its jobs.
        is_alive: tells of a holder whether a process of its lives; None of one on another machine.
    """

    now: Callable[[Engine], datetime]
    awake: Callable[[], float]
    start: Callable[[Sequence[str]], Process]
    me: str
    is_alive: Callable[[str], bool | None]


def real_world(db: str) -> World:
    """Give the world as it is, with processes whose `ZJOL_DB` is `db`."""
    environment = {**os.environ, "ZJOL_DB": db}
    me = holder_name()
    return World(database_time, awake_time, lambda run: JobProcess(run, environment, me), me, _is_any_alive)


def _is_any_alive(holder: str) -> bool | None:
    """Tell whether a job's own process lives, or the schedule that has yet to note its end."""
    alive = [is_alive(one) for one in holder.split()]
    return None if None in alive else any(alive)


class JobProcess:
    """A process of this machine."""

    def __init__(self, run: Sequence[str], environment: Mapping[str, str], me: str) -> None:
        """Start it; it waits for its word.

        Args:
            run: the command line of `zjol`.
            environment: its environment.
            me: the name of the process that starts it.

        Raises:
            OSError: there is no memory or no process left.
        """
        theirs, self._pipe = os.pipe()
        command = [sys.executable, "-m", "zjol_crawler.schedule.child", str(theirs), *run]
        try:
            with _held_back(signal.SIGINT):
                # A session of its own: Ctrl-C in a terminal is passed on once, by us.
                self._process = subprocess.Popen(command, env=environment, start_new_session=True, pass_fds=[theirs])
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(theirs)
        self.holder = f"{holder_name(self._process.pid)} {me}"

    def say(self) -> None:
        """Say that the job is its own."""
        with suppress(BrokenPipeError):
            os.write(self._pipe, b".")

    def poll(self) -> int | None:
        """Give its exit status, negative for a signal; None while it runs."""
        status = self._process.poll()
        if status is not None and self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
        return status

    def interrupt(self) -> None:
        """Ask it to stop cleanly."""
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, with all it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.poll()


@contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """Have processes begun meanwhile keep a signal until they are ready for it: Python would end in a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
