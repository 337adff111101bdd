"""`zjol extract` on WARC files: the records that the crawl stores, whatever the archive's form."""

import gzip
import io
import json
import os
import zlib

import brotli
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.cli import warm
from tests.crawler.site import LIST, Site, article, little_site, url
from zjol_crawler.sample_site import SampleSite

DATE = "2026-01-02T03:04:05Z"


def zjol(*arguments, **environment):
    return warm.run(arguments, environment={**os.environ, **environment}, timeout=120)


def write_warc(path, captures, *, coding=None):
    """Write (url, body, status, content type, date) captures as response records."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=path.name.endswith(".gz"))
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "tests"}))
        for address, body, status, kind, date in captures:
            headers = [("Content-Type", kind)]
            if coding == "gzip":
                body = gzip.compress(body)
                headers.append(("Content-Encoding", "gzip"))
            if coding == "chunked":
                body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
                headers.append(("Transfer-Encoding", "chunked"))
            record = writer.create_warc_record(
                address,
                "response",
                payload=io.BytesIO(body),
                http_headers=StatusAndHeaders(f"{status} OK", headers, protocol="HTTP/1.1"),
                warc_headers_dict={"WARC-Date": date},
            )
            writer.write_record(record)


def page(number, **changes):
    fields = {
        "body": article(number).body,
        "status": 200,
        "kind": "text/html",
        "date": "2026-01-02T03:04:05Z",
        **changes,
    }
    return (url(number), fields["body"], fields["status"], fields["kind"], fields["date"])


@pytest.mark.parametrize("name", ["news.warc", "news.warc.gz"])
@pytest.mark.parametrize("coding", [None, "gzip", "chunked"])
def test_pages_are_read_whatever_the_codings(tmp_path, name, coding):
    write_warc(tmp_path / name, [page(1), page(2)], coding=coding)
    done = zjol("extract", tmp_path / name)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["headline"] for line in done.stdout.splitlines()] == ["第1号新闻", "第2号新闻"]


def test_what_is_no_page_is_skipped_and_counted(tmp_path):
    captures = [page(1), page(2, status=404), page(4, kind="image/jpeg"), page(1, date="2025-01-01T00:00:00Z")]
    write_warc(tmp_path / "news.warc.gz", captures)
    done = zjol("extract", tmp_path / "news.warc.gz")
    assert len(done.stdout.splitlines()) == 1
    assert "1 records" in done.stderr
    assert "1 status 404" in done.stderr
    assert "1 no HTML" in done.stderr
    assert "1 older capture" in done.stderr


def test_of_two_captures_the_later_wins(tmp_path):
    new = page(1, body=article(1, text="改过的正文。").body, date="2026-05-01T00:00:00Z")
    write_warc(tmp_path / "a.warc.gz", [page(1), page(2)])
    write_warc(tmp_path / "b.warc.gz", [new])
    done = zjol("extract", tmp_path / "a.warc.gz", tmp_path / "b.warc.gz")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["article_body"] for record in records] == ["改过的正文。", "这是第2号新闻的正文。"]


def test_rejections_go_to_their_file_and_workers_change_nothing(tmp_path):
    captures = [(address, answer.body, answer.status, "text/html", DATE) for address, answer in little_site().items()]
    write_warc(tmp_path / "news.warc.gz", captures)
    files = ("-o", tmp_path / "records.jsonl", "--rejects", tmp_path / "rejects.jsonl")
    assert zjol("extract", tmp_path / "news.warc.gz", *files).returncode == 0
    one = (tmp_path / "records.jsonl").read_bytes()
    rejected = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert {"url": url(9), "reason": "redirect_stub", "detail": url(1)} in rejected
    assert {(row["url"], row["reason"]) for row in rejected} >= {(LIST, "not_article"), (url(8), "not_found")}
    assert len(one.splitlines()) == 7
    assert zjol("extract", tmp_path / "news.warc.gz", *files, "--workers", "2").returncode == 0
    assert (tmp_path / "records.jsonl").read_bytes() == one


def test_what_no_grammar_could_read_is_counted_and_listed(tmp_path):
    odd = article(1).body.decode().replace("记者 方砚舟", "记者张三李四")
    write_warc(tmp_path / "news.warc.gz", [(url(1), odd.encode(), 200, "text/html", DATE), page(2)])
    done = zjol("extract", tmp_path / "news.warc.gz", "--unread", tmp_path / "unread.jsonl")
    assert "1 unread byline" in done.stderr
    (line,) = map(json.loads, (tmp_path / "unread.jsonl").read_text().splitlines())
    assert line == {"url": url(1), "field": "byline", "text": "记者张三李四"}


def test_export_gives_back_exactly_what_extract_prints(tmp_path):
    with SampleSite() as site:
        captures = [
            (address, site.answer(address).body, 200, "text/html", DATE)
            for sample in site.articles
            for address in sample.urls
        ]
        database = f"sqlite:///{tmp_path / 'news.db'}"
        assert zjol("demo", "--db", database).returncode == 0
    write_warc(tmp_path / "news.warc.gz", captures)
    extracted = zjol("extract", tmp_path / "news.warc.gz").stdout.splitlines()
    exported = zjol("export", "--db", database).stdout.splitlines()
    assert len(exported) == 42
    assert sorted(exported) == sorted(extracted)


def test_explain_shows_where_fields_came_from(tmp_path):
    write_warc(tmp_path / "news.warc.gz", [page(1)])
    done = zjol("extract", "--explain", tmp_path / "news.warc.gz", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "trs-2016" in done.stdout
    assert "div.contTxt" in done.stdout
    assert "方砚舟" in done.stdout
    saved = tmp_path / "page.html"
    saved.write_bytes(article(1).body)
    assert "第1号新闻" in zjol("extract", "--explain", saved, "--url", url(1), COLUMNS="200").stdout
    assert zjol("extract", "--explain", saved).returncode == 2


def test_explain_fetches_an_address_with_all_its_pages():
    with Site(little_site()) as site:
        reached = {"http_proxy": site.proxy_url, "no_proxy": "", "COLUMNS": "200"}
        done = zjol("extract", "--explain", url(3), "-s", "DOWNLOAD_DELAY=0", **reached)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("div.contTxt") == 2
        assert url(3)[:-6] + "_1.shtml" in done.stdout
        lost = zjol("extract", "--explain", url(99), "-s", "DOWNLOAD_DELAY=0", **reached)
    assert lost.returncode == 1
    assert lost.stderr.splitlines() == [f"zjol: {url(99)}: no page came to explain (not_found); try it in a browser"]


@pytest.mark.parametrize("content", [None, b"", b"hello, world", b"\x1f\x8b\x08\x00broken"])
def test_a_file_that_is_no_archive_is_one_clear_line(tmp_path, content):
    path = tmp_path / "news.warc.gz"
    if content is not None:
        path.write_bytes(content)
    done = zjol("extract", path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(path) in done.stderr


def split(body: bytes) -> bytes:
    """Chunks, the second with an extension."""
    half = len(body) // 2
    return b"%x\r\n%s\r\n%x;name=value\r\n%s\r\n0\r\n\r\n" % (half, body[:half], len(body) - half, body[half:])


CODED = {
    "chunks with an extension": (split, "Transfer-Encoding: chunked"),
    "chunked no more": (bytes, "Transfer-Encoding: chunked"),
    "gzip in chunks": (lambda body: split(gzip.compress(body)), "Transfer-Encoding: chunked", "Content-Encoding: gzip"),
    "gzip no more": (bytes, "Content-Encoding: gzip"),
    "brotli": (brotli.compress, "Content-Encoding: br"),
    "brotli no more": (bytes, "Content-Encoding: br"),
    "deflate": (zlib.compress, "Content-Encoding: deflate"),
    "Common Crawl's": (bytes, "X-Crawl-Content-Encoding: gzip", "X-Crawl-Transfer-Encoding: chunked"),
    "a bomb": (lambda body: gzip.compress(body + b" " * 200_000_000), "Content-Encoding: gzip"),
}


def add_record(writer, kind, address, body=b"", headers=(), *, date=DATE, **about):
    pairs = [("Content-Type", "text/html"), *(tuple(header.split(": ")) for header in headers)]
    http = StatusAndHeaders("200 OK", pairs, protocol="HTTP/1.1")
    record = writer.create_warc_record(
        address,
        kind,
        payload=io.BytesIO(body),
        http_headers=http,
        warc_headers_dict={"WARC-Date": date, **{name.replace("_", "-"): value for name, value in about.items()}},
    )
    writer.write_record(record)


def test_archives_that_are_untrue_to_their_headers_are_read(tmp_path):
    with (tmp_path / "odd.warc.gz").open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for number, (code, *headers) in enumerate(CODED.values(), 1):
            add_record(writer, "response", url(number), code(article(number).body), headers)
        add_record(writer, "response", url(50), gzip.compress(article(50).body)[:-60], ["Content-Encoding: gzip"])
    done = zjol("extract", tmp_path / "odd.warc.gz", "--rejects", tmp_path / "rejects.jsonl")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["headline"] for line in done.stdout.splitlines()]
    named = dict(enumerate(CODED, 1))
    assert found == [f"第{number}号新闻" for number in named if named[number] != "a bomb"]
    rejected = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert {row["url"]: row["reason"] for row in rejected} == {url(9): "too_large", url(50): "truncated"}


def test_revisits_and_both_schemes_tell_what_a_page_said_last(tmp_path):
    old, new = article(1, text="旧的。").body, article(1, text="新的。").body
    with (tmp_path / "years.warc.gz").open("wb") as stream:
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        add_record(writer, "response", url(1), old, date="2020-01-01T00:00:00Z")
        add_record(writer, "response", url(1), new, date="2021-01-01T00:00:00Z")
        seen = {"WARC_Refers_To_Target_URI": url(1), "WARC_Refers_To_Date": "2020-01-01T00:00:00Z"}
        add_record(writer, "revisit", url(1), date="2022-01-01T00:00:00Z", **seen)
        add_record(writer, "response", url(2), article(2, text="旧的。").body, date="2020-01-01T00:00:00Z")
        secure = url(2).replace("http:", "https:")
        add_record(writer, "response", secure, article(2, text="新的。").body, date="2021-01-01T00:00:00Z")
        add_record(writer, "response", f"{LIST}201610/printed.shtml", article(3).body, date="2020-01-01T00:00:00Z")
        seen["WARC_Refers_To_Target_URI"] = f"{LIST}201610/printed.shtml"
        add_record(writer, "revisit", url(3), date="2022-01-01T00:00:00Z", **seen)
        seen["WARC_Refers_To_Target_URI"] = f"{LIST}201610/elsewhere.shtml"
        add_record(writer, "revisit", url(4), date="2022-01-01T00:00:00Z", **seen)
    done = zjol("extract", tmp_path / "years.warc.gz")
    assert done.returncode == 0, done.stderr
    records = {record["url"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert records[url(1)]["article_body"] == "旧的。"
    assert records[secure]["article_body"] == "新的。"
    assert records[url(3)]["headline"] == "第3号新闻"
    assert url(4) not in records
    assert "1 revisit of what these files lack" in done.stderr
