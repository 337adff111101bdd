"""The schema's revisions: which one a database has, and how it gets from one to the next."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from pipelines.store.errors import DatabaseMissingError, NewerDatabaseError, OutdatedDatabaseError, StoreError
from pipelines.store.schema import Base
from pipelines.store.views import VIEWS, create_views, drop_views

# It would tell of its set-up, line by line, whenever a database is opened.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)

_VERSION_TABLE = "alembic_version"
# What a kill leaves that fell into the making of the tables on MariaDB.
_UNFINISHED = "zjol_unfinished"


def latest_revision() -> str:
    """Give the revision this program writes to."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the package holds no migrations: it is not installed whole")
    return head


def schema_revision(connection: Connection) -> str | None:
    """Give the revision of the database, or None where it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known_revision(revision: str) -> bool:
    """Tell whether this release knows the revision: one it does not know is a newer release's."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade_schema(connection: Connection, name: str) -> tuple[str | None, str]:
    """Bring the database to the latest revision, inside the caller's transaction.

    Args:
        connection: in a transaction of `pipelines.store.engine.write_transaction`.
        name: the database's address, for messages.

    Returns:
        The revision before and the one now.

    Raises:
        NewerDatabaseError: a newer release made the database.
        StoreError: the database holds something else.
    """
    before = schema_revision(connection)
    _refuse_foreign(connection, before, name)
    config = _config()
    config.attributes["connection"] = connection
    drop_views(connection)
    command.upgrade(config, "head")
    create_views(connection)
    return before, latest_revision()


def prepare(connection: Connection, name: str, *, create: bool) -> None:
    """Make the tables of an empty database, and refuse one whose tables are not of this release.

    Args:
        connection: in a write transaction.
        name: the database's address, for messages.
        create: whether an empty database gets its tables.

    Raises:
        DatabaseMissingError: the database is empty and `create` is false.
        OutdatedDatabaseError: an older release made the database.
        NewerDatabaseError: a newer release made the database.
        StoreError: the database holds something else.
    """
    with _sole_maker(connection):
        revision = schema_revision(connection)
        if create and connection.dialect.name == "mariadb" and inspect(connection).has_table(_UNFINISHED):
            _drop_all(connection)
            revision = None
        _refuse_foreign(connection, revision, name)
        if revision is None:
            if not create:
                raise DatabaseMissingError(f"{name}: the database is empty; crawl or ingest something first")
            _make(connection, name)
        elif revision != latest_revision():
            raise OutdatedDatabaseError(
                f"{name}: made by an older release (revision {revision}, this one needs {latest_revision()}); "
                "run: zjol db upgrade"
            )


def schema_differences(connection: Connection) -> list[str]:
    """Give what the database's tables lack or have beyond this release's, a line each; empty where they agree."""
    compared = partial(_is_compared, connection.dialect.name)
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": compared})
    differences = [repr(difference) for difference in compare_metadata(context, Base.metadata)]
    missing = set(VIEWS) - set(inspect(connection).get_view_names())
    return differences + [f"the view {name} is missing" for name in sorted(missing)]


def _is_compared(dialect: str, _item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave out SQLite's own full-text tables, and the index that they stand for on the other engines."""
    if dialect != "sqlite":
        return True
    if kind == "table":
        return not (name or "").startswith("article_search_index")
    return name != "ix_article_search_terms"


@contextmanager
def _sole_maker(connection: Connection) -> Iterator[None]:
    """Let one process at a time make tables where DDL is no part of a transaction; a killed one lets go."""
    if connection.dialect.name != "mariadb":
        yield
        return
    connection.execute(text("SELECT GET_LOCK('zjol schema', 60)"))
    try:
        yield
    finally:
        connection.execute(text("SELECT RELEASE_LOCK('zjol schema')"))


def _make(connection: Connection, name: str) -> None:
    """Make all tables; on MariaDB a table of its own tells that they are not all there yet."""
    is_stepwise = connection.dialect.name == "mariadb"
    if is_stepwise:
        connection.execute(text(f"CREATE TABLE {_UNFINISHED} (id INTEGER)"))
    upgrade_schema(connection, name)
    if is_stepwise:
        connection.execute(text(f"DROP TABLE {_UNFINISHED}"))


def _drop_all(connection: Connection) -> None:
    drop_views(connection)
    Base.metadata.drop_all(connection)
    connection.execute(text(f"DROP TABLE IF EXISTS {_VERSION_TABLE}, {_UNFINISHED}"))


def _refuse_foreign(connection: Connection, revision: str | None, name: str) -> None:
    if revision is None:
        others = set(inspect(connection).get_table_names()) - {_VERSION_TABLE, _UNFINISHED}
        if others:
            some = ", ".join(sorted(others)[:3])
            raise StoreError(f"{name}: not a zjol database, it holds other tables ({some}); give another --db")
    elif not is_known_revision(revision):
        raise NewerDatabaseError(
            f"{name}: made by a newer release (revision {revision}, this one knows up to {latest_revision()}); "
            "upgrade this program: pip install -U zjol-crawler"
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "pipelines.store:migrations")
    config.set_main_option("path_separator", "os")
    return config
