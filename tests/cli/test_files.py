"""`zjol ingest`, `export` and `search` as a user runs them, on a database filled by the sample site's records."""

import csv
import gzip
import json

import pyarrow.parquet as pq
import pytest

from pipelines.record import to_json
from tests.cli.test_extract import page, write_warc, zjol
from tests.store.examples import all_examples, harbour, market


@pytest.fixture
def records(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_text("".join(to_json(record) + "\n" for record in all_examples()), encoding="utf-8")
    return path


@pytest.fixture
def database(tmp_path, records):
    url = f"sqlite:///{tmp_path / 'zjol.db'}"
    done = zjol("ingest", records, "--db", url)
    assert (done.returncode, done.stderr) == (0, "3 stored\n")
    return url


def test_records_go_in_and_come_out_byte_for_byte(tmp_path, records, database):
    packed = tmp_path / "again.jsonl.gz"
    packed.write_bytes(gzip.compress(records.read_bytes()))
    again = zjol("ingest", packed, "--db", database)
    assert (again.returncode, again.stderr) == (0, "3 unchanged\n")
    done = zjol("export", "--db", database, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0
    assert (tmp_path / "out.jsonl").read_bytes() == records.read_bytes()


def test_an_archive_is_ingested_once(tmp_path):
    archive, url = tmp_path / "pages.warc.gz", f"sqlite:///{tmp_path / 'new.db'}"
    write_warc(archive, [page(1), page(2), page(3, body=b"<html><title>404</title>nothing</html>")])
    first = zjol("ingest", archive, "--db", url)
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("2 stored, 1 rejected ")
    before = zjol("export", "--db", url, "--format", "csv", "-o", tmp_path / "before")
    assert before.returncode == 0
    assert zjol("ingest", archive, "--db", url).stderr.startswith("2 unchanged, 1 rejected ")
    zjol("export", "--db", url, "--format", "csv", "-o", tmp_path / "after")
    for table in ("rejection", "article_url", "contribution", "revision"):
        assert (tmp_path / "before" / f"{table}.csv").read_bytes() == (tmp_path / "after" / f"{table}.csv").read_bytes()


def test_a_line_that_is_no_record_costs_itself_alone(tmp_path, records):
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(
        records.read_bytes() + b'{"headline": 1}\n\nnot json\n{"url": "http://a/", "reason": "no_date"}\n'
    )
    done = zjol("ingest", broken, "--db", f"sqlite:///{tmp_path / 'new.db'}")
    assert done.returncode == 1
    summary, *lines = done.stderr.splitlines()
    assert summary == "3 stored, 1 rejected no_date, 2 unreadable lines"
    assert [line.startswith(f"zjol: {broken}:{number}: no ") for line, number in zip(lines, (4, 6), strict=True)] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.jsonl", None, "there is no such file"),
        ("cut.jsonl.gz", gzip.compress(b"{}\n" * 9, mtime=0)[:-9], "cannot be read"),
        ("plain.warc", b"hello", "cannot be read as WARC"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    done = zjol("ingest", path, "--db", f"sqlite:///{tmp_path / 'new.db'}")
    assert done.returncode == 1
    assert done.stderr.startswith(f"zjol: {path}: ")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_csv_runs_no_formula(tmp_path, database):
    evil = market(headline="=cmd|' /C calc'!A0", article_id="t1_1", canonical_url="https://b/", url="http://b/")
    (tmp_path / "evil.jsonl").write_text(to_json(evil) + "\n", encoding="utf-8")
    zjol("ingest", tmp_path / "evil.jsonl", "--db", database)
    done = zjol("export", "--db", database, "--format", "csv", "-o", tmp_path / "csv")
    assert done.returncode == 0
    assert "4 article" in done.stderr
    with (tmp_path / "csv" / "article.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["headline"] for row in rows][-1] == "'=cmd|' /C calc'!A0"
    assert rows[1]["headline"] == harbour().headline or rows[0]["headline"] == harbour().headline
    assert not (tmp_path / "csv" / "article_search.csv").exists()


def test_csv_of_some_articles_holds_only_their_rows(tmp_path, database):
    zjol("export", "--db", database, "--format", "csv", "-o", tmp_path / "csv", "--since", "2016-10-02")
    with (tmp_path / "csv" / "image.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(all_examples()[2].images)


def test_parquet_holds_the_records_by_month(tmp_path, database):
    for _ in range(2):
        done = zjol("export", "--db", database, "--format", "parquet", "-o", tmp_path / "articles")
        assert (done.returncode, done.stderr) == (0, "3 records\n")
    assert sorted(path.name for path in (tmp_path / "articles").iterdir()) == ["month=2006-05", "month=2016-10"]
    rows = pq.read_table(tmp_path / "articles").to_pylist()
    assert len(rows) == 3
    expected = {record.article_id: json.loads(to_json(record)) for record in all_examples()}
    for row in rows:
        for extra in ("published_at", "published_precision", "month"):
            del row[extra]
        row["body"] = [{key: value for key, value in block.items() if value is not None} for block in row["body"]]
        assert row == expected[row["article_id"]]


def test_the_feed_goes_on_where_it_ended(tmp_path, database):
    first = zjol("export", "--db", database, "--changed-since", "0")
    assert len(first.stdout.splitlines()) == 3
    cursor = first.stderr.splitlines()[-1].removeprefix("next: --changed-since ")
    assert zjol("export", "--db", database, "--changed-since", cursor).stdout == ""
    changed = harbour(kicker=None)
    (tmp_path / "changed.jsonl").write_text(to_json(changed) + "\n", encoding="utf-8")
    assert zjol("ingest", tmp_path / "changed.jsonl", "--db", database).stderr == "1 changed\n"
    assert zjol("export", "--db", database, "--changed-since", cursor).stdout == to_json(changed) + "\n"


def test_search_shows_the_words_and_prints_json(database):
    shown = zjol("search", "渔港", "--db", database)
    assert shown.returncode == 0
    assert harbour().headline in shown.stdout
    found = [json.loads(line) for line in zjol("search", "渔港", "--db", database, "--json").stdout.splitlines()]
    assert {"article_id", "url", "headline", "date_published", "score", "snippets"} <= found[0].keys()
    assert zjol("search", "没有的词", "--db", database).stderr == "0 articles\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["search", "(渔港"], 1, "a bracket is not closed"),
        (["export", "--format", "csv"], 2, "-o PATH"),
        (["export", "--changed-since", "soon"], 2, "soon"),
        (["export", "--format", "parquet", "-o", "/proc/nowhere/x"], 1, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(database, arguments, status, words):
    done = zjol(*arguments, "--db", database)
    assert done.returncode == status
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
