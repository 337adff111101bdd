"""A site on which every tenth page fails, each in its own way: all that can be had is stored, the rest is listed."""

import gzip
import os
import subprocess
import sys
import time

import psutil

from tests.cli.test_crawl import rows, zjol
from tests.crawler.site import HOST, LIST, Answer, Site, article, listing, url

HTML = ("Content-Type", "text/html; charset=utf-8")


def failures() -> dict[str, tuple[Answer, str]]:
    """Each way to fail, and the reason it is listed under."""
    loop = f"{HOST}/zjnews/zjxw/201610/t20161001_1990030.shtml"
    cut = article(100).body
    bomb = gzip.compress(b"<html>" + b"a" * 40_000_000)
    return {
        url(10): (Answer(b"broken", 500), "http_error"),
        url(20): (article(20)._replace(is_cut=True), "connection"),
        loop: (Answer(status=302, headers=(("Location", loop),)), "redirect_loop"),
        url(40): (article(40)._replace(delay=6), "timeout"),
        url(50): (
            Answer("<html><body><h1>404 Not Found</h1><p>您访问的页面不存在</p></body></html>".encode()),
            "not_found",
        ),
        url(60): (Answer(b"gone", 410), "not_found"),
        url(70): (Answer(bomb, headers=(HTML, ("Content-Encoding", "gzip"))), "too_large"),
        url(80): (Answer(b"<html>" + b"a" * 21_500_000), "too_large"),
        url(90): (Answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20), "undecodable"),
        url(100): (Answer(cut[: cut.index("的正文".encode())]), "truncated"),
    }


def test_one_bad_page_never_stops_the_others(tmp_path):
    failing = failures()
    answers = {url(number): article(number) for number in range(1, 101)}
    answers[LIST] = listing([url(number) for number in range(1, 101)])
    answers |= {address: answer for address, (answer, _) in failing.items()}
    settings = ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=0", "RETRY_TIMES=1", "DOWNLOAD_TIMEOUT=2")
    overrides = [word for setting in settings for word in ("-s", setting)]
    db = tmp_path / "news.db"
    with Site(answers) as site:
        crawl = ("crawl", "--start", LIST, "--db", f"sqlite:///{db}", "--archive", tmp_path / "warc", *overrides)
        done = zjol(*crawl, site=site, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert rows(db, "select count(*) from article") == [(90,)]
    listed = dict(rows(db, "select url, reason from rejection"))
    assert listed == {address: reason for address, (_, reason) in failing.items()}
    for reason in set(listed.values()):
        assert f"  {reason}" in done.stderr
    assert rows(db, "select count(*) from page where state = 'found'") == [(0,)]


def test_a_killed_background_process_costs_nothing(tmp_path):
    answers = {url(number): article(number)._replace(delay=0.05) for number in range(1, 101)}
    answers[LIST] = listing([url(number) for number in range(1, 101)])
    db = tmp_path / "news.db"
    with Site(answers) as site:
        environment = {**os.environ, "http_proxy": site.proxy_url, "https_proxy": site.proxy_url, "no_proxy": ""}
        command = [sys.executable, "-m", "zjol_crawler", "crawl", "--start", LIST, "--db", f"sqlite:///{db}"]
        options = ["-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0"]
        running = subprocess.Popen([*command, *options], env=environment, stderr=subprocess.PIPE, text=True)
        while not (db.exists() and has_stored(db)):
            assert running.poll() is None
            time.sleep(0.05)
        (extracting,) = (
            child
            for child in psutil.Process(running.pid).children()
            if "resource_tracker" not in "".join(child.cmdline())
        )
        extracting.kill()
        _, said = running.communicate(timeout=60)
    assert running.returncode == 0, said
    assert "one by one" in said
    assert rows(db, "select count(*) from article") == [(100,)]


def has_stored(db):
    return bool(rows(db, "select 1 from sqlite_master where name = 'article'")) and rows(
        db, "select 1 from article limit 1"
    )
