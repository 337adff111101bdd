"""`zjol schedule`: what its file may say, and what it runs."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.schedule import simulate
from pipelines.store.engine import open_database
from pipelines.store.jobs import JobState, end_job, hold_job, job_states, take_job
from pipelines.store.migrate import latest_revision
from tests.store.conftest import engine, engine_name  # noqa: F401 - fixtures
from zjol_crawler.schedule.config import Job, ScheduleError, crontab_fields, read_schedule
from zjol_crawler.schedule.due import following, next_start
from zjol_crawler.schedule.processes import JobProcess
from zjol_crawler.schedule.units import crontab, systemd_units
from zjol_crawler.spans import read_span

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
    assert {job.name for job in read_schedule(None)} >= {
        *("news", "revisit", "zjrb", "qjwb", "retry", "prune", "backup", "report")
    }


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
        ('name = "a"\nrun = ["crwl"]\nevery = "1h"', "no command zjol crwl"),
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
    assert following(Job(name="a", run=["crawl"], cron="0 3 * * 7"), NOW).isoweekday() == 7
    assert read_span("2h") == 7200


def test_units_for_systemd_and_cron():
    jobs = [
        Job(name="news", run=["crawl"], every="30m", jitter="2m", timeout="4h"),
        Job(name="week", run=["report", "-o", "my report"], cron="*/20 3 1-5 * 0"),
    ]
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
    unknown = JobState("news")
    assert take_job(engine, unknown, "one", now=NOW)
    # Another saw the same, and was slower.
    assert not take_job(engine, unknown, "two", now=NOW)
    held = job_states(engine)["news"]
    assert hold_job(engine, "news", "one", now=NOW + timedelta(minutes=8))
    # Another took it for dead, and it has spoken since.
    assert not take_job(engine, held, "two", now=NOW + timedelta(minutes=9))
    assert not hold_job(engine, "news", "two", now=NOW + timedelta(minutes=9))
    assert take_job(engine, job_states(engine)["news"], "two", now=NOW + timedelta(minutes=30))
    end_job(engine, "news", "one", now=NOW, exit_status=0)
    assert job_states(engine)["news"].leased_by == "two"
    end_job(engine, "news", "two", now=NOW + timedelta(minutes=40), exit_status=3)
    state = job_states(engine)["news"]
    assert (state.leased_by, state.exit_status, state.finished_at) == (None, 3, NOW + timedelta(minutes=40))
    assert state.started_at == NOW + timedelta(minutes=30)
    assert take_job(engine, state, "two", now=NOW + timedelta(minutes=50))
    end_job(engine, "news", "two", now=NOW + timedelta(minutes=51), exit_status=None)
    state = job_states(engine)["news"]
    assert (state.leased_by, state.exit_status, state.finished_at) == (None, 3, None)


def ran(ago: timedelta, *, cut_off: bool = False) -> JobState:
    return JobState("a", NOW - ago, None if cut_off else NOW - ago + timedelta(seconds=9), 0)


HOURLY = Job(name="a", run=["crawl"], every="1h")
# 03:00 in Shanghai is 19:00 UTC of the day before: seven hours from NOW.
DAILY = Job(name="b", run=["crawl"], cron="0 3 * * *")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("job", "state", "after"),
    [
        (HOURLY, JobState("a"), 0 * HOUR),
        (HOURLY, ran(5 * HOUR), -4 * HOUR),
        (HOURLY, ran(HOUR / 4), HOUR * 3 / 4),
        (DAILY, JobState("b"), 7 * HOUR),
        (DAILY, ran(16 * HOUR), 7 * HOUR),
        # Missed for days: once, at once.
        (DAILY, ran(3 * DAY), -2 * DAY - 17 * HOUR),
        # Cut off: again, at once.
        (DAILY, ran(HOUR, cut_off=True), -HOUR),
        # The clock went back: by an hour, and by more than lies between two starts.
        (HOURLY, ran(-HOUR / 2), 0 * HOUR),
        (DAILY, ran(-8 * HOUR), 7 * HOUR + DAY),
        (DAILY, ran(-40 * DAY), 0 * HOUR),
    ],
)
def test_when_a_job_is_due(job, state, after):
    assert next_start(job, state, NOW, since=NOW) == NOW + after


def test_jitter_is_only_ever_later_and_differs_between_machines():
    job = Job(name="a", run=["crawl"], every="1h", jitter="10m")
    found = [next_start(job, ran(0 * HOUR), NOW, NOW, str(salt)) - NOW - HOUR for salt in range(20)]
    assert 0 * HOUR <= min(found) < max(found) <= HOUR / 6


@pytest.mark.parametrize("jumps", [False, True])
def test_a_day_of_kills_crashes_outages_and_jumps(jumps):
    _, verdicts = simulate(0.5, seed=3, jumps=jumps)
    assert sum(verdict.begun for verdict in verdicts) > 45
    for verdict in verdicts:
        assert (verdict.at_once, verdict.early, verdict.missed) == (0, 0, 0), verdict


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
    take_job(database, JobState("check"), "elsewhere/1/1 elsewhere/2/1", now=datetime.now(UTC))
    database.dispose()
    jobs = write(tmp_path / "jobs.toml", 'name = "check"\nrun = ["db", "current"]\nevery = "1h"')
    done = schedule("--config", jobs, "--db", db, "--once", "check")
    assert done.returncode == 75
    assert "'check' runs already, as elsewhere/1/1" in done.stderr
    assert len(done.stderr.splitlines()) == 1


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


def test_a_job_that_is_stopped_as_it_begins_ends_without_a_traceback(capfd):
    for wait in (0.0, 0.01, 0.02, 0.04, 0.08):
        process = JobProcess(["db", "current"], os.environ, "a test")
        time.sleep(wait)
        process.interrupt()
        deadline = time.monotonic() + 30
        while (status := process.poll()) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert status == 130
    assert capfd.readouterr().err == ""


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


def job_processes(marker) -> list[int]:
    """The processes whose command line holds a word, as the kernel sees them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if str(marker) in words and "zjol_crawler.schedule.child" in words:
                found.append(int(path.parent.name))
    return found


