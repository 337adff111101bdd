"""`zjol crawl` and `zjol scrape` over real HTTP."""

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import psutil
import pytest

from tests.cli import warm
from tests.crawler.site import HOST, LIST, Answer, Site, article, listing, little_site, url

# A thread begins sooner than the process that real crawls use.
FAST = ["-s", "DOWNLOAD_DELAY=0", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "RETRY_TIMES=1", "-s", "ZJOL_BACKGROUND=thread"]


def zjol(*arguments, site, timeout=60):
    environment = {**os.environ, "http_proxy": site.proxy_url, "https_proxy": site.proxy_url, "no_proxy": ""}
    return warm.run(arguments, environment=environment, timeout=timeout)


def rows(path, query):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def start(path, *more, site, until):
    """Begin a crawl in a process of its own, and give it once `until` is true, at the latest after half a minute."""
    arguments = ["crawl", "--start", LIST, "--db", f"sqlite:///{path}", *more]
    command = [sys.executable, "-c", "from zjol_crawler.cli import main; main()", *arguments]
    environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not until() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


@pytest.fixture
def site():
    with Site(little_site()) as running:
        yield running


def test_a_crawl_stores_each_article_once_and_a_second_fetches_none_again(site, tmp_path):
    path = tmp_path / "news.db"
    done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site)
    assert done.returncode == 0, done.stderr
    assert rows(path, "select count(*) from article") == [(7,)]
    assert "stored new             7" in done.stderr
    assert "Traceback" not in done.stderr
    reasons = dict(rows(path, "select reason, count(*) from rejection group by reason"))
    assert reasons == {"not_found": 2, "redirect_stub": 1, "http_error": 1, "robots": 1}

    before = rows(path, "select * from article") + rows(path, "select * from contribution")
    site.requests.clear()
    again = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site)
    assert again.returncode == 0, again.stderr
    assert not {url(number) for number in range(1, 8)} & set(site.asked())
    assert rows(path, "select * from article") + rows(path, "select * from contribution") == before


def test_pages_of_one_article_are_merged(site, tmp_path):
    path = tmp_path / "news.db"
    assert zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site).returncode == 0
    exported = zjol("export", "--db", f"sqlite:///{path}", site=site)
    records = {record["article_id"]: record for record in map(json.loads, exported.stdout.splitlines())}
    merged = records["t20161001_1990003"]
    assert merged["article_body"].endswith("\n这是第二页。")
    assert merged["page_urls"] == [url(3), url(3)[:-6] + "_1.shtml"]
    assert merged["page_count"] == 2


def test_limit_stops_after_so_many_articles_and_the_next_run_goes_on(site, tmp_path):
    path = tmp_path / "news.db"
    crawl = ("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST)
    assert zjol(*crawl, "--limit", "2", site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(2,)]
    assert zjol(*crawl, site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(7,)]


def test_since_and_until_choose_by_day(site, tmp_path):
    path = tmp_path / "news.db"
    site.answers[LIST] = listing([url(1)])
    crawl = ("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST)
    assert zjol(*crawl, "--since", "2016-10-02", site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(0,)]
    assert zjol(*crawl, "--until", "2016-10-01", site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(1,)]


def test_one_request_at_a_time_a_host_with_a_delay(site, tmp_path):
    quick = ("-s", "DOWNLOAD_DELAY=0.3", "-s", "DOWNLOAD_DELAY_JITTER=0", "-s", "AUTOTHROTTLE_ENABLED=0")
    zjol("crawl", "--start", LIST, "--limit", "3", "--db", f"sqlite:///{tmp_path / 'news.db'}", *quick, site=site)
    times = [moment for moment, asked in site.requests if not asked.endswith("robots.txt")]
    gaps = [later - sooner for sooner, later in itertools.pairwise(times)]
    assert len(gaps) >= 3
    assert min(gaps) > 0.28


def test_an_interrupted_crawl_ends_cleanly_and_goes_on(site, tmp_path):
    path = tmp_path / "news.db"
    process = start(
        *(path, "-s", "DOWNLOAD_DELAY=0.4"),
        site=site,
        until=lambda: sum("/t2016" in asked for asked in site.asked()) >= 2,
    )
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    stored = rows(path, "select count(*) from article")[0][0]
    assert 0 < stored < 7
    assert zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(7,)]


@pytest.mark.parametrize("is_killed", [True, False])
def test_a_list_page_missed_by_one_run_is_read_by_the_next(site, tmp_path, is_killed):
    path = tmp_path / "news.db"
    crawl = ("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST)
    second = site.answers.pop(LIST + "index_1.shtml")
    assert zjol(*crawl, site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(4,)]
    if is_killed:
        with sqlite3.connect(path) as connection:
            connection.execute("update crawl_run set outcome = null, finished_at = null, counts = null")
    site.answers[LIST + "index_1.shtml"] = second
    assert zjol(*crawl, site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(7,)]

    site.requests.clear()
    assert zjol(*crawl, site=site).returncode == 0
    assert site.asked() == [LIST]


def test_scrape_fetches_all_pages_of_an_article(site):
    done = zjol("scrape", url(3), "--json", *FAST, site=site)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["page_urls"] == [url(3), url(3)[:-6] + "_1.shtml"]


def test_scrape_follows_a_redirect_and_names_where_it_led(site):
    site.answers[f"{HOST}/old.shtml"] = Answer(status=302, headers=(("Location", url(1)),))
    done = zjol("scrape", f"{HOST}/old.shtml", "--json", *FAST, site=site)
    assert json.loads(done.stdout)["url"] == url(1)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        (LIST, "not_article"),
        (url(8), "not_found"),
        (url(9), "redirect_stub"),
        (url(10), "http_error"),
        (url(99), "not_found"),
    ],
)
def test_scrape_of_what_is_no_article_is_one_line_and_status_1(site, address, reason):
    done = zjol("scrape", address, "--json", *FAST, site=site)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"{address}: {reason}" in done.stderr


