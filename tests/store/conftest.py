"""The databases the store's tests run on: SQLite, PostgreSQL, and MariaDB where one answers."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData

from pipelines.store.engine import open_database
from tests import servers


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once an engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'articles.db'}"
    url = servers.postgresql() if request.param == "postgresql" else servers.mariadb()
    if url is None:
        pytest.skip("no MariaDB answers at ZJOL_TEST_MARIADB")
    servers.wipe(url)
    return url.render_as_string(hide_password=False)


@pytest.fixture
def engine(empty_url: str):
    engine = open_database(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(tmp_path: Path):
    engine = open_database(f"sqlite:///{tmp_path / 'articles.db'}")
    yield engine
    engine.dispose()


def table_rows(engine: Engine) -> dict[str, list[tuple]]:
    """Everything in the database, table by table."""
    metadata = MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        return {
            table.name: sorted(map(repr, (tuple(row) for row in connection.execute(table.select()))))
            for table in metadata.sorted_tables
        }
