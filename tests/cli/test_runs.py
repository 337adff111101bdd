"""`zjol runs`: what every command that stores leaves of its run, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.record import to_json
from pipelines.store.engine import open_database
from pipelines.store.hosts import holder_name
from pipelines.store.run_records import find_run, last_runs, run_state
from pipelines.store.runs import RunEnd, finish_run, pulse, recorded_run, start_run
from tests.cli.test_crawl import FAST, rows, zjol
from tests.cli.test_extract import page, write_warc
from tests.crawler.site import LIST, Answer, Site, article, little_site, url
from tests.store.conftest import engine, engine_name  # noqa: F401 - fixtures
from tests.store.examples import all_examples

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def site():
    with Site(little_site()) as running:
        yield running


def runs(path, site, *arguments):
    done = zjol("runs", *arguments, "--json", "--db", f"sqlite:///{path}", site=site)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_crawl_leaves_its_counts_and_what_it_took(site, tmp_path):
    path = tmp_path / "news.db"
    site.answers[LIST] = site.answers[LIST]._replace(headers=(("Content-Type", "text/html"), ("ETag", '"a"')))
    site.answers[url(1)] = article(1)._replace(delay=0.3)
    crawl = ("crawl", "--start", LIST, "--db", f"sqlite:///{path}", "--archive", tmp_path / "archive", *FAST)
    assert zjol(*crawl, site=site).returncode == 0
    assert zjol(*crawl, "--retry-rejected", site=site).returncode == 0
    again, first = runs(path, site)
    assert first["command"].startswith(f"crawl {LIST}")
    assert (first["state"], first["error"], first["parser_version"]) == ("finished", None, "0.1.0")
    assert {name: first["counts"][name] for name in ("found", "stored", "rejected", "rejected/robots")} == {
        "found": 12, "stored": 7, "rejected": 5, "rejected/robots": 1,
    }  # fmt: skip
    served = sum(len(answer.body) for answer in site.answers.values())
    assert served < first["bytes_received"] < served + 20_000
    assert 50_000_000 < first["peak_memory"] < 2_000_000_000
    assert 0.3 <= first["seconds"]["fetch"] < 5
    assert first["seconds"]["fetch/zjnews.zjol.com.cn"] == first["seconds"]["fetch"]
    assert all(0 < first["seconds"][stage] < 5 for stage in ("extract", "store", "archive"))
    assert "stored" not in again["counts"]
    (shown,) = runs(path, site, "1")
    assert {reason["reason"]: reason["pages"] for reason in shown["rejections"]}["not_found"] == 2
    assert url(8) in {example["url"] for reason in shown["rejections"] for example in reason["examples"]}
    text = zjol("runs", "1", "--db", f"sqlite:///{path}", site=site).stdout
    assert "rejected robots: 1\n  http://zjnews.zjol.com.cn/private/" in text
    table = zjol("runs", "--limit", "1", "--db", f"sqlite:///{path}", site=site).stdout.splitlines()
    assert len(table) == 2
    assert table[1].startswith("2 ")
    assert zjol("runs", "3", "--db", f"sqlite:///{path}", site=site).stderr.endswith(
        "there is no run 3; list them with: zjol runs\n"
    )


def test_a_run_is_running_until_it_is_killed(site, tmp_path):
    path = tmp_path / "news.db"
    site.answers[url(2)] = Answer(b"", delay=20)
    command = [sys.executable, "-m", "zjol_crawler", "crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST]
    environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while url(2) not in site.asked() and time.monotonic() < deadline:
        time.sleep(0.02)
    opened = open_database(f"sqlite:///{path}")
    states = [last_runs(opened, 1, NOW)[0].state]
    process.send_signal(signal.SIGKILL)
    process.wait()
    states.append(last_runs(opened, 1, NOW)[0].state)
    opened.dispose()
    assert states == ["running", "killed"]


def test_a_run_elsewhere_is_alive_while_it_says_so():
    row = {"finished_at": None, "outcome": None, "holder": "another-machine/4711/1", "alive_at": NOW}
    assert run_state(row, NOW + timedelta(minutes=4)) == "running"
    assert run_state(row, NOW + timedelta(minutes=6)) == "killed"
    machine, _, _, kernel = holder_name().split("/")
    assert run_state(row | {"holder": f"{machine}/4194304/1/{kernel}"}, NOW) == "killed"
    # A machine or container of the same name.
    assert run_state(row | {"holder": f"{machine}/4194304/1/another"}, NOW) == "running"
    assert run_state(row | {"holder": holder_name()}, NOW + timedelta(days=9)) == "running"
    assert run_state(row | {"holder": None}, NOW) == "killed"


def test_every_engine_keeps_a_run(engine):  # noqa: F811
    run = start_run(engine, "crawl")
    with pulse(engine, run, every=timedelta(seconds=0.02)):
        with engine.begin() as connection:
            connection.exec_driver_sql("update crawl_run set alive_at = null")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with engine.connect() as connection:
                if connection.exec_driver_sql("select alive_at from crawl_run").scalar() is not None:
                    break
        else:
            pytest.fail("the run never said that it is alive")
    end = RunEnd("finished", {"fetched": 3}, 3_000_000_000, 4_000_000_000, {"fetch": 1.5}, None)
    finish_run(engine, run, end)
    found = find_run(engine, run, NOW)
    assert (found.state, *found[6:10]) == ("finished", *end[1:5])


def _end_early(engine, error):  # noqa: F811
    with recorded_run(engine, "ingest") as run:
        run.counts = {"stored": 2}
        raise error


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError("渔港"), "failed"), (KeyboardInterrupt(), "shutdown")], ids=["fault", "interrupt"]
)
def test_what_ends_a_run_early_is_kept(engine, error, state):  # noqa: F811
    with pytest.raises(type(error)):
        _end_early(engine, error)
    (found,) = last_runs(engine, 5, NOW)
    assert (found.state, found.counts) == (state, {"stored": 2})
    assert (found.error is None) == (state == "shutdown")
    assert found.error is None or ("Traceback" in found.error and found.error.endswith("ValueError: 渔港\n"))


def test_ingest_and_reparse_leave_runs(site, tmp_path):
    path, archive = tmp_path / "news.db", tmp_path / "archive"
    db = f"sqlite:///{path}"
    archive.mkdir()
    write_warc(archive / "pages.warc.gz", [page(1), page(2), page(3, body=b"<html><title>404</title>nothing</html>")])
    records = tmp_path / "records.jsonl"
    records.write_text("".join(to_json(record) + "\n" for record in all_examples()), encoding="utf-8")
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(b"\x1f\x8b\x08\x00")
    assert zjol("ingest", records, archive / "pages.warc.gz", "--db", db, site=site).returncode == 0
    assert zjol("reparse", "--archive", archive, "--dry-run", "--db", db, site=site).returncode == 0
    assert zjol("reparse", "--archive", archive, "--db", db, site=site).returncode == 0
    assert zjol("ingest", cut, "--db", db, site=site).returncode == 1
    failed, reparsed, ingested = runs(path, site)
    assert ingested["command"] == f"ingest {records} {archive / 'pages.warc.gz'}"
    assert (ingested["state"], ingested["counts"]["stored"], ingested["counts"]["rejected"]) == ("finished", 5, 1)
    assert set(ingested["seconds"]) == {"extract", "store"}
    assert (reparsed["state"], reparsed["counts"]["records"]) == ("finished", 2)
    assert failed["state"] == "failed"
    assert "RecordFileError" in failed["error"]
    assert rows(path, "select run_id from rejection") == [(1,)]


def test_a_database_that_fails_leaves_why(site, tmp_path):
    path = tmp_path / "news.db"
    open_database(f"sqlite:///{path}").dispose()
    rows(path, "drop table contribution")
    done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site)
    assert done.returncode == 1
    (run,) = runs(path, site)
    assert run["state"] == "store_failed"
    assert "contribution" in run["error"]
