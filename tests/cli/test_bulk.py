"""`zjol ingest --bulk` and Parquet of records as a user meets them, and the way from SQLite to PostgreSQL."""

import gzip

import pytest
from sqlalchemy import MetaData, create_engine, func, select

from pipelines.record import Rejection, to_json
from pipelines.record_parquet import write_records
from tests import servers
from tests.store.examples import all_examples, front_page, harbour, market

REJECTION = Rejection(url="http://zjnews.zjol.com.cn/a", reason="not_article")


@pytest.fixture
def postgresql() -> str:
    url = servers.postgresql()
    servers.wipe(url)
    return url.render_as_string(hide_password=False)


def sizes(url: str) -> dict[str, int]:
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
            if not table.name.startswith("article_search_") and table.name != "crawl_run"
        }
    engine.dispose()
    return found


@pytest.mark.parametrize("options", [[], ["--bulk"]])
def test_all_kinds_of_record_files_are_taken(zjol, postgresql, tmp_path, options):
    (tmp_path / "a.jsonl").write_text(f"{to_json(market())}\nnot json\n", encoding="utf-8")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(f"{to_json(harbour())}\n".encode()))
    write_records(tmp_path / "c.parquet", [front_page(), REJECTION, market()])

    status, _, words = zjol("ingest", *options, tmp_path, "--db", postgresql)

    assert words == (
        "3 stored, 1 unchanged, 1 rejected not_article, 1 unreadable lines\n"
        f"zjol: {tmp_path / 'a.jsonl'}:2: no JSON: JSON is malformed: invalid character (byte 4)\n"
    )
    assert status == 1
    assert zjol("runs", "--db", postgresql)[1].count("ingest") == 1


def test_a_database_moves_from_sqlite_to_postgresql(zjol, postgresql, tmp_path):
    old, export = f"sqlite:///{tmp_path / 'zjol.db'}", tmp_path / "all.jsonl"
    (tmp_path / "records.jsonl").write_text("".join(to_json(one) + "\n" for one in all_examples()), encoding="utf-8")
    zjol("ingest", tmp_path / "records.jsonl", "--db", old)

    assert zjol("export", "--db", old, "-o", export)[0] == 0
    assert zjol("ingest", "--bulk", export, "--db", postgresql) == (0, "", "3 stored\n")

    assert sizes(postgresql) == sizes(old)
    assert zjol("export", "--db", postgresql)[1].encode() == export.read_bytes()
    assert zjol("export", "--db", old, "--format", "parquet", "-o", tmp_path / "parquet")[0] == 0
    assert zjol("ingest", "--bulk", tmp_path / "parquet", "--db", postgresql) == (0, "", "3 unchanged\n")


def test_what_stands_before_a_fault_is_kept(zjol, postgresql, tmp_path):
    whole = gzip.compress("".join(to_json(one) + "\n" for one in all_examples()).encode())
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-9])

    status, _, words = zjol("ingest", "--bulk", tmp_path / "cut.jsonl.gz", "--db", postgresql)

    assert (status, words.count("\n")) == (1, 1)
    assert "what stood before is kept" in words
    assert len(zjol("export", "--db", postgresql)[1].splitlines()) == sizes(postgresql)["article"] > 0


@pytest.mark.parametrize(
    ("name", "database", "words"),
    [
        ("records.jsonl", "sqlite:///{folder}/zjol.db", "--bulk loads PostgreSQL only; leave --bulk out, or give --db"),
        ("pages.warc", "postgresql+psycopg://nobody@127.0.0.1:1/none", "make records of it with zjol extract"),
        ("none", "postgresql+psycopg://nobody@127.0.0.1:1/none", "there is no such file"),
        ("empty", "postgresql+psycopg://nobody@127.0.0.1:1/none", "there is no file of records in it"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(zjol, tmp_path, name, database, words):
    (tmp_path / "empty").mkdir()
    for file in ("records.jsonl", "pages.warc"):
        (tmp_path / file).touch()

    status, _, told = zjol("ingest", "--bulk", tmp_path / name, "--db", database.format(folder=tmp_path))

    assert (status, told.count("\n")) == (1, 1)
    assert words in told
    assert not (tmp_path / "zjol.db").exists()


def test_parquet_of_something_else_is_one_line(zjol, tmp_path):
    (tmp_path / "other.parquet").write_bytes(b"no such thing")

    status, _, told = zjol("ingest", tmp_path / "other.parquet", "--db", f"sqlite:///{tmp_path / 'zjol.db'}")

    assert (status, told.count("\n")) == (1, 1)
    assert "cannot be read as Parquet" in told
