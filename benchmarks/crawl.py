"""What the whole road costs: fetch, extract, store and archive, beside a spider that only fetches, in one run.

    python -m benchmarks.crawl [--articles N] [--rounds R] [--database URL] [--memory]

All crawl one loopback server, in a process of its own, with no politeness limits: lists of a hundred articles, pages
of 60 KB. The spider that only fetches runs with Scrapy's own settings, and with ours, which make fewer tasks. Ratios
are to the first, taken within a round, medians over the rounds; every other round goes the other way about, for a
machine that grows slower would count against the last. `--memory` crawls once, and prints its memory as it goes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

HOST = "http://zjnews.zjol.com.cn"
LIST = f"{HOST}/zjnews/zjxw/"
_PER_LIST = 100
_PAGE_BYTES = 60_000
_FAST = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "CONCURRENT_REQUESTS": 16,
}
# Scrapy's default, where zjol_crawler.settings has less.
_FETCH_SETTINGS: dict[str, dict[str, object]] = {"fetch": {"CONCURRENT_ITEMS": 100}, "fetch-ours": {}}
_TITLES = {"fetch": "fetch only", "fetch-ours": "fetch only, our settings", "road": "whole road"}


def serve(count: int, port: int) -> None:
    """Answer for the site's lists and articles; each connection is kept."""
    from benchmarks.extract import enlarged
    from tests.crawler.site import article, listing

    text = "这是一段没有什么新意的正文,只为了让页面像真的一样长,读起来也像真的一样。" * 40
    page = enlarged(article(7_000_000, text=text).body, _PAGE_BYTES)
    lists = -(-count // _PER_LIST)

    def body(path: str) -> bytes:
        if path.startswith(f"{LIST}"):
            rest = path.removeprefix(LIST)
            if rest.startswith("2016"):
                return page.replace(b"7000000", path.rpartition("_")[2].removesuffix(".shtml").encode())
            number = int(rest.removeprefix("index_").removesuffix(".shtml") or 0)
            numbers = range(number * _PER_LIST, min(count, (number + 1) * _PER_LIST))
            following = f"index_{number + 1}.shtml" if number + 1 < lists else None
            return listing([f"{LIST}201610/t20161001_{1_000_000 + one}.shtml" for one in numbers], following).body
        return b""

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                while stream.readline() not in (b"\r\n", b""):
                    pass
                content = body(line.split()[1].decode())
                head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(content)
                connection.sendall(head + content)

    with socket.create_server(("127.0.0.1", port)) as server:
        while True:
            threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()


def fetch_only(settings: dict[str, object]) -> dict[str, object]:
    """Crawl with Scrapy alone: read lists, fetch articles, do nothing with them."""
    import scrapy
    from scrapy.http import Response

    from zjol_crawler.running import crawl

    class FetchOnly(scrapy.Spider):
        name = "fetch_only"
        start_urls = (LIST,)

        def parse(self, response: Response) -> object:
            for href in response.xpath("//li[@class='listLi']/a/@href").getall():
                yield scrapy.Request(response.urljoin(href), callback=self.take)
            for href in response.xpath("//a[text()='下一页']/@href").getall():
                yield scrapy.Request(response.urljoin(href))

        def take(self, response: Response) -> None:
            pass

    return crawl(FetchOnly, {**_FAST, **settings, "ITEM_PIPELINES": {}, "DOWNLOADER_MIDDLEWARES": {}}).stats


def whole_road(folder: Path, database: str) -> dict[str, object]:
    """Crawl as `zjol crawl --archive` does."""
    from zjol_crawler.crawling import CrawlJob, run_job

    return run_job(CrawlJob([LIST], database, settings=_FAST, archive=folder / "warc"), command="benchmark").stats


def measure(kind: str, database: str) -> dict[str, float]:
    """Run one crawl in this process and give its seconds, processor seconds and peak memory, children included."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        url = database or f"sqlite:///{name}/articles.db"
        stats = whole_road(Path(name), url) if kind == "road" else fetch_only(_FETCH_SETTINGS[kind])
        seconds = time.monotonic() - started
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    pages = int(str(stats["response_received_count"]))
    stored = int(str(stats.get("zjol/stored", 0)))
    return {
        "pages": pages,
        "stored": stored,
        "seconds": seconds,
        "rate": pages / float(str(stats["elapsed_time_seconds"])),
        "cpu": (own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime) / pages,
        "own_cpu": (own.ru_utime + own.ru_stime) / pages,
        "megabytes": (own.ru_maxrss + children.ru_maxrss) / 1024,
    }


def run(kind: str, database: str, environment: dict[str, str], watch: bool = False) -> dict[str, float]:
    """Run one crawl in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.crawl", "--run", kind, "--database", database]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    if watch:
        while process.poll() is None:
            time.sleep(5)
            try:
                family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
                print(*(f"{one.memory_info().rss / 1e6:.0f} MB" for one in family), flush=True)
            except psutil.NoSuchProcess:
                break
    output, _ = process.communicate()
    result: dict[str, float] = json.loads(output)
    return result


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--database", default="", help="an empty database; a new SQLite file for each round otherwise")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--run", choices=tuple(_TITLES), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        print(json.dumps(measure(given.run, given.database)))
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(given.articles, port), daemon=True)
    server.start()
    environment = {**os.environ, "http_proxy": f"http://127.0.0.1:{port}", "no_proxy": ""}
    _wait_for(port)
    if given.memory:
        print(run("road", given.database, environment, watch=True))
        return
    ratios = []
    for number in range(given.rounds):
        results = {
            kind: run(kind, given.database if kind == "road" else "", environment)
            for kind in (list(_TITLES) if number % 2 == 0 else reversed(_TITLES))
        }
        ratios.append(results["road"]["rate"] / results["fetch"]["rate"])
        print(f"round {number + 1}")
        for kind, title in _TITLES.items():
            result = results[kind]
            print(
                f"  {title}: {result['rate']:6.1f} pages/s, {1000 * result['cpu']:.2f} ms of CPU a page "
                f"({1000 * result['own_cpu']:.2f} in the fetching process), {result['stored']:.0f} stored, "
                f"{result['megabytes']:.0f} MB"
            )
        print(f"  ratio: {ratios[-1]:.2f}", flush=True)
    print(f"whole road / fetch only, median of {given.rounds}: {statistics.median(ratios):.2f}")
    server.terminate()


def _wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main()
