"""Opening databases: made when empty, refused when they are not ours or not of this release; errors in one line."""

import os
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import inspect

from pipelines.store.engine import connect_database, open_database, read_transaction, write_transaction
from pipelines.store.errors import DatabaseMissingError, NewerDatabaseError, OutdatedDatabaseError, StoreError
from pipelines.store.migrate import latest_revision, schema_differences, schema_revision, upgrade_schema
from pipelines.store.schema import Base
from pipelines.store.writer import write_articles
from tests.store.examples import market


def test_an_empty_database_gets_the_tables_of_the_models(engine):
    with read_transaction(engine) as connection:
        assert schema_revision(connection) == latest_revision()
        assert schema_differences(connection) == []
        assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())


def test_every_table_and_column_has_a_comment():
    for table in Base.metadata.tables.values():
        assert table.comment, table.name
        for column in table.columns:
            assert column.comment, f"{table.name}.{column.name}"


def test_comments_reach_the_database(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps no comments")
    inspector = inspect(engine)
    for table in Base.metadata.tables.values():
        assert inspector.get_table_comment(table.name)["text"] == table.comment
        comments = {column["name"]: column["comment"] for column in inspector.get_columns(table.name)}
        assert comments == {column.name: column.comment for column in table.columns}


def test_opening_again_changes_nothing(empty_url):
    first = open_database(empty_url)
    write_articles(first, [market()])
    first.dispose()
    second = open_database(empty_url, create=False)
    assert write_articles(second, [market()]).unchanged == 1
    second.dispose()


def test_an_older_database_is_refused_with_the_command_that_upgrades_it(engine):
    set_revision(engine, latest_revision(), "0000")
    latest = latest_revision()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.store.migrate.is_known_revision", lambda _revision: True)
        with pytest.raises(OutdatedDatabaseError, match=rf"0000.*{latest}.*run: zjol db upgrade"):
            open_database(engine.url)


def test_a_newer_database_is_refused(engine):
    set_revision(engine, latest_revision(), "9999")
    with pytest.raises(NewerDatabaseError, match=r"9999.*pip install"):
        open_database(engine.url)
    with write_transaction(engine) as connection, pytest.raises(NewerDatabaseError):
        upgrade_schema(connection, "the database")


def set_revision(engine, old: str, new: str) -> None:
    with engine.begin() as connection:
        changed = connection.exec_driver_sql(
            f"update alembic_version set version_num = '{new}' where version_num = '{old}'"
        )
        assert changed.rowcount == 1


def test_upgrade_makes_an_empty_database_and_then_does_nothing(empty_url):
    engine = connect_database(empty_url, create=True)
    for before in (None, latest_revision()):
        with write_transaction(engine) as connection:
            assert upgrade_schema(connection, "the database") == (before, latest_revision())
    engine.dispose()


def test_differences_from_the_models_are_listed(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table rejection")
    with read_transaction(engine) as connection:
        (difference, *_) = schema_differences(connection)
    assert "rejection" in difference


def test_somebody_elses_database_is_left_alone(empty_url):
    engine = connect_database(empty_url, create=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table recipes (id integer)")
    with pytest.raises(StoreError, match=r"not a zjol database.*recipes"):
        open_database(empty_url)
    assert inspect(engine).get_table_names() == ["recipes"]
    engine.dispose()


def test_an_empty_database_is_not_made_unasked(empty_url, tmp_path):
    with pytest.raises(DatabaseMissingError):
        open_database(empty_url, create=False)
    assert list(tmp_path.iterdir()) == []


def test_two_that_open_a_new_file_at_once_both_can(tmp_path):
    url = f"sqlite:///{tmp_path / 'articles.db'}"
    failures: list[Exception] = []

    def work() -> None:
        try:
            open_database(url).dispose()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("articles.db", "not a database URL; give one like sqlite:///data/zjol.db"),
        ("", "not a database URL"),
        ("oracel://host/name", "unknown kind of database"),
        (
            "postgresql+psycopg://user:secret@127.0.0.1:1/name",
            "postgresql\\+psycopg://user:\\*\\*\\*@127.0.0.1:1/name: ",
        ),
        ("mariadb+pymysql://user:secret@127.0.0.1:1/name", "mariadb\\+pymysql://user:\\*\\*\\*@127.0.0.1:1/name: "),
        ("sqlite:///{tmp}", "is a directory"),
        ("sqlite:///{tmp}/missing/articles.db", "missing does not exist; create it or give another --db"),
        ("sqlite:///{tmp}/text.db", "file is not a database"),
    ],
)
def test_what_cannot_be_opened_is_one_clear_line(tmp_path: Path, url, words):
    pytest.importorskip("psycopg" if "psycopg" in url else "pymysql" if "pymysql" in url else "sqlite3")
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(StoreError, match=words) as caught:
        open_database(url.format(tmp=tmp_path))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_driver_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"driver is not installed; run: pip install 'psycopg\[binary\]'"):
        open_database("postgresql+psycopg://user@127.0.0.1/name")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_one_clear_line(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StoreError, match="check that the path can be read and written"):
        open_database(f"sqlite:///{tmp_path / 'articles.db'}")


def test_a_locked_database_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.store.engine._SQLITE_PRAGMAS", ("PRAGMA busy_timeout = 50",))
    engine = open_database(f"sqlite:///{tmp_path / 'articles.db'}")
    with write_transaction(engine), pytest.raises(StoreError, match="database is locked: another program is writing"):
        write_articles(engine, [market()])
    engine.dispose()


def test_sqlite_keeps_foreign_keys_and_lets_readers_read_while_one_writes(sqlite_engine):
    with sqlite_engine.connect() as connection:
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        with write_transaction(sqlite_engine) as writing:
            writing.exec_driver_sql("insert into person (name) values ('林知远')")
            assert connection.exec_driver_sql("select count(*) from person").scalar() == 0
