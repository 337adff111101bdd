"""`zjol ingest` killed at random moments and run again ends as if nothing had happened."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine, func, select

from benchmarks import corpus
from pipelines.record import to_json
from pipelines.store.engine import open_database
from pipelines.store.reader import read_articles
from tests import servers

_KILLS = {"sqlite": 5, "postgresql": 3, "mariadb": 3, "postgresql --bulk": 3}


def ingest(path: Path, url: str, *options: str) -> subprocess.Popen:
    command = [sys.executable, "-c", "from zjol_crawler.cli import main; main()", "ingest", str(path), "--db", url]
    return subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL)


def table_sizes(url: str) -> dict[str, int]:
    engine = create_engine(url)
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        sizes = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in metadata.sorted_tables
            # Each run is a row.
            if not table.name.startswith("article_search_index") and table.name != "crawl_run"
        }
    engine.dispose()
    return sizes


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A file of records, its lines, and the sizes of the tables where they were stored undisturbed."""
    folder = tmp_path_factory.mktemp("untouched")
    lines = [to_json(record) for record in corpus.articles(1500)]
    path = folder / "records.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    url = f"sqlite:///{folder / 'articles.db'}"
    assert ingest(path, url).wait(60) == 0
    return path, lines, table_sizes(url)


@pytest.mark.parametrize("name", _KILLS)
def test_killed_and_run_again(name, untouched, tmp_path):
    if name == "sqlite":
        url = f"sqlite:///{tmp_path / 'articles.db'}"
    else:
        server = servers.postgresql() if name.startswith("postgresql") else servers.mariadb()
        if server is None:
            pytest.skip("no MariaDB answers at ZJOL_TEST_MARIADB")
        servers.wipe(server)
        url = server.render_as_string(hide_password=False)
    path, lines, sizes = untouched
    chance = random.Random(name)
    options = name.split()[1:]
    killed = 0
    for _ in range(_KILLS[name]):
        run = ingest(path, url, *options)
        try:
            run.wait(chance.uniform(0.4, 1.4) + (0.8 if options else 0))
        except subprocess.TimeoutExpired:
            run.kill()
            killed += 1
        run.wait()
        assert run.returncode in (0, -9)
        if run.returncode == 0:
            break
    assert killed >= 3
    assert ingest(path, url, *options).wait(60) == 0
    engine = open_database(url)
    assert sorted(map(to_json, read_articles(engine))) == sorted(lines)
    engine.dispose()
    assert table_sizes(url) == sizes
