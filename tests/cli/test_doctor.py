"""`zjol doctor`: each fault is found, named and given a remedy, and none hides another."""

import json
import os
import sqlite3
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks import corpus
from pipelines.store.engine import open_database
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.writer import write_articles
from tests.crawler.site import Answer, Site, article, url
from tests.store.conftest import empty_url, engine_name  # noqa: F401 - fixtures
from tests.store.examples import all_examples
from zjol_crawler import archive_members
from zjol_crawler.archive_writer import ArchiveWriter, Exchange
from zjol_crawler.channels import read_channels
from zjol_crawler.doctor import machine

ENABLED = [channel for channel in read_channels() if channel.enabled]


@pytest.fixture
def db(tmp_path):
    path = f"sqlite:///{tmp_path / 'news.db'}"
    engine = open_database(path)
    write_articles(engine, [*all_examples(), *corpus.articles(60)])
    finish_run(engine, start_run(engine, "crawl"), RunEnd("finished", {}))
    engine.dispose()
    return path


@pytest.fixture
def doctor(zjol):
    """Runs it; gives its exit status and its findings as (verdict, text with remedy) by check, the worst of each."""

    def run(*arguments):
        status, out, _ = zjol("doctor", "--json", *arguments)
        findings = [json.loads(line) for line in out.splitlines()]
        assert all((finding["remedy"] is None) == (finding["verdict"] == "ok") for finding in findings)
        ranked = sorted(findings, key=lambda finding: ["ok", "warning", "failed"].index(finding["verdict"]))
        return status, {found["check"]: (found["verdict"], f"{found['text']} → {found['remedy']}") for found in ranked}

    return run


def verdicts(found):
    return {check: verdict for check, (verdict, _) in found.items() if verdict != "ok"}


def test_all_is_well_on_every_engine(empty_url, doctor, zjol):  # noqa: F811
    engine = open_database(empty_url)
    finish_run(engine, start_run(engine, "crawl"), RunEnd("finished", {}))
    engine.dispose()
    status, found = doctor("--db", empty_url, "--offline")
    assert (status, verdicts(found)) == (0, {})
    assert {"packages", "extras", "clock", "database", "migrations", "runs"} <= set(found)
    assert ("integrity" in found) == empty_url.startswith("sqlite")
    status, out, err = zjol("doctor", "--db", empty_url, "--offline")
    assert err == f"{len(out.splitlines())} ok, 0 warning, 0 failed\n"
    assert out.startswith("ok       packages: zjol-crawler 0.1.0, Python 3.")


def test_a_damaged_database_is_found(db, doctor, tmp_path):
    with (tmp_path / "news.db").open("r+b") as stream:
        stream.seek(45_000)
        stream.write(os.urandom(30_000))
    status, found = doctor("--db", db, "--offline")
    assert status == 1
    assert found["integrity"][0] == "failed"
    assert "zjol restore BACKUP --force" in found["integrity"][1]


def test_a_database_that_is_not_as_it_should_be(db, doctor, tmp_path):
    with sqlite3.connect(tmp_path / "news.db") as connection:
        connection.execute("drop view image_overview")
    status, found = doctor("--db", db, "--offline")
    assert (status, verdicts(found)) == (1, {"migrations": "failed"})
    with sqlite3.connect(tmp_path / "news.db") as connection:
        connection.execute("update alembic_version set version_num = '0001'")
    status, found = doctor("--db", db, "--offline")
    assert status == 1
    assert found["migrations"][1].endswith("→ run: zjol db upgrade")
    status, found = doctor("--db", f"sqlite:///{tmp_path / 'none.db'}", "--offline")
    assert (status, verdicts(found)) == (0, {"database": "warning"})
    status, found = doctor("--db", "postgresql+psycopg://zjol:geheim@127.0.0.1:1/zjol", "--offline")
    assert (status, verdicts(found)) == (1, {"database": "failed"})
    assert "geheim" not in str(found)


def test_a_last_run_that_was_killed_and_a_clock_that_is_wrong(db, doctor, tmp_path):
    with sqlite3.connect(tmp_path / "news.db") as connection:
        later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d %H:%M:%S")
        connection.execute("update crawl_run set finished_at = null, holder = null, started_at = ?", (later,))
    status, found = doctor("--db", db, "--offline")
    assert (status, verdicts(found)) == (1, {"runs": "warning", "clock": "failed"})
    assert "zjol runs 1" in found["runs"][1]


@pytest.mark.parametrize(("free", "verdict"), [(5e9, None), (1e9, "warning"), (1e8, "failed")])
def test_a_disk_that_fills_up(db, doctor, tmp_path, monkeypatch, free, verdict):
    usage = namedtuple("usage", "total used free")(1e12, 0, free)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _path: usage)
    status, found = doctor("--db", db, "--offline")
    assert found["disk of the database"][0] == (verdict or "ok")
    assert status == (verdict == "failed")


