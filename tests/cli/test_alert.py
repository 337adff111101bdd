"""`zjol alert` with a real mail server and a real endpoint: each thing told once, by each channel."""

import json
import os
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from pipelines.store.engine import open_database, write_transaction
from pipelines.store.findings import FindingKey, NewFinding, add_findings, close_findings, read_findings
from pipelines.store.hosts import holder_name
from pipelines.store.jobs import JobState, end_job, job_states, lock_state, take_job
from tests.cli.test_crawl import zjol
from tests.crawler.site import Site
from zjol_crawler.alerting.telling import note_jobs
from zjol_crawler.schedule.config import Job

DRIFT = NewFinding(
    FindingKey("coverage", "trs-2016 zjnews.zjol.com.cn", "source"), "source", "fatal", "source is filled in 0% of 24"
)


class Mails:
    """What a mail server got."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        self.received.append(envelope)
        return "250 kept"


@pytest.fixture
def mails():
    handler = Mails()
    with socket.create_server(("127.0.0.1", 0)) as free:
        handler.port = free.getsockname()[1]
    server = Controller(handler, hostname="127.0.0.1", port=handler.port)
    server.start()
    yield handler
    server.stop()


@pytest.fixture
def hook():
    posted = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(Handler.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.posted, server.handler = posted, Handler
    server.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'news.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def alert(tmp_path, mails, hook):
    config = tmp_path / "jobs.toml"
    config.write_text(
        '[[job]]\nname = "news"\nrun = ["crawl"]\nevery = "30m"\n'
        f'[alerts]\nwebhook = "{hook.url}"\nsmtp = "smtp://127.0.0.1:{mails.port}"\n'
        'mail_from = "zjol@example.org"\nmail_to = ["news@example.org", "desk@example.org"]\n'
    )

    def run():
        command = [sys.executable, "-m", "zjol_crawler", "alert", "--config", str(config)]
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        db = f"sqlite:///{tmp_path / 'news.db'}"
        return subprocess.run([*command, "--db", db], env=environment, capture_output=True, text=True, check=False)

    return run


def opened(engine, *findings):
    with write_transaction(engine) as connection:
        return list(add_findings(connection, findings, None).values())


def test_a_finding_is_told_once_when_it_opens_and_once_when_it_ends(alert, engine, mails, hook):
    (number,) = opened(engine, DRIFT)
    assert alert().returncode == 0
    assert alert().returncode == 0
    (mail,) = mails.received
    assert mail.rcpt_tos == ["news@example.org", "desk@example.org"]
    text = mail.content.decode()
    assert "zjol: 1 new finding, 1 fatal" in text
    assert "trs-2016 zjnews.zjol.com.cn: source: source is filled in 0% of 24" in text
    (posted,) = hook.posted
    assert posted["findings"][0]["field"] == "source"
    with write_transaction(engine) as connection:
        close_findings(connection, [number])
    alert()
    alert()
    assert len(mails.received) == len(hook.posted) == 2
    assert hook.posted[1]["text"] == "zjol: 1 ended"


def test_findings_are_told_together(alert, engine, mails):
    opened(engine, DRIFT, DRIFT._replace(key=DRIFT.key._replace(name="kicker"), severity="warning"))
    alert()
    (mail,) = mails.received
    assert "2 new findings, 1 fatal" in mail.content.decode()


def test_what_one_channel_could_not_tell_it_tells_later_and_the_other_not_again(alert, engine, mails, hook):
    opened(engine, DRIFT)
    hook.handler.status = 500
    failed = alert()
    assert failed.returncode == 1
    assert "webhook 127.0.0.1: not posted: HTTP Error 500" in failed.stderr
    assert len(failed.stderr.splitlines()) == 2
    hook.handler.status = 200
    assert alert().returncode == 0
    assert len(mails.received) == 1
    assert len(hook.posted) == 2


def test_two_that_would_tell_at_once_tell_once(alert, engine, mails, hook):
    opened(engine, DRIFT)
    now = datetime.now(UTC)
    assert take_job(engine, lock_state(engine, "alerts"), holder_name(), now=now)
    assert "another process tells just now" in alert().stderr
    assert mails.received == hook.posted == []
    end_job(engine, "@alerts", holder_name(), now=now, exit_status=0)
    assert alert().returncode == 0
    assert len(mails.received) == len(hook.posted) == 1
    assert "@alerts" not in job_states(engine)


def test_a_schedule_leaves_the_jobs_of_others_and_a_failure_open_while_it_runs_again(engine):
    mine, other = (Job(name=name, run=["crawl"], every="30m") for name in ("mine", "other"))
    began = datetime(2026, 1, 1, 8, tzinfo=UTC)
    for name in ("mine", "other"):
        assert take_job(engine, JobState(name), "a", now=began)
        end_job(engine, name, "a", now=began, exit_status=1)
    note_jobs(engine, [mine], began)
    note_jobs(engine, [other], began)
    assert take_job(engine, job_states(engine)["mine"], "a", now=began + timedelta(minutes=30))
    note_jobs(engine, [mine, other], began + timedelta(minutes=31))
    found = read_findings(engine, closed=True)
    assert [(finding.subject, finding.closed_at) for finding in found] == [("mine", None), ("other", None)]


def test_jobs_that_failed_or_did_not_run_are_findings_until_they_are_well(engine):
    job = Job(name="news", run=["crawl"], every="30m")
    began = datetime(2026, 1, 1, 8, tzinfo=UTC)

    def amiss(now):
        note_jobs(engine, [job], now)
        return [finding.name for finding in read_findings(engine)]

    def run(moment, status):
        assert take_job(engine, job_states(engine).get("news", JobState("news")), "a", now=moment)
        end_job(engine, "news", "a", now=moment, exit_status=status)

    assert amiss(began) == []
    run(began, 1)
    assert amiss(began) == ["failed"]
    run(began, 0)
    assert amiss(began + timedelta(minutes=80)) == []
    assert amiss(began + timedelta(minutes=95)) == ["missed"]
    run(began + timedelta(minutes=96), 0)
    assert amiss(began + timedelta(minutes=97)) == []


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('webhook = "nowhere"', "no web address"),
        ('smtp = "smtp://127.0.0.1"', "mail_from and mail_to"),
        ("", "has no [alerts]"),
        ("mails = 3", "mails"),
    ],
)
def test_alerts_that_make_no_sense_are_refused_in_one_line(tmp_path, lines, fault):
    config = tmp_path / "jobs.toml"
    config.write_text(f'[[job]]\nname = "news"\nrun = ["crawl"]\nevery = "30m"\n[alerts]\n{lines}\n')
    with Site() as site:
        done = zjol("alert", "--config", config, "--db", f"sqlite:///{tmp_path / 'news.db'}", site=site)
    assert done.returncode == 1
    assert fault in done.stderr
    assert len(done.stderr.splitlines()) == 1
