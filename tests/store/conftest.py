"""The databases the store's tests run on: SQLite, PostgreSQL, and MariaDB where one answers."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData

from pipelines.store.engine import connect_database
from tests import servers

_NO_MARIADB = "no MariaDB answers at ZJOL_TEST_MARIADB"


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return request.param


@pytest.fixture
def empty_url(engine_name: str, tmp_path: Path) -> str:
    """The address of an empty database, without tables."""
    if engine_name == "sqlite":
        return f"sqlite:///{tmp_path / 'articles.db'}"
    url = servers.postgresql() if engine_name == "postgresql" else servers.mariadb()
    if url is None:
        pytest.skip(_NO_MARIADB)
    servers.wipe(url)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def engine(engine_name: str, tmp_path: Path):
    """A database with its tables and no articles."""
    if engine_name == "sqlite":
        url = sqlite_copy(tmp_path)
    else:
        ready = servers.ready_database(engine_name)
        if ready is None:
            pytest.skip(_NO_MARIADB)
        ready.empty()
        url = ready.url
    engine = connect_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path):
    engine = connect_database(sqlite_copy(tmp_path))
    yield engine
    engine.dispose()


def sqlite_copy(folder: Path) -> str:
    """The address of a new file of SQLite with its tables."""
    return f"sqlite:///{shutil.copy(servers.ready_sqlite(), folder / 'articles.db')}"


def table_rows(engine: Engine) -> dict[str, list[tuple]]:
    """Everything in the database, table by table."""
    metadata = MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        return {
            table.name: sorted(map(repr, (tuple(row) for row in connection.execute(table.select()))))
            for table in metadata.sorted_tables
        }