def test_a_schedule_that_is_killed_leaves_nothing_behind_and_the_next_goes_on_at_once(tmp_path, shown):
    marker = f"sqlite:///{tmp_path}/./news.db"
    path = write(
        tmp_path / "jobs.toml",
        f'name = "long"\nrun = ["serve", "--port", "0", "--db", "{marker}"]\ncron = "* * * * *"',
    )
    database = open_database(shown)
    # Due a minute ago.
    state = JobState("long")
    take_job(database, state, "gone", now=datetime.now(UTC) - timedelta(minutes=5))
    end_job(database, "long", "gone", now=datetime.now(UTC) - timedelta(minutes=4), exit_status=0)
    first = Running(path, shown)
    first.wait_for("is at http")
    (child,) = job_processes(marker)
    first.process.kill()
    first.process.wait()
    second = Running(path, shown, 1)
    second.wait_for("is at http")
    (other,) = job_processes(marker)
    assert other != child
    # A job's own process that is killed is a job that ended.
    os.kill(other, signal.SIGKILL)
    second.wait_for("long: ended with status -9")
    assert second.stop() == 0
    assert job_processes(marker) == []
    database.dispose()


def test_once_is_stopped_cleanly_with_what_it_runs(tmp_path, shown):
    marker = f"sqlite:///{tmp_path}/./news.db"
    path = write(
        tmp_path / "jobs.toml", f'name = "long"\nrun = ["serve", "--port", "0", "--db", "{marker}"]\nevery = "1h"'
    )
    command = [*COMMAND, "--config", str(path), "--db", shown, "--once", "long"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "is at http" in line:
            break
    twice = schedule("--config", path, "--db", shown, "--once", "long")
    assert (twice.returncode, len(twice.stderr.splitlines())) == (75, 1)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)
    assert job_processes(marker) == []
    assert process.returncode in (0, 130)


def test_a_job_that_takes_too_long_is_stopped(tmp_path, shown):
    path = write(tmp_path / "jobs.toml", 'name = "long"\nrun = ["serve", "--port", "0"]\nevery = "1h"\ntimeout = "2s"')
    done = schedule("--config", path, "--db", shown, "--once", "long")
    assert "its time is over" in done.stderr
    assert done.returncode in (0, 130, 1)


def test_two_schedules_on_one_database_never_run_a_job_at_once(tmp_path, shown):
    path = write(tmp_path / "jobs.toml", 'name = "job"\nrun = ["serve", "--port", "0"]\nevery = "1s"\ntimeout = "1s"')
    both = [Running(path, shown, number) for number in range(2)]
    deadline = time.monotonic() + 40
    while sum("job: zjol serve" in line for running in both for line in running.lines()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
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
