"""What a crawl lives through, on real servers and at full length: kills, failures, many crawls, an outage.

    python -m benchmarks.endurance kills [--cdx-indexer PATH]
    python -m benchmarks.endurance failures|many|outage|politeness

Each serves a site on loopback, runs `zjol crawl` over it, and judges the end by the server's own log and the database.

* `kills`: 2,000 articles; SIGKILL ten times at random, then a last run; the archive opened by warcio and fastwarc, and
  by pywb's `cdx-indexer` where one is given.
* `failures`: 1,000 articles on ten hosts, one in ten failing, each in another way; one host hangs, one is overloaded.
* `many`: four crawls on one PostgreSQL, eight hosts, 5,000 articles; two are killed.
* `outage`: PostgreSQL away for a minute in the middle of a crawl.
* `politeness`: four crawls of four hosts with a delay and a `Crawl-delay`; the gaps between requests of a host.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import text

from benchmarks.readers import open_archive
from pipelines.store.engine import open_database
from tests import servers
from tests.crawler.site import Answer, Site, article, listing

_QUICK = ("AUTOTHROTTLE_ENABLED=0", "DOWNLOAD_DELAY_JITTER=0")
_HTML = ("Content-Type", "text/html; charset=utf-8")
_PER_LIST = 50


def rig(hosts: Sequence[str], count: int) -> tuple[dict[str, Answer], list[str], list[str]]:
    """Give a site of so many articles on each host: its answers, its lists, its articles."""
    answers: dict[str, Answer] = {}
    lists, articles = [], []
    for place, host in enumerate(hosts):
        first = f"http://{host}/news/"
        numbers = [1_000_000 + place * count + number for number in range(count)]
        urls = [f"{first}201610/t20161001_{number}.shtml" for number in numbers]
        answers |= {url: article(number) for url, number in zip(urls, numbers, strict=True)}
        for page, at in enumerate(range(0, count, _PER_LIST)):
            following = f"{first}index_{page + 1}.shtml" if at + _PER_LIST < count else None
            answers[f"{first}index_{page}.shtml" if page else first] = listing(urls[at : at + _PER_LIST], following)
        lists.append(first)
        articles += urls
    return answers, lists, articles


def start(site: Site, lists: Iterable[str], url: str, settings: Sequence[str], *more: str) -> subprocess.Popen[str]:
    """Start a crawl."""
    words = [word for first in lists for word in ("--start", first)]
    words += [word for setting in settings for word in ("-s", setting)]
    command = [sys.executable, "-m", "zjol_crawler", "crawl", *words, "--db", url, *more]
    environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    """Ask the database."""
    engine = open_database(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return rows


def overlaps(site: Site) -> tuple[int, dict[str, float]]:
    """Give how often a host was asked while it still answered, and the shortest time between two requests of each."""
    spans = defaultdict(list)
    for address, begun, ended in site.spans:
        spans[address.split("/")[2]].append((begun, ended))
    count, gaps = 0, {}
    for host, times in spans.items():
        pairs = list(itertools.pairwise(sorted(times)))
        count += sum(begun < ended for (_, ended), (begun, _) in pairs)
        gaps[host] = min(later - sooner for (sooner, _), (later, _) in pairs)
    return count, gaps


def fetched_again(site: Site, kills: Sequence[float]) -> tuple[int, int]:
    """Give how many articles were fetched more than once, and how often one was without a kill in between."""
    times = defaultdict(list)
    for moment, address in site.requests:
        if "/t2016" in address:
            times[address].append(moment)
    unexcused = sum(
        not any(sooner < kill < later for kill in kills)
        for moments in times.values()
        for sooner, later in itertools.pairwise(moments)
    )
    return sum(len(moments) > 1 for moments in times.values()), unexcused


def kills(folder: Path, cdx_indexer: str | None) -> None:
    """Kill a crawl ten times."""
    answers, lists, articles = rig(["zjnews.zjol.com.cn"], 2000)
    url, archive = f"sqlite:///{folder / 'news.db'}", folder / "warc"
    chance = random.Random()
    moments = []
    with Site(answers) as site:
        for _ in range(10):
            crawl = start(site, lists, url, (*_QUICK, "DOWNLOAD_DELAY=0.01"), "--archive", str(archive))
            before = len(site.requests)
            while len(site.requests) == before:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.2, 3))
            crawl.send_signal(signal.SIGKILL)
            moments.append(time.monotonic())
            crawl.communicate()
        last = start(site, lists, url, (*_QUICK, "DOWNLOAD_DELAY=0.01"), "--archive", str(archive))
        _, errors = last.communicate()
        again, unexcused = fetched_again(site, moments)
    stored = ask(url, "select count(*), count(distinct article_id) from article")[0]
    fetched = [sum(moment < kill for moment, _ in site.requests) for kill in moments]
    print(f"exit {last.returncode}; stored {stored} of {len(articles)}; killed after {fetched} requests")
    print(f"{again} articles fetched more than once, {unexcused} times without a kill in between")
    print(open_archive(sorted(archive.glob("*")), set(answers), cdx_indexer))
    assert last.returncode == 0, errors
    assert stored == (len(articles), len(articles))
    assert not unexcused


def failing(number: int, url: str, host: str) -> tuple[str, Answer, str | None]:
    """Give one way to fail: its name, the answer, and the reason it is listed under; None where it can be had."""
    good = article(number)
    loop = Answer(status=302, headers=(("Location", url),))
    soft = Answer("<html><body><h1>404 Not Found</h1><p>您访问的页面不存在</p></body></html>".encode())
    bomb = Answer(gzip.compress(b"<html>" + b"a" * 60_000_000), headers=(_HTML, ("Content-Encoding", "gzip")))
    later = Answer(b"later", 429, headers=(("Retry-After", "1"),))
    ways: list[tuple[str, Answer, str | None]] = [
        ("timeout", good._replace(delay=4), "timeout"),
        ("reset", good._replace(is_reset=True), "connection"),
        ("cut body", good._replace(is_cut=True), "connection"),
        ("Content-Length too short", good._replace(lie=-300), "truncated"),
        ("redirect loop", loop, "redirect_loop"),
        ("404 with status 200", soft, "not_found"),
        ("gzip bomb", bomb, "too_large"),
        ("huge page", Answer(b"<html>" + b"a" * 21_500_000), "too_large"),
        ("500", Answer(b"broken", 500), "http_error"),
        ("404", Answer(b"gone", 404), "not_found"),
        ("500 once", good._replace(before=(Answer(b"broken", 500),)), None),
        ("reset once", good._replace(before=(good._replace(is_reset=True),)), None),
        ("timeout once", good._replace(before=(good._replace(delay=4),)), None),
        ("cut once", good._replace(before=(good._replace(is_cut=True),)), None),
        ("429, Retry-After 1", good._replace(before=(later,)), None),
        ("503, Retry-After 1", good._replace(before=(later._replace(status=503),)), None),
        ("off the site", Answer(status=302, headers=(("Location", "http://10.0.0.1/"),)), "off_site"),
    ]
    return ways[number // 10 % len(ways)]


def failures(folder: Path) -> None:
    """Crawl a site on which one page in ten fails."""
    hosts = [f"h{number}.zjol.com.cn" for number in range(10)]
    answers, lists, articles = rig(hosts, 100)
    expected: dict[str, str | None] = {}
    for number, url in enumerate(articles):
        if number % 10 == 5:
            _, answers[url], expected[url] = failing(number, url, url.split("/")[2])
    hanging = "http://hang.zjol.com.cn/news/"
    busy = "http://busy.zjol.com.cn/news/"
    answers[hanging] = answers["http://hang.zjol.com.cn/robots.txt"] = Answer(b"", delay=30)
    answers[busy] = Answer(b"later", 503, headers=(("Retry-After", "3600"),))
    url = f"sqlite:///{folder / 'news.db'}"
    settings = (*_QUICK, "DOWNLOAD_DELAY=0.05", "DOWNLOAD_TIMEOUT=2")
    began = time.monotonic()
    with Site(answers) as site:
        crawl = start(site, [*lists, hanging, busy], url, settings, "--archive", str(folder / "warc"))
        _, errors = crawl.communicate()
    lost = {address for address, reason in expected.items() if reason is not None}
    stored = ask(url, "select count(*), count(distinct article_id) from article")[0]
    listed = dict(ask(url, "select url, reason from rejection"))
    print(f"exit {crawl.returncode} after {time.monotonic() - began:.0f} s; stored {stored} of {len(articles)}")
    print("rejections:", dict(Counter(listed.values())))
    wrong = {
        address: (reason, listed.get(address)) for address, reason in expected.items() if listed.get(address) != reason
    }
    print(f"{len(lost)} cannot be had; listed otherwise than expected: {wrong}")
    print(
        "left in the ledger:",
        ask(
            url, "select host, state, error, count(*) from page where state not in ('stored', 'list') group by 1, 2, 3"
        ),
    )
    print(errors[-3000:])
    assert crawl.returncode == 0, errors
    assert stored == (len(articles) - len(lost), len(articles) - len(lost))
    assert "Traceback" not in errors


def many() -> None:
    """Let four crawls share eight hosts, and kill two."""
    hosts = [f"h{number}.zjol.com.cn" for number in range(8)]
    answers, lists, articles = rig(hosts, 625)
    answers = {address: answer._replace(delay=0.01) for address, answer in answers.items()}
    server = servers.StoppableServer()
    url = server.url
    open_database(url).dispose()
    settings = (*_QUICK, "DOWNLOAD_DELAY=0.02")
    moments = []
    began = time.monotonic()
    with Site(answers) as site:
        crawls = [start(site, lists, url, settings) for _ in range(4)]
        for _ in range(2):
            before = len(site.requests)
            while len(site.requests) < before + 150:
                time.sleep(0.05)
            time.sleep(random.uniform(0, 5))
            shown = subprocess.run(
                [sys.executable, "-m", "zjol_crawler", "workers", "--db", url],
                env={**os.environ, "COLUMNS": "160"},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            print(shown)
            serving = [crawl for crawl in crawls if f"/{crawl.pid}/" in shown and crawl.poll() is None]
            victim = random.choice(serving)
            victim.send_signal(signal.SIGKILL)
            moments.append(time.monotonic())
            print(f"killed {victim.pid} after {moments[-1] - began:.0f} s")
        # One that joins late.
        crawls.append(start(site, lists, url, settings))
        errors = [crawl.communicate()[1] for crawl in crawls]
        print(f"{time.monotonic() - began:.0f} s; exits {[crawl.returncode for crawl in crawls]}")
        again, unexcused = fetched_again(site, moments)
        twice, gaps = overlaps(site)
    stored = ask(url, "select count(*), count(distinct article_id) from article")[0]
    states = dict(ask(url, "select state, count(*) from page group by state"))
    print(f"stored {stored} of {len(articles)}; ledger {states}")
    print(f"{again} articles fetched more than once, {unexcused} times without a kill in between")
    print(f"a host asked by two at once: {twice} times; shortest gap {1000 * min(gaps.values()):.1f} ms")
    server.close()
    assert sorted(crawl.returncode for crawl in crawls) == [-9, -9, 0, 0, 0], errors
    assert stored == (len(articles), len(articles))
    assert not unexcused
    assert not twice


def outage(seconds: float) -> None:
    """Stop PostgreSQL for a minute."""
    answers, lists, articles = rig(["h0.zjol.com.cn", "h1.zjol.com.cn"], 500)
    server = servers.StoppableServer()
    with Site(answers) as site:
        crawl = start(site, lists, server.url, (*_QUICK, "DOWNLOAD_DELAY=0.03"))
        while len(site.requests) < 100:
            time.sleep(0.1)
        server.stop()
        before = len(site.requests)
        time.sleep(seconds)
        print(f"away for {seconds:.0f} s, in which {len(site.requests) - before} pages were asked for")
        server.start()
        began = time.monotonic()
        _, errors = crawl.communicate()
        again, _ = fetched_again(site, [])
    stored = ask(server.url, "select count(*), count(distinct article_id) from article")[0]
    print(f"exit {crawl.returncode} {time.monotonic() - began:.0f} s after its return; stored {stored}; {again} twice")
    print(errors[:600])
    server.close()
    assert crawl.returncode == 0, errors
    assert stored == (len(articles), len(articles))
    assert not again


def politeness(folder: Path) -> None:
    """Crawl hosts by several crawls, one after the other and together, and look at the gaps."""
    hosts = [f"h{number}.zjol.com.cn" for number in range(4)]
    answers, lists, articles = rig(hosts, 30)
    answers["http://h0.zjol.com.cn/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 0.7\n")
    url = f"sqlite:///{folder / 'news.db'}"
    open_database(url).dispose()
    with Site(answers) as site:
        for pause in (2, 0.5):
            crawls = [start(site, lists, url, ("DOWNLOAD_DELAY=0.3", "AUTOTHROTTLE_ENABLED=0")) for _ in range(2)]
            time.sleep(pause + 3)
            for crawl in crawls:
                crawl.send_signal(signal.SIGINT)
            for crawl in crawls:
                crawl.communicate()
        crawls = [start(site, lists, url, ("DOWNLOAD_DELAY=0.3", "AUTOTHROTTLE_ENABLED=0")) for _ in range(4)]
        for crawl in crawls:
            crawl.communicate()
        twice, gaps = overlaps(site)
    print(ask(url, "select count(*) from article"), f"of {len(articles)}; overlaps {twice}")
    for host, gap in sorted(gaps.items()):
        print(f"{host}: shortest gap {1000 * gap:.1f} ms")
    assert not twice
    assert gaps["h0.zjol.com.cn"] >= 0.698
    assert min(gaps.values()) >= 0.298


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("kills", "failures", "many", "outage", "politeness"))
    parser.add_argument("--cdx-indexer", help="pywb's, in a virtual environment of its own")
    parser.add_argument("--seconds", type=float, default=60, help="how long PostgreSQL is away")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.what == "kills":
            kills(Path(name), given.cdx_indexer)
        elif given.what == "outage":
            outage(given.seconds)
        elif given.what == "many":
            many()
        else:
            {"failures": failures, "politeness": politeness}[given.what](Path(name))


if __name__ == "__main__":
    main()
