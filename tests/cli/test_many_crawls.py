"""Crawls on one database: of many hosts by several processes that die, and through an outage of the server."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict

import pytest
from sqlalchemy import text

from pipelines.store.engine import open_database
from tests import servers
from tests.crawler.site import Answer, Site, article, listing

HOSTS = [f"h{number}.zjol.com.cn" for number in range(4)]
ARTICLES = 30


def many_hosts() -> tuple[dict[str, Answer], list[str]]:
    answers: dict[str, Answer] = {}
    lists = []
    for place, host in enumerate(HOSTS):
        first = f"http://{host}/news/"
        urls = [f"{first}201610/t20161001_{1000 * (place + 1) + number}.shtml" for number in range(ARTICLES)]
        answers |= {url: article(1000 * (place + 1) + number) for number, url in enumerate(urls)}
        for number, at in enumerate(range(0, ARTICLES, 10)):
            page = f"{first}index_{number}.shtml" if number else first
            following = f"{first}index_{number + 1}.shtml" if at + 10 < ARTICLES else None
            answers[page] = listing(urls[at : at + 10], following)
        lists.append(first)
    return answers, lists


def start(site: Site, lists: list[str], url: str, *more: str) -> subprocess.Popen:
    starts = [word for first in lists for word in ("--start", first)]
    settings = ("-s", "DOWNLOAD_DELAY=0.02", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "DOWNLOAD_DELAY_JITTER=0", *more)
    command = [sys.executable, "-m", "zjol_crawler", "crawl", *starts, "--db", url, *settings]
    environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def workers(url: str) -> str:
    command = [sys.executable, "-m", "zjol_crawler", "workers", "--db", url]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def wait_for(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_several_crawls_share_the_hosts_and_two_of_them_die(tmp_path, name):
    url = f"sqlite:///{tmp_path / 'news.db'}" if name == "sqlite" else postgresql_url()
    open_database(url).dispose()
    answers, lists = many_hosts()
    answers = {address: answer._replace(delay=0.2) for address, answer in answers.items()}
    with Site(answers) as site:
        crawls = [start(site, lists, url) for _ in range(4)]
        wait_for(lambda: len(site.asked()) > 12)
        # Those that serve hosts are killed, if there are two of them.
        shown = workers(url)
        crawls.sort(key=lambda crawl: f"/{crawl.pid}/" not in shown)
        assert f"/{crawls[0].pid}/" in shown
        for crawl in crawls[:2]:
            crawl.send_signal(signal.SIGKILL)
        errors = [crawl.communicate(timeout=90)[1] for crawl in crawls]
        assert [crawl.returncode for crawl in crawls[2:]] == [0, 0], errors
        asked = [address for address in site.asked() if "/t2016" in address]
        spans = site.spans
    engine = open_database(url)
    with engine.connect() as connection:
        stored = connection.execute(text("select count(*), count(distinct article_id) from article")).one()
        states = dict(connection.execute(text("select state, count(*) from page group by state")).all())
    engine.dispose()
    assert tuple(stored) == (4 * ARTICLES, 4 * ARTICLES)
    assert states == {"stored": 4 * ARTICLES, "list": 12}
    # What the killed had under way is fetched again, once a kill.
    assert max(Counter(asked).values()) <= 3
    by_host = defaultdict(list)
    for address, begun, ended in spans:
        by_host[address.split("/")[2]].append((begun, ended))
    for times in by_host.values():
        for (_, ended), (begun, _) in itertools.pairwise(sorted(times)):
            assert begun >= ended


def test_a_server_that_goes_away_for_a_while_loses_nothing():
    with contextlib.closing(servers.StoppableServer()) as server:
        answers, lists = many_hosts()
        with Site(answers) as site:
            crawl = start(site, lists[:2], server.url, "-s", "DOWNLOAD_DELAY=0.1")
            wait_for(lambda: len(site.asked()) > 10)
            server.stop()
            time.sleep(3)
            server.start()
            _, errors = crawl.communicate(timeout=90)
            assert crawl.returncode == 0, errors
            asked = [address for address in site.asked() if "/t2016" in address]
        assert len(asked) == len(set(asked)) == 2 * ARTICLES
        engine = open_database(server.url)
        with engine.connect() as connection:
            assert connection.scalar(text("select count(*) from article")) == 2 * ARTICLES
        engine.dispose()
    assert "is away" in errors
    assert "is back" in errors
    assert "Traceback" not in errors


def test_an_interrupt_does_not_wait_for_a_database_that_is_away():
    with contextlib.closing(servers.StoppableServer()) as server:
        answers, lists = many_hosts()
        with Site(answers) as site:
            crawl = start(site, lists[:1], server.url, "-s", "DOWNLOAD_DELAY=0.1")
            wait_for(lambda: len(site.asked()) > 5)
            server.stop()
            time.sleep(1)
            began = time.monotonic()
            crawl.send_signal(signal.SIGINT)
            _, errors = crawl.communicate(timeout=60)
            assert time.monotonic() - began < 20
            assert crawl.returncode == 130, errors
            assert "Traceback" not in errors
            server.start()
            assert start(site, lists[:1], server.url).wait(60) == 0
        engine = open_database(server.url)
        with engine.connect() as connection:
            assert connection.scalar(text("select count(*) from article")) == ARTICLES
        engine.dispose()


def postgresql_url() -> str:
    server = servers.postgresql()
    servers.wipe(server)
    return server.render_as_string(hide_password=False)
