"""When a job is due, worked out from what the database knows of it: so all machines mean the same start."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from random import Random

from pipelines.store.jobs import JobState
from zjol_crawler.schedule.config import Job, cron_trigger
from zjol_crawler.spans import read_span

_FIRST_MOMENT = timedelta(seconds=1)


def next_start(job: Job, state: JobState, now: datetime, since: datetime, salt: str = "") -> datetime | None:
    """Give when a job is to start next; a moment that has passed means now, once, however many starts were missed.

    Args:
        job: the job, held by nobody.
        state: what is known of it.
        now: the time.
        since: since when the schedule knows the job.
        salt: makes the jitter of one machine differ from another's.
    """
    last = state.started_at
    if last is None:
        # Of certain times: the first after the schedule began. Of intervals: at once.
        return min(since, now) if job.seconds is not None else following(job, min(since, now))
    if state.finished_at is None:
        # It was cut off.
        return min(last, now)
    due = following(job, last)
    if due is None:
        return None
    if last > now and last - now > due - last:
        # The clock went back by more than lies between two starts: what it said then is worth nothing.
        return now
    if last > now and job.seconds is not None:
        return now
    return due + _jitter(job, last, salt)


def following(job: Job, last: datetime) -> datetime | None:
    """Give the start that follows one, jitter left out."""
    if job.seconds is not None:
        return last + timedelta(seconds=job.seconds)
    return _cron_after(job.cron or "", last)


@lru_cache(maxsize=256)
def _cron_after(cron: str, last: datetime) -> datetime | None:
    due: datetime | None = cron_trigger(cron).get_next_fire_time(None, last + _FIRST_MOMENT)
    return due


def _jitter(job: Job, last: datetime, salt: str) -> timedelta:
    most = read_span(job.jitter) if job.jitter else 0
    return timedelta(seconds=Random(f"{job.name} {last} {salt}").uniform(0, most))
