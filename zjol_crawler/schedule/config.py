"""The jobs of a schedule, as their TOML file says them."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import msgspec
from apscheduler.triggers.cron import CronTrigger

from zjol_crawler.cli import COMMANDS
from zjol_crawler.spans import read_span

TIME_ZONE = "Asia/Shanghai"
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ScheduleError(Exception):
    """A schedule cannot be used; the message names the file, the job and the remedy."""


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One job.

    Attributes:
        name: what it is called.
        run: arguments of `zjol`.
        every: how long after its last start it starts again, `30m`; or
        cron: when, as five fields of a crontab.
        jitter: start up to so much later.
        timeout: stop it cleanly after so long.
    """

    name: str
    run: list[str]
    every: str | None = None
    cron: str | None = None
    jitter: str | None = None
    timeout: str | None = None

    @property
    def seconds(self) -> int | None:
        """How many seconds lie between starts; None for a job of certain times."""
        return None if self.every is None else read_span(self.every)


class Alerts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told of findings.

    Attributes:
        webhook: an address that takes a JSON POST.
        smtp: a mail server: `smtp://user:password@host:587` (STARTTLS where it has it) or `smtps://…:465`.
        mail_from, mail_to: the mail's sender and receivers.
    """

    webhook: str | None = None
    smtp: str | None = None
    mail_from: str | None = None
    mail_to: list[str] = []

    @property
    def fault(self) -> str | None:
        """What is wrong with it, in words; None where it can be used."""
        if self.webhook is not None and not self.webhook.startswith(("http://", "https://")):
            return f"webhook {self.webhook!r} is no web address"
        if self.smtp is not None and not self.smtp.startswith(("smtp://", "smtps://")):
            return "smtp is no address of a mail server; write it as smtp://user:password@host:587"
        if self.smtp is not None and not (self.mail_from and self.mail_to):
            return "smtp wants mail_from and mail_to"
        return None


class _Schedule(msgspec.Struct, forbid_unknown_fields=True):
    job: list[Job] = []
    alerts: Alerts = Alerts()


def read_schedule(path: Path | None) -> list[Job]:
    """Give the jobs of a file, or of the package's own schedule.

    Raises:
        ScheduleError: the file cannot be read, or a job in it makes no sense.
    """
    name = _name(path)
    jobs = _read(path).job
    met: set[str] = set()
    for job in jobs:
        if fault := _fault(job, met):
            raise ScheduleError(f"{name}: job {job.name!r}: {fault}")
        met.add(job.name)
    if not jobs:
        raise ScheduleError(f"{name}: has no jobs; add a [[job]]")
    return jobs


def read_alerts(path: Path | None) -> Alerts:
    """Give whom a file says to tell; nobody without one.

    Raises:
        ScheduleError: the file cannot be read, or its `[alerts]` make no sense.
    """
    alerts = _read(path).alerts
    if alerts.fault is not None:
        raise ScheduleError(f"{_name(path)}: [alerts]: {alerts.fault}")
    return alerts


def _name(path: Path | None) -> str:
    return str(path) if path else "schedule.toml"


def _read(path: Path | None) -> _Schedule:
    try:
        text = path.read_bytes() if path else files("zjol_crawler.schedule").joinpath("schedule.toml").read_bytes()
        return msgspec.toml.decode(text, type=_Schedule)
    except OSError as error:
        raise ScheduleError(f"{_name(path)}: cannot be read: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{_name(path)}: {error}") from error


def crontab_fields(cron: str) -> list[str]:
    """Give the five fields of a crontab line, weekdays by name: 0 and 7 are Sunday, as in cron.

    Raises:
        ValueError: there are not five.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"{cron!r} has {len(fields)} fields; write minute hour day month weekday")
    if not re.fullmatch(r"\*(?:/\d+)?", fields[4]):
        fields[4] = re.sub(r"\d+", lambda number: WEEKDAYS[int(number[0]) % 7], fields[4].lower())
    return fields


def cron_trigger(cron: str) -> CronTrigger:
    """Give what tells the times of a crontab line.

    Raises:
        ValueError: the times cannot be read.
    """
    minute, hour, day, month, weekday = crontab_fields(cron)
    return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, timezone=TIME_ZONE)


def _fault(job: Job, met: set[str]) -> str | None:
    if not _NAME.fullmatch(job.name):
        return "its name may have small letters, digits, - and _, 40 at most"
    if job.name in met:
        return "its name stands twice"
    if not job.run:
        return "run is empty; give a zjol command"
    if job.run[0] not in COMMANDS:
        return f"there is no command zjol {job.run[0]}; see zjol --help"
    if job.run[0] == "schedule":
        return "a schedule runs no schedule"
    if (job.every is None) == (job.cron is None):
        return "give it every or cron, one of the two"
    try:
        if job.cron is not None:
            cron_trigger(job.cron)
        for span in filter(None, (job.every, job.jitter, job.timeout)):
            read_span(span)
    except ValueError as error:
        return str(error)
    return None
