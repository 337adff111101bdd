"""The databases the store's tests run on: SQLite always, the servers where their addresses are given.

ZJOL_TEST_POSTGRESQL and ZJOL_TEST_MARIADB hold SQLAlchemy URLs of empty databases the tests may wipe.
"""

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, make_url

from pipelines.store.engine import open_database

SERVERS = {"postgresql": "ZJOL_TEST_POSTGRESQL", "mariadb": "ZJOL_TEST_MARIADB"}


@pytest.fixture(params=["sqlite", *SERVERS])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once an engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'articles.db'}"
    variable = SERVERS[request.param]
    url = os.environ.get(variable)
    if not url:
        pytest.skip(f"{variable} is not set")
    wipe(url)
    return url


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


def wipe(url: str) -> None:
    engine = create_engine(make_url(url))
    with engine.begin() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
        metadata.drop_all(connection)
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