def test_a_driver_that_is_missing(doctor, monkeypatch):
    real = machine.version

    def version(name):
        if name in ("psycopg", "pyarrow"):
            raise machine.PackageNotFoundError(name)
        return "1.0" if name == "lxml" else real(name)

    monkeypatch.setattr(machine, "version", version)
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    status, found = doctor("--db", "postgresql+psycopg://zjol@127.0.0.1:1/zjol", "--offline")
    assert status == 1
    assert "lxml is 1.0, wanted is >=6" in found["packages"][1]
    assert found["extras"][1].endswith("pip install 'zjol-crawler[postgresql]'")


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    with ArchiveWriter(folder, most_bytes=3000) as writer:
        for number in range(6):
            body = article(number, text=os.urandom(600).hex()).body
            head = [("Content-Type", "text/html")]
            writer.write(Exchange(url(number), "GET", [], 200, "OK", head, body, datetime.now(UTC)))
    return folder


@pytest.mark.parametrize("chunk", [7, 1 << 20])
def test_an_archive_that_is_whole(db, doctor, archive, monkeypatch, chunk):
    monkeypatch.setattr(archive_members, "_CHUNK", chunk)
    with ArchiveWriter(archive, most_bytes=10**6) as writer:
        writer._number = 90
        writer.write(Exchange(url(9), "GET", [], 200, "OK", [], b"open", datetime.now(UTC)))
        status, found = doctor("--db", db, "--archive", archive, "--offline")
    assert (status, verdicts(found)) == (0, {})
    assert found["archive"][1].startswith(f"{len(list(archive.glob('*.gz'))) - 1} files, ")
    assert found["archive index"][1].startswith("6 captures")
    assert found["open files"][1].startswith("1 being written")


def test_an_archive_that_is_damaged(db, doctor, archive):
    first, second, *_ = sorted(archive.glob("*.warc.gz"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 255
    first.write_bytes(content)
    second.write_bytes(second.read_bytes()[:-10])
    (archive / "zjol-20160101T000000Z-1-00000.warc.gz.open").write_bytes(b"")
    status, found = doctor("--db", db, "--archive", archive, "--offline")
    assert status == 1
    assert verdicts(found) == {"archive": "failed", "archive index": "failed", "open files": "warning"}
    assert "cannot be read from byte" in found["archive"][1]
    first.unlink()
    second.unlink()
    assert verdicts(doctor("--db", db, "--archive", archive, "--offline")[1])["archive index"] == "failed"


@pytest.fixture
def site(monkeypatch):
    with Site({channel.url: Answer(b"<html></html>") for channel in ENABLED}) as running:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, running.proxy_url)
        monkeypatch.setenv("no_proxy", "")
        yield running


def test_channels_that_moved_and_hosts_that_refuse(db, doctor, site):
    status, found = doctor("--db", db, "-s", "DOWNLOAD_DELAY=0")
    assert (status, verdicts(found)) == (0, {})
    assert {f"channel {channel.name}" for channel in ENABLED} <= set(found)
    hosts = list(dict.fromkeys(channel.url.split("/")[2] for channel in ENABLED))
    moved, gone = [channel for channel in ENABLED if channel.url.split("/")[2] == hosts[0]][:2]
    site.answers[moved.url] = Answer(status=301, headers=(("Location", "/news/"),))
    del site.answers[gone.url]
    site.answers[f"http://{hosts[1]}/robots.txt"] = Answer(b"User-agent: zjol-crawler\nDisallow: /\n")
    site.answers[f"http://{hosts[2]}/robots.txt"] = Answer(status=503)
    site.answers[f"http://{hosts[3]}/robots.txt"] = Answer(status=404)
    status, found = doctor("--db", db, "-s", "DOWNLOAD_DELAY=0")
    assert status == 0
    assert verdicts(found) == {
        f"channel {moved.name}": "warning", f"channel {gone.name}": "warning",
        hosts[1]: "warning", hosts[2]: "warning",
    }  # fmt: skip
    assert f"moved: {moved.url} answers 301 to http://{hosts[0]}/news/" in found[f"channel {moved.name}"][1]
    assert "answers 404" in found[f"channel {gone.name}"][1]
    assert "forbids" in found[hosts[1]][1]


def test_a_network_that_is_down(db, doctor, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    status, found = doctor("--db", db, "-s", "DOWNLOAD_DELAY=0")
    assert status == 1
    assert "check network, proxy and DNS" in found["zjnews.zjol.com.cn"][1]
