"""`zjol schedule`: what its file may say, and what it runs."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.store.engine import open_database
from pipelines.store.jobs import end_job, hold_job, job_states, take_job
from pipelines.store.migrate import latest_revision
from tests.store.conftest import empty_url, engine  # noqa: F401 - fixtures
from zjol_crawler.schedule.config import Job, ScheduleError, crontab_fields, read_schedule, read_span
from zjol_crawler.schedule.running import _is_missed
from zjol_crawler.schedule.units import crontab, systemd_units

COMMAND = [sys.executable, "-m", "zjol_crawler", "schedule"]
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def write(path, *jobs: str):
    path.write_text("\n".join(f"[[job]]\n{job}\n" for job in jobs), encoding="utf-8")
    return path


def schedule(*arguments, timeout=60):
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, check=False
    )


def test_the_packages_own_schedule_is_sound():
    assert {job.name for job in read_schedule(None)} >= {"news", "zjrb", "qjwb", "retry", "report"}


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ('name = "a"\nrun = ["crawl"]', "every or cron"),
        ('name = "a"\nrun = ["crawl"]\nevery = "30m"\ncron = "* * * * *"', "every or cron"),
        ('name = "a"\nrun = ["crawl"]\nevery = "soon"', "no span of time"),
        ('name = "a"\nrun = ["crawl"]\ncron = "30 6 * *"', "4 fields"),
        ('name = "a"\nrun = ["crawl"]\ncron = "99 6 * * *"', "99"),
        ('name = "a"\nrun = []\nevery = "1h"', "run is empty"),
        ('name = "a"\nrun = ["schedule"]\nevery = "1h"', "runs no schedule"),
        ('name = "A b"\nrun = ["crawl"]\nevery = "1h"', "small letters"),
        ('name = "a"\nrun = ["crawl"]\nevery = "1h"\nwhen = 3', "when"),
        ('name = "a"\nrun = ["crawl"]\nevery = "1h"\n[[job]]\nname = "a"\nrun = ["crawl"]\nevery = "1h"', "twice"),
    ],
)
def test_a_job_that_makes_no_sense_is_refused_in_one_line(tmp_path, job, words):
    path = write(tmp_path / "jobs.toml", job)
    with pytest.raises(ScheduleError, match=re.escape(words)):
        read_schedule(path)
    done = schedule("--config", path, "--db", "sqlite://")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "jobs.toml" in done.stderr


def test_weekdays_are_those_of_cron():
    assert crontab_fields("0 3 * * 0,6")[4] == "sun,sat"
    assert crontab_fields("0 3 * * 7")[4] == "sun"
    assert crontab_fields("0 3 * * */2")[4] == "*/2"
    sunday = Job(name="a", run=["crawl"], cron="0 3 * * 7").trigger().get_next_fire_time(None, NOW)
    assert sunday.isoweekday() == 7
    assert read_span("2h") == 7200


def test_units_for_systemd_and_cron():
    jobs = [
        Job(name="news", run=["crawl"], every="30m", jitter="2m", timeout="4h"),
        Job(name="week", run=["report", "-o", "my report"], cron="*/20 3 1-5 * 0"),
    ]
    from pathlib import Path

    units = systemd_units(jobs, "sqlite:////srv/zjol.db", Path("/srv"))
    assert "OnUnitActiveSec=1800s\nRandomizedDelaySec=120" in units
    assert "OnCalendar=Sun *-*-1..5 3:00/20:00 Asia/Shanghai\nPersistent=true" in units
    assert "Environment=ZJOL_DB=sqlite:////srv/zjol.db" in units
    assert 'report -o "my report"' in units
    assert "NoNewPrivileges=yes" in units
    lines = crontab(jobs, "sqlite:////srv/zjol.db", Path("/srv")).splitlines()
    assert lines[0] == "CRON_TZ=Asia/Shanghai"
    assert lines[3].startswith("*/30 * * * * cd /srv && flock -n /tmp/zjol-news.lock timeout -s INT 14400 ")
    assert lines[4].startswith("*/20 3 1-5 * 0 cd /srv && flock")
    with pytest.raises(ScheduleError, match="cron has no 50m"):
        crontab([Job(name="a", run=["crawl"], every="50m")], "sqlite://", Path("/srv"))


def test_a_job_is_held_by_one_at_a_time(engine):  # noqa: F811
    lease = timedelta(minutes=5)
    assert take_job(engine, "news", "one", now=NOW, lease=lease)
    assert not take_job(engine, "news", "two", now=NOW + timedelta(minutes=4), lease=lease)
    assert hold_job(engine, "news", "one", until=NOW + timedelta(minutes=8))
    assert not take_job(engine, "news", "two", now=NOW + timedelta(minutes=7), lease=lease)
    assert not hold_job(engine, "news", "two", until=NOW + timedelta(minutes=20))
    # Nothing was heard of the first for too long.
    assert take_job(engine, "news", "two", now=NOW + timedelta(minutes=9), lease=lease)
    end_job(engine, "news", "one", now=NOW, exit_status=0)
    assert job_states(engine)["news"].leased_by == "two"
    end_job(engine, "news", "two", now=NOW + timedelta(minutes=10), exit_status=3)
    state = job_states(engine)["news"]
    assert (state.leased_by, state.exit_status) == (None, 3)
    assert state.started_at == NOW + timedelta(minutes=9)


def test_a_start_missed_is_made_up_for():
    every = Job(name="a", run=["crawl"], every="1h")
    assert _is_missed(every, None, NOW)
    assert _is_missed(every, NOW - timedelta(hours=5), NOW)
    assert not _is_missed(every, NOW - timedelta(minutes=5), NOW)
    # 03:00 in Shanghai is 19:00 UTC of the day before.
    daily = Job(name="b", run=["crawl"], cron="0 3 * * *")
    assert not _is_missed(daily, None, NOW)
    assert _is_missed(daily, NOW - timedelta(days=3), NOW)
    assert not _is_missed(daily, NOW - timedelta(hours=16), NOW)


def test_once_runs_a_job_and_gives_its_status(tmp_path):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    jobs = write(
        tmp_path / "jobs.toml",
        'name = "check"\nrun = ["db", "current"]\nevery = "1h"',
        'name = "bad"\nrun = ["crawl", "nonsense"]\nevery = "1h"',
    )
    done = schedule("--config", jobs, "--db", db, "--once", "check")
    assert done.returncode == 0, done.stderr
    assert latest_revision() in done.stdout
    assert schedule("--config", jobs, "--db", db, "--once", "bad").returncode == 2
    with sqlite3.connect(tmp_path / "news.db") as connection:
        rows = connection.execute("select name, exit_status, leased_by from job order by 1").fetchall()
    assert rows == [("bad", 2, None), ("check", 0, None)]
    unknown = schedule("--config", jobs, "--db", db, "--once", "news")
    assert unknown.returncode == 2
    assert "there are check, bad" in unknown.stderr


def test_a_job_another_machine_runs_is_left_out(tmp_path):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    database = open_database(db)
    take_job(database, "check", "elsewhere", now=datetime.now(UTC), lease=timedelta(minutes=5))
    database.dispose()
    jobs = write(tmp_path / "jobs.toml", 'name = "check"\nrun = ["db", "current"]\nevery = "1h"')
    done = schedule("--config", jobs, "--db", db, "--once", "check")
    assert done.returncode == 75
    assert "runs already" in done.stderr


class Running:
    """A schedule under way; `lines` is what it says."""

    def __init__(self, path, db, number=0):
        self._log = path.with_name(f"log{number}")
        self._stream = self._log.open("w")
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        command = [*COMMAND, "--config", str(path), "--db", db]
        self.process = subprocess.Popen(command, stderr=self._stream, stdout=self._stream, env=environment)

    def lines(self) -> list[str]:
        return self._log.read_text().splitlines()

    def wait_for(self, words: str, count: int = 1, timeout: float = 40) -> None:
        deadline = time.monotonic() + timeout
        while sum(words in line for line in self.lines()) < count:
            assert time.monotonic() < deadline, self.lines()
            assert self.process.poll() is None, self.lines()
            time.sleep(0.1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(40)
        self._stream.close()
        return status


@pytest.fixture
def shown(tmp_path):
    """A database that `zjol serve` can show: a job that runs until it is stopped."""
    db = f"sqlite:///{tmp_path / 'news.db'}"
    open_database(db).dispose()
    return db


def test_jobs_run_again_and_again_until_sigterm_stops_them_cleanly(tmp_path, shown):
    serve = 'name = "long"\nrun = ["serve", "--port", "0"]\nevery = "1h"'
    path = write(tmp_path / "jobs.toml", 'name = "quick"\nrun = ["db", "current"]\nevery = "1s"', serve)
    running = Running(path, shown)
    running.wait_for("quick: ended with status 0", 2)
    running.wait_for("is at http")
    write(path, 'name = "other"\nrun = ["db", "check"]\nevery = "1s"')
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("other: ended with status 0")
    path.write_text("nonsense")
    running.process.send_signal(signal.SIGHUP)
    running.wait_for("the schedule stays as it was")
    assert running.stop() == 0
    assert any("long: ended with status" in line for line in running.lines())
    assert not any("Traceback" in line for line in running.lines())
    with sqlite3.connect(tmp_path / "news.db") as connection:
        assert connection.execute("select count(*) from job where leased_by is not null").fetchone() == (0,)


def test_a_job_that_takes_too_long_is_stopped(tmp_path, shown):
    path = write(tmp_path / "jobs.toml", 'name = "long"\nrun = ["serve", "--port", "0"]\nevery = "1h"\ntimeout = "2s"')
    done = schedule("--config", path, "--db", shown, "--once", "long")
    assert "its time is over" in done.stderr
    assert done.returncode in (0, 130, 1)


def test_two_schedules_on_one_database_never_run_a_job_at_once(tmp_path, shown):
    path = write(tmp_path / "jobs.toml", 'name = "job"\nrun = ["serve", "--port", "0"]\nevery = "1s"\ntimeout = "1s"')
    both = [Running(path, shown, number) for number in range(2)]
    time.sleep(7)
    assert [running.stop() for running in both] == [0, 0]
    events = sorted(
        (line[:23], "start" if "zjol serve" in line else "end")
        for running in both
        for line in running.lines()
        if "job: zjol serve" in line or "job: ended" in line
    )
    kinds = [kind for _, kind in events]
    assert kinds.count("start") >= 2
    assert kinds == ["start", "end"] * (len(kinds) // 2)
