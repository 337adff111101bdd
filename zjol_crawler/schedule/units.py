"""The same jobs for those who prefer systemd or cron."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from zjol_crawler.schedule.config import TIME_ZONE, Job, ScheduleError, crontab_fields
from zjol_crawler.spans import read_span

_HARDENED = """\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
LockPersonality=yes
CapabilityBoundingSet=
UMask=0027
MemoryMax=1G"""


def systemd_units(jobs: Sequence[Job], db: str, folder: Path) -> str:
    """Give a service and a timer a job, each under a line `# /etc/systemd/system/NAME`."""
    return "\n".join(part for job in jobs for part in _units(job, db, folder))


def crontab(jobs: Sequence[Job], db: str, folder: Path) -> str:
    """Give a crontab; `flock` keeps a job from running twice.

    Raises:
        ScheduleError: cron knows no such interval.
    """
    lines = [f"CRON_TZ={TIME_ZONE}", f"ZJOL_DB={db}", ""]
    for job in jobs:
        limit = ["timeout", "-s", "INT", str(read_span(job.timeout))] if job.timeout else []
        command = shlex.join(["flock", "-n", f"/tmp/zjol-{job.name}.lock", *limit, *_command(job)])
        lines.append(f"{_cron_times(job)} cd {shlex.quote(str(folder))} && {command}".replace("%", r"\%"))
    return "\n".join(lines) + "\n"


def _units(job: Job, db: str, folder: Path) -> Iterator[str]:
    limit = f"TimeoutStartSec={read_span(job.timeout)}\n" if job.timeout else "TimeoutStartSec=infinity\n"
    yield (
        f"# /etc/systemd/system/zjol-{job.name}.service\n"
        f"[Unit]\nDescription=zjol {shlex.join(job.run)}\nAfter=network-online.target\nWants=network-online.target\n\n"
        f"[Service]\nType=oneshot\nUser=zjol\nWorkingDirectory={folder}\nReadWritePaths={folder}\n"
        f"Environment={_quoted(f'ZJOL_DB={db}')}\nExecStart={' '.join(map(_quoted, _command(job)))}\n"
        f"KillSignal=SIGINT\nTimeoutStopSec=90\n{limit}{_HARDENED}\n"
    )
    if job.seconds is not None:
        times = f"OnBootSec=1min\nOnUnitActiveSec={job.seconds}s\n"
    else:
        times = f"OnCalendar={_calendar(job.cron or '')} {TIME_ZONE}\nPersistent=true\n"
    jitter = f"RandomizedDelaySec={read_span(job.jitter)}\n" if job.jitter else ""
    yield (
        f"# /etc/systemd/system/zjol-{job.name}.timer\n"
        f"[Unit]\nDescription=times of zjol-{job.name}\n\n[Timer]\n{times}{jitter}\n[Install]\nWantedBy=timers.target\n"
    )


def _command(job: Job) -> list[str]:
    return [sys.executable, "-m", "zjol_crawler", *job.run]


def _quoted(word: str) -> str:
    """Write a word as systemd reads it: `%` and `$` mean something to it."""
    word = word.replace("%", "%%").replace("$", "$$")
    return f'"{word}"' if re.search(r"[\s\"']", word) else word


def _calendar(cron: str) -> str:
    minute, hour, day, month, weekday = crontab_fields(cron)
    days = "" if weekday == "*" else re.sub(r"[a-z]{3}", lambda name: name[0].title(), weekday).replace("-", "..") + " "
    return f"{days}*-{_part(month)}-{_part(day)} {_part(hour)}:{_part(minute)}:00"


def _part(field: str) -> str:
    return re.sub(r"^\*/", "00/", field).replace("-", "..")


def _cron_times(job: Job) -> str:
    if job.cron is not None:
        return job.cron
    seconds = job.seconds or 0
    for unit, most, fields in ((60, 60, "*/{} * * * *"), (3600, 24, "0 */{} * * *"), (86400, 2, "0 0 * * *")):
        count, rest = divmod(seconds, unit)
        if not rest and 0 < count < most and most % count == 0:
            return fields.format(count)
    raise ScheduleError(f"job {job.name!r}: cron has no {job.every}; give it cron instead of every, or use systemd")
