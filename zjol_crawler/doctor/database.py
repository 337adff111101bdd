"""The database: reachable, of this release, whole, and written to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from pipelines.store.engine import describe, open_database, read_transaction, store_errors
from pipelines.store.errors import DatabaseMissingError, NewerDatabaseError, OutdatedDatabaseError, StoreError
from pipelines.store.migrate import latest_revision, schema_differences
from pipelines.store.run_records import KILLED, last_runs
from zjol_crawler.doctor.finding import Finding, Subject, failed, ok, warning

_RUNS = 20
# A run that starts later than this from now was noted by a machine whose clock is wrong, or ours is.
_AHEAD = timedelta(minutes=5)


def check_database(subject: Subject) -> Iterator[Finding]:
    """Check that the database answers, and that its tables are those of this release."""
    try:
        engine = open_database(subject.database, create=False)
    except DatabaseMissingError as error:
        yield warning("database", str(error), "nothing to do before the first crawl; else give the crawl's --db")
        return
    except (OutdatedDatabaseError, NewerDatabaseError) as error:
        message, _, remedy = str(error).rpartition("; ")
        yield failed("migrations", message, remedy)
        return
    except StoreError as error:
        yield failed("database", str(error), "check --db, and that the server runs and lets you in")
        return
    try:
        yield ok("database", f"{describe(engine)} answers")
        with store_errors(engine), read_transaction(engine) as connection:
            differences = schema_differences(connection)
    finally:
        engine.dispose()
    if differences:
        text_ = f"revision {latest_revision()}, but {len(differences)} tables, columns or views differ"
        yield failed("migrations", text_, "see them with: zjol db check; restore a backup if you changed nothing")
    else:
        yield ok("migrations", f"revision {latest_revision()}, the latest")


def check_integrity(subject: Subject) -> Iterator[Finding]:
    """Check the pages of a SQLite file."""
    with _opened(subject) as engine:
        if engine is None or engine.dialect.name != "sqlite":
            return
        remedy = "restore a backup: zjol restore BACKUP --force; look at the disk"
        try:
            with store_errors(engine), read_transaction(engine) as connection:
                faults = [row[0] for row in connection.execute(text("PRAGMA quick_check(3)"))]
        except StoreError as error:
            yield failed("integrity", str(error), remedy)
            return
        if faults == ["ok"]:
            yield ok("integrity", "SQLite's quick check finds nothing")
        else:
            yield failed("integrity", "; ".join(fault.replace("\n", " ") for fault in faults), remedy)


def check_runs(subject: Subject) -> Iterator[Finding]:
    """Check how the last runs ended, and that none began in the future."""
    now = datetime.now(UTC)
    with _opened(subject) as engine:
        if engine is None:
            return
        try:
            runs = last_runs(engine, _RUNS, now)
        except StoreError as error:
            yield failed("runs", str(error), "see the check of the database")
            return
    if not runs:
        yield ok("runs", "none yet")
        return
    ahead = [run.id for run in runs if run.started_at > now + _AHEAD]
    if ahead:
        yield failed("clock", f"run {ahead[0]} began in the future", "set the clocks of all machines; use NTP")
    bad = [run for run in runs if run.state in (KILLED, "failed", "store_failed", "archive_failed")]
    if runs[0] in bad:
        yield warning("runs", f"run {runs[0].id}, the last, ended as {runs[0].state}", f"see: zjol runs {runs[0].id}")
    else:
        yield ok("runs", f"the last, {runs[0].id}, is {runs[0].state}; {len(bad)} of the last {len(runs)} ended badly")


@contextmanager
def _opened(subject: Subject) -> Iterator[Engine | None]:
    """Give the database as it is; None where the check of the database has told already why it cannot be read."""
    try:
        engine = open_database(subject.database, create=False)
    except StoreError:
        yield None
        return
    try:
        yield engine
    finally:
        engine.dispose()
