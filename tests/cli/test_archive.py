"""`zjol crawl --archive` and `zjol reparse`: what is kept, and what today's parser makes of it."""

import asyncio
import gzip
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from sqlalchemy import create_engine, text
from warcio.archiveiterator import ArchiveIterator

from tests import servers
from tests.cli.test_crawl import FAST, rows, zjol
from tests.crawler.site import LIST, Answer, Site, article, listing, little_site, url
from zjol_crawler.archive import find_captures, read_capture
from zjol_crawler.archive_writer import ArchiveWriter, archive_files
from zjol_crawler.archiving import ArchiveMiddleware

_KILLS = 4


def records(folder: Path) -> list[tuple[str, str | None]]:
    """Type and address of every record, as warcio reads them; digests are checked."""
    found = []
    for path in archive_files(folder):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
                found.append((record.rec_type, record.rec_headers.get_header("WARC-Target-URI")))
    return found


@pytest.fixture
def site():
    with Site(little_site()) as running:
        yield running


def crawl(site, folder, db, *more):
    return zjol("crawl", "--start", LIST, "--db", f"sqlite:///{db}", "--archive", folder, *FAST, *more, site=site)


def test_every_response_is_kept_and_read_by_two_readers(site, tmp_path):
    folder = tmp_path / "archive"
    done = crawl(site, folder, tmp_path / "news.db")
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.warc.gz")
    found = records(folder)
    assert found[0] == ("warcinfo", None)
    kept = {address for kind, address in found if kind == "response"}
    assert set(site.asked()) | {address for _, address in site.requests} == kept
    assert [kind for kind, _ in found].count("request") == len(found) // 2
    captures = {capture.url: capture for capture in find_captures(path, Counter())}
    page = read_capture(captures[url(1)])
    assert page.body == site.answers[url(1)].body
    with sqlite3.connect(folder / "index.sqlite") as index:
        assert index.execute("select count(*) from capture").fetchone()[0] == len(found) // 2
        file, offset = index.execute("select file, offset from capture where url = ?", (url(1),)).fetchone()
    with (folder / file).open("rb") as stream:
        stream.seek(offset)
        assert gzip.GzipFile(fileobj=stream).readline() == b"WARC/1.1\r\n"


def test_the_archive_gives_the_records_of_the_crawl_again(site, tmp_path):
    folder, db = tmp_path / "archive", tmp_path / "news.db"
    assert crawl(site, folder, db).returncode == 0
    crawled = zjol("export", "--db", f"sqlite:///{db}", site=site).stdout
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert zjol("ingest", *archive_files(folder), "--db", other, site=site).returncode == 0
    assert sorted(zjol("export", "--db", other, site=site).stdout.splitlines()) == sorted(crawled.splitlines())


def test_an_unchanged_page_is_a_revisit(tmp_path):
    with Site({LIST: listing([url(1)]), url(1): article(1)}) as site:
        for name in ("one.db", "two.db"):
            assert crawl(site, tmp_path / "archive", tmp_path / name).returncode == 0
        site.answers[url(1)] = article(1, text="改过的正文。")
        assert crawl(site, tmp_path / "archive", tmp_path / "three.db").returncode == 0
    kinds = [kind for kind, address in records(tmp_path / "archive") if address == url(1) and kind != "request"]
    assert kinds == ["response", "revisit", "response"]


def test_reparse_says_what_changed_before_it_writes(site, tmp_path):
    folder, db = tmp_path / "archive", tmp_path / "news.db"
    assert crawl(site, folder, db).returncode == 0
    same = zjol("reparse", "--db", f"sqlite:///{db}", "--archive", folder, site=site)
    assert (same.returncode, same.stdout) == (0, "")
    assert "7 records" in same.stderr
    with sqlite3.connect(db) as connection:
        connection.execute(
            "update article set headline = '旧的标题', record_hash = 'x' where article_id like '%1990001'"
        )
        connection.execute("delete from article where article_id like '%1990002'")
    dry = zjol("reparse", "--db", f"sqlite:///{db}", "--archive", folder, "--dry-run", site=site)
    assert sorted(dry.stdout.splitlines()) == ["t20161001_1990001\tchanged\theadline", "t20161001_1990002\tnew"]
    assert "nothing is written" in dry.stderr
    assert rows(db, "select count(*) from revision") == [(0,)]
    real = zjol("reparse", "--db", f"sqlite:///{db}", "--archive", folder, "--workers", "2", site=site)
    assert real.stdout == dry.stdout
    assert rows(db, "select headline from article where article_id like '%1990001'") == [("第1号新闻",)]
    assert rows(db, "select changed_fields from revision") == [('["headline"]',)]
    assert rows(db, "select count(*) from article") == [(7,)]


def test_reparse_refuses_what_is_no_archive(site, tmp_path):
    missing = zjol("reparse", "--db", "sqlite://", "--archive", tmp_path / "none", site=site)
    assert missing.returncode == 1
    assert "there is no such folder" in missing.stderr


def test_a_crawl_killed_at_random_and_run_again_loses_nothing(tmp_path):
    answers = {url(number): article(number) for number in range(1, 121)}
    answers[LIST] = listing(list(answers))
    folder, db = tmp_path / "archive", tmp_path / "news.db"
    arguments = ["crawl", "--start", LIST, "--db", f"sqlite:///{db}", "--archive", str(folder)]
    settings = ["-s", "DOWNLOAD_DELAY=0.01", "-s", "AUTOTHROTTLE_ENABLED=0", "-s", "ZJOL_BATCH_SIZE=10"]
    command = [sys.executable, "-c", "from zjol_crawler.cli import main; main()", *arguments, *settings]
    chance = random.Random(5)
    with Site(answers) as site:
        environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
        for _ in range(_KILLS):
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(1.0, 1.8))
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert last.returncode == 0, last.stderr
        fetched = [asked for asked in site.asked() if asked != LIST]
    assert rows(db, "select count(*), count(distinct article_id) from article") == [(120, 120)]
    assert max(fetched.count(asked) for asked in set(fetched)) <= _KILLS + 1
    assert not list(folder.glob("*.open"))
    kept = {address for kind, address in records(folder) if kind in ("response", "revisit")}
    assert set(answers) <= kept