def test_a_page_cut_by_the_connection_is_rejected(site):
    site.answers[url(1)] = article(1)._replace(is_cut=True)
    done = zjol("scrape", url(1), *FAST, site=site)
    assert done.returncode == 1
    assert "connection" in done.stderr or "truncated" in done.stderr


def test_a_host_that_hangs_is_a_timeout(site):
    site.answers[url(1)] = article(1)._replace(delay=5)
    done = zjol("scrape", url(1), *FAST, "-s", "DOWNLOAD_TIMEOUT=1", "-s", "RETRY_ENABLED=0", site=site)
    assert done.returncode == 1
    assert f"{url(1)}: timeout" in done.stderr


def test_an_unreachable_host_is_one_clear_line(tmp_path):
    with Site() as gone:
        pass
    done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{tmp_path / 'news.db'}", *FAST, site=gone)
    assert done.returncode == 1
    assert "connection" in done.stderr.splitlines()[-1]
    assert LIST in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_database_that_cannot_be_opened_fetches_nothing(site, tmp_path):
    done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{tmp_path}/missing/news.db", *FAST, site=site)
    assert done.returncode == 1
    assert "missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert site.asked() == []


def test_a_catalogue_of_ones_own_adds_channels(site, tmp_path, monkeypatch):
    mine = tmp_path / "mine.toml"
    channel = f'[[channel]]\nname = "mine"\nurl = "{LIST}"\ntitle = "自选"\n'
    mine.write_text(channel + 'cadence = "3h"\n', encoding="utf-8")
    monkeypatch.setenv("ZJOL_CHANNELS", str(mine))
    assert "自选" in zjol("channels", site=site).stdout
    assert (
        zjol("crawl", "mine", "--limit", "1", "--db", f"sqlite:///{tmp_path / 'a.db'}", *FAST, site=site).returncode
        == 0
    )
    (hours,) = rows(
        tmp_path / "a.db",
        f"select round((julianday(next_visit) - julianday(visited_at)) * 24, 2) from page where url = '{LIST}'",
    )
    assert hours == (3.0,)
    mine.write_text(channel + 'cadence = "often"\n', encoding="utf-8")
    odd = zjol("channels", site=site)
    assert odd.returncode == 1
    assert len(odd.stderr.splitlines()) == 1
    assert "'often' is no span of time" in odd.stderr
    mine.write_text('[[channel]]\nname = "mine"\nurl = "http://example.com/"\n')
    refused = zjol("crawl", "mine", "--db", f"sqlite:///{tmp_path / 'a.db'}", site=site)
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [f"zjol: {mine}: channel mine: http://example.com/ is no page of the site"]


@pytest.mark.parametrize("is_kept", [True, False])
def test_an_interrupt_does_not_wait_for_a_host_that_hangs(site, tmp_path, is_kept):
    path = tmp_path / "news.db"
    site.answers[url(2)] = article(2)._replace(delay=25)
    archive = ["--archive", str(tmp_path / "warc")] if is_kept else []
    process = start(path, "-s", "DOWNLOAD_DELAY=0.05", *archive, site=site, until=lambda: url(2) in site.asked())
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 12
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    # Its page is due as it was.
    assert rows(path, "select state, attempts from page where url like '%1990002%'") == [("found", 0)]
    assert rows(path, "select count(*) from rejection where reason != 'robots'") == [(0,)]
    assert rows(path, "select outcome from crawl_run") == [("shutdown",)]


def test_a_second_interrupt_ends_a_crawl_at_once_and_the_next_goes_on(site, tmp_path):
    path = tmp_path / "news.db"
    site.answers[url(2)] = article(2)._replace(delay=25)
    process = start(path, "-s", "DOWNLOAD_DELAY=0.05", site=site, until=lambda: url(2) in site.asked())
    others = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < 4
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert not psutil.wait_procs(others, timeout=5)[1]
    site.answers[url(2)] = article(2)
    again = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{path}", *FAST, site=site)
    assert again.returncode == 0, again.stderr
    assert rows(path, "select count(*), count(distinct article_id) from article") == [(7, 7)]


def test_an_address_on_a_list_that_cannot_be_read_costs_no_other(tmp_path):
    broken = listing(["http://[zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_1990009.shtml", url(1)])
    with Site({LIST: broken, url(1): article(1)}) as site:
        done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{tmp_path / 'news.db'}", *FAST, site=site)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "stored new             1" in done.stderr


def test_lists_that_share_their_first_page_are_both_followed(site, tmp_path):
    other = f"{HOST}/zjnews/ycxw/"
    site.answers = {url(number): article(number) for number in range(1, 7)}
    site.answers[LIST] = listing([url(1), url(2)], "index_1.shtml")
    site.answers[LIST + "index_1.shtml"] = listing([url(3), url(4)])
    site.answers[other] = listing([url(1), url(2)], "index_1.shtml")
    site.answers[other + "index_1.shtml"] = listing([url(5), url(6)])
    path = tmp_path / "news.db"
    crawl = ("crawl", "--start", LIST, "--start", other, "--db", f"sqlite:///{path}", *FAST)
    assert zjol(*crawl, site=site).returncode == 0
    assert rows(path, "select count(*) from article") == [(6,)]
    site.forget()
    assert zjol(*crawl, site=site).returncode == 0
    assert sorted(site.asked()) == sorted([LIST, other])
