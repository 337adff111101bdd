"""Telling: what is untold, by each channel, once; jobs that failed or did not run become findings first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from pipelines.store.engine import store_errors, write_transaction
from pipelines.store.findings import (
    Finding,
    FindingKey,
    NewFinding,
    add_findings,
    close_findings,
    mark_told,
    open_findings,
    untold_findings,
)
from pipelines.store.hosts import holder_name, is_dead
from pipelines.store.jobs import JobState, end_job, job_states, lock_state, take_job
from zjol_crawler.alerting.channels import DeliveryError, post, send_mail
from zjol_crawler.schedule.config import TIME_ZONE, Alerts, Job
from zjol_crawler.schedule.due import following

_KIND = "job"
_FAILED, _MISSED = "failed", "missed"
# Done, held elsewhere, interrupted: no failures.
_WELL = (0, 75, 130)
# A job is missed when it has not begun so long after it should have.
_GRACE = timedelta(hours=1)
# What is amiss with a job that no schedule has any more is forgotten after so long.
_FORGOTTEN = timedelta(days=7)
_LOCK = "alerts"


class Told(NamedTuple):
    """What was told.

    Attributes:
        told: how many findings, each channel counted.
        failures: who could not be told, in words.
        is_busy: whether another process tells just now, so that this one left it.
    """

    told: int
    failures: list[str]
    is_busy: bool = False


def tell(engine: Engine, jobs: Sequence[Job], alerts: Alerts, now: datetime | None = None) -> Told:
    """Look at the jobs, then tell what each channel has not told; one process at a time, on all machines.

    Args:
        engine: the database.
        jobs: the schedule's.
        alerts: whom to tell.
        now: the time, zone aware.

    Raises:
        StoreError: the database cannot be read or written.
    """
    now = now or datetime.now(UTC)
    with _locked(engine, now) as is_mine:
        if not is_mine:
            return Told(0, [], is_busy=True)
        note_jobs(engine, jobs, now)
        return _tell_all(engine, alerts)


def _tell_all(engine: Engine, alerts: Alerts) -> Told:
    channels: dict[str, Callable[[Alerts, Sequence[Finding]], None]] = {}
    if alerts.smtp is not None:
        channels["mail"] = send_mail
    if alerts.webhook is not None:
        channels["webhook"] = post
    told = 0
    failures: list[str] = []
    for name, send in channels.items():
        findings = untold_findings(engine, name)
        if not findings:
            continue
        try:
            send(alerts, findings)
        except DeliveryError as error:
            failures.append(str(error))
        else:
            mark_told(engine, findings, name)
            told += len(findings)
    return Told(told, failures)


@contextmanager
def _locked(engine: Engine, now: datetime) -> Iterator[bool]:
    """Hold the lock of those who tell while the context lasts; give whether it was free."""
    seen, me = lock_state(engine, _LOCK), holder_name()
    is_free = seen.leased_by in (None, me) or is_dead(seen.leased_by or "")
    is_free |= seen.leased_until is not None and seen.leased_until < now
    if not is_free or not take_job(engine, seen, me, now=now):
        yield False
        return
    try:
        yield True
    finally:
        end_job(engine, seen.name, me, now=now, exit_status=0)


def note_jobs(engine: Engine, jobs: Sequence[Job], now: datetime) -> None:
    """Open and close the findings of jobs; other schedules on the same database see to theirs.

    Raises:
        StoreError: the database cannot be read or written.
    """
    states = job_states(engine)
    ours = {job.name for job in jobs}
    new = [finding for job in jobs if (state := states.get(job.name)) for finding in _faults(job, state, now)]
    with store_errors(engine), write_transaction(engine) as connection:
        before = open_findings(connection, [_KIND])
        add_findings(connection, new, None)
        keys = {finding.key for finding in new}
        ended = [
            finding.id
            for finding in before
            if finding.key not in keys and (finding.subject in ours or _is_forgotten(states.get(finding.subject), now))
        ]
        close_findings(connection, ended)


def _is_forgotten(state: JobState | None, now: datetime) -> bool:
    return state is None or state.started_at is None or now - state.started_at > _FORGOTTEN


def missed_jobs(engine: Engine, jobs: Sequence[Job], now: datetime) -> dict[str, str]:
    """Give the jobs that should have begun by now, each with what is known of it.

    Raises:
        StoreError: the database cannot be read.
    """
    states = job_states(engine)
    found = [finding for job in jobs if (state := states.get(job.name)) for finding in _faults(job, state, now)]
    return {finding.key.subject: finding.detail for finding in found if finding.key.name == _MISSED}


def _faults(job: Job, state: JobState, now: datetime) -> list[NewFinding]:
    found = []
    is_running = state.leased_until is not None and state.leased_until > now
    if state.exit_status is not None and state.exit_status not in _WELL:
        detail = f"its last run ended with status {state.exit_status}; zjol runs tells more"
        found.append(NewFinding(FindingKey(_KIND, job.name, _FAILED), "", "warning", detail))
    if state.started_at is not None and not is_running:
        due = following(job, state.started_at)
        if due is not None and now - due > max(_GRACE, timedelta(seconds=job.seconds or 0)):
            zone = ZoneInfo(TIME_ZONE)
            due, last = due.astimezone(zone), state.started_at.astimezone(zone)
            detail = f"did not run: due {due:%Y-%m-%d %H:%M}, last begun {last:%Y-%m-%d %H:%M}"
            found.append(NewFinding(FindingKey(_KIND, job.name, _MISSED), "", "warning", detail))
    return found
