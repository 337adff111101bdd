"""Telling: what is untold, by each channel, once; jobs that failed or did not run become findings first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

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
from pipelines.store.jobs import JobState, job_states
from zjol_crawler.alerting.channels import DeliveryError, post, send_mail
from zjol_crawler.schedule.config import Alerts, Job

_KIND = "job"
_FAILED, _MISSED = "failed", "missed"
# Done, held elsewhere, interrupted: no failures.
_WELL = (0, 75, 130)
# A job is missed when it has not begun so long after it should have.
_GRACE = timedelta(hours=1)


def tell(engine: Engine, jobs: Sequence[Job], alerts: Alerts, now: datetime | None = None) -> tuple[int, list[str]]:
    """Look at the jobs, then tell what each channel has not told; give how much was told, and what failed in words.

    Args:
        engine: the database.
        jobs: the schedule's.
        alerts: whom to tell.
        now: the time, zone aware.

    Raises:
        StoreError: the database cannot be read or written.
    """
    note_jobs(engine, jobs, now or datetime.now(UTC))
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
    return told, failures


def note_jobs(engine: Engine, jobs: Sequence[Job], now: datetime) -> None:
    """Open and close the findings of jobs.

    Raises:
        StoreError: the database cannot be read or written.
    """
    states = job_states(engine)
    new = [finding for job in jobs if (state := states.get(job.name)) for finding in _faults(job, state, now)]
    with store_errors(engine), write_transaction(engine) as connection:
        before = open_findings(connection, [_KIND])
        add_findings(connection, new, None)
        keys = {finding.key for finding in new}
        close_findings(connection, [finding.id for finding in before if finding.key not in keys])


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
        due = job.trigger().get_next_fire_time(state.started_at, state.started_at + timedelta(seconds=1))
        if due is not None and now - due > max(_GRACE, timedelta(seconds=job.seconds or 0)):
            last = state.started_at.astimezone(due.tzinfo)
            detail = f"did not run: due {due:%Y-%m-%d %H:%M}, last begun {last:%Y-%m-%d %H:%M}"
            found.append(NewFinding(FindingKey(_KIND, job.name, _MISSED), "", "warning", detail))
    return found