def test_a_file_cut_in_the_middle_of_a_record_is_mended(site, tmp_path):
    folder = tmp_path / "archive"
    assert crawl(site, folder, tmp_path / "news.db").returncode == 0
    (path,) = folder.glob("*.warc.gz")
    before = records(folder)
    left = path.with_name("zjol-20161001T000000Z-999999999-00000.warc.gz.open")
    left.write_bytes(path.read_bytes()[:-40])
    path.unlink()
    ArchiveWriter(folder).close()
    assert records(folder) == before[:-1]


def test_what_a_kill_kept_out_of_the_index_is_added_to_it(site, tmp_path):
    folder = tmp_path / "archive"
    assert crawl(site, folder, tmp_path / "news.db").returncode == 0
    (path,) = folder.glob("*.warc.gz")
    index = folder / "index.sqlite"
    before = rows(index, "select * from capture order by offset")
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("delete from capture where offset > ?", (before[2][-1],))
    path.rename(f"{path}.open")
    ArchiveWriter(folder).close()
    assert rows(index, "select * from capture order by offset") == before


def test_a_new_file_is_begun_when_one_is_full(site, tmp_path):
    done = crawl(site, tmp_path / "archive", tmp_path / "news.db", "-s", "ZJOL_ARCHIVE_BYTES=2000")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "archive").glob("*.warc.gz"))) > 3
    assert url(7) in {address for _, address in records(tmp_path / "archive")}


def test_an_archive_that_cannot_be_written_fetches_nothing(site, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = crawl(site, blocked / "archive", tmp_path / "news.db")
    assert done.returncode == 1
    assert "the archive cannot be written" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert site.asked() == []


def test_what_is_kept_is_what_came_over_the_wire(tmp_path):
    body = gzip.compress(article(1).body)
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"))
    with Site({LIST: listing([url(1)]), url(1): Answer(body, headers=headers)}) as site:
        assert crawl(site, tmp_path / "archive", tmp_path / "news.db").returncode == 0
    assert rows(tmp_path / "news.db", "select headline from article") == [("第1号新闻",)]
    (path,) = (tmp_path / "archive").glob("*.warc.gz")
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response" and record.rec_headers.get_header("WARC-Target-URI") == url(1):
                assert record.raw_stream.read() == body
                assert record.http_headers.get_header("Content-Encoding") == "gzip"
    captures = {capture.url: capture for capture in find_captures(path, Counter())}
    page = read_capture(captures[url(1)])
    assert page.body == article(1).body


def test_a_full_disk_tears_no_record_and_stores_nothing_that_is_not_kept(tmp_path):
    answers = {
        url(number): article(number, text=" ".join(os.urandom(20).hex() for _ in range(1000)))
        for number in range(1, 21)
    }
    answers[LIST] = listing(list(answers))
    folder = tmp_path / "archive"
    with Site(answers) as site:
        environment = {**os.environ, "http_proxy": site.proxy_url, "no_proxy": ""}
        limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
        # The archive's file alone grows beyond it.
        limit += "; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
        arguments = ["crawl", "--start", LIST, "--db", "", "--archive", str(folder), *FAST]
        code = f"from zjol_crawler.cli import main; {limit}; main()"
        server = servers.postgresql()
        servers.wipe(server)
        arguments[4] = server.render_as_string(hide_password=False)
        full = subprocess.run(
            [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        assert full.returncode == 1, full.stderr
        assert "the archive cannot be written" in full.stderr
        assert "Traceback" not in full.stderr
        kept = {address for kind, address in records(folder) if kind == "response"}
        engine = create_engine(server)
        with engine.connect() as connection:
            stored = set(connection.scalars(text("select url from article")))
        assert stored <= kept
        assert 0 < len(stored) < 20
        again = zjol(*arguments, site=site)
        assert again.returncode == 0, again.stderr
        with engine.connect() as connection:
            assert connection.scalar(text("select count(*) from article")) == 20
        engine.dispose()
    assert set(answers) <= {address for _, address in records(folder)}


def test_a_response_that_cannot_be_archived_costs_no_other(tmp_path, monkeypatch):
    whole = ArchiveWriter._write

    def write(writer, exchange):
        if exchange.url == url(2):
            raise ValueError("a fault of ours")
        whole(writer, exchange)

    monkeypatch.setattr(ArchiveWriter, "_write", write)

    async def archive():
        middleware = ArchiveMiddleware(get_crawler(), str(tmp_path / "archive"))
        responses = [Response(url(number), body=b"text") for number in range(1, 5)]
        try:
            return await asyncio.gather(
                *(middleware.process_response(Request(response.url), response) for response in responses),
                return_exceptions=True,
            )
        finally:
            await middleware.close()

    one, two, *others = asyncio.run(archive())
    assert isinstance(two, ValueError)
    assert [one.url, *(other.url for other in others)] == [url(1), url(3), url(4)]
    kept = {address for kind, address in records(tmp_path / "archive") if kind == "response"}
    assert kept == {url(1), url(3), url(4)}
