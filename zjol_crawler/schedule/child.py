"""A job's own process: `python -m zjol_crawler.schedule.child PIPE ARGUMENTS...` runs `zjol ARGUMENTS...`.

It waits for the first byte from the schedule, which says that the job is its own; each further one says that it still
is. Where the pipe is closed (the schedule is gone) or silent too long (the schedule hangs, or cannot reach the
database), it stops by itself, before another machine takes the job.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

# Without a word for so long it stops, in seconds; with what it may take to stop, less than the lease of a job.
SILENCE = 720.0
# How long a process that was asked to stop may take before it is killed, in seconds.
PATIENCE = 90.0
# What it says of a job that is another's.
NOT_MINE = 75

_LONGEST_WAIT = 15.0


def awake_time() -> float:
    """Give seconds that no change of the clock touches, and that count while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _heed(pipe: int) -> None:
    heard = awake_time()
    while (left := heard + SILENCE - awake_time()) > 0:
        ready, _, _ = select.select([pipe], [], [], min(left, _LONGEST_WAIT))
        if ready:
            if not os.read(pipe, 4096):
                break
            heard = awake_time()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE)
    # With the processes it started.
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main(pipe: int, arguments: list[str]) -> None:
    """Wait for the word, then run."""
    try:
        # Held back by the schedule until here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if not os.read(pipe, 1):
            sys.exit(NOT_MINE)
        threading.Thread(target=_heed, args=(pipe,), name="schedule", daemon=True).start()
        from zjol_crawler.cli import main as run

        run(arguments)
    except KeyboardInterrupt:
        # It came while modules were loaded or all was over.
        sys.exit(130)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
