"""Work on the database that is done again when another writer or an outage undid it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from pipelines.store.engine import describe

T = TypeVar("T")

# How long work waits for a database that is away, in seconds: a restart, an upgrade of the server.
PATIENCE = 600.0

# Deadlocks and lost races: PostgreSQL's SQLSTATEs and MariaDB's error numbers.
_CONFLICTS = frozenset({"40001", "40P01", 1205, 1213})
# The server is starting, stopping, or gone. PostgreSQL's driver gives no SQLSTATE where there was no server to give it.
_AWAY = frozenset(
    {"57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006", 1053, 2002, 2003, 2006, 2013}
)
_ATTEMPTS_AT_A_CONFLICT = 6
_SHORT_PAUSE = 0.05
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0

_stopping = threading.Event()

logger = logging.getLogger(__name__)


def wait_no_more() -> None:
    """Have no work of this process wait for a database that is away any more: the process is about to end."""
    _stopping.set()


def retried(engine: Engine, work: Callable[[bool], T], *, patience: float = PATIENCE) -> T:
    """Do work that is one transaction, and again after a conflict with another writer or an outage.

    Args:
        engine: the database, whose connections are thrown away after an outage.
        work: is told whether an earlier attempt may have been committed although its answer was lost.
        patience: how long to wait for a database that is away, in seconds.

    Raises:
        DBAPIError: the database refused the work, or stayed away.
    """
    conflicts = 0
    is_doubtful = False
    away_since: float | None = None
    pause = _FIRST_PAUSE
    while True:
        try:
            result = work(is_doubtful)
        except DBAPIError as error:
            if is_conflict(error):
                conflicts += 1
                if conflicts == _ATTEMPTS_AT_A_CONFLICT:
                    raise
                # Two writers that met wait for different times, so that they do not meet again.
                time.sleep(random.uniform(0, _SHORT_PAUSE * 2**conflicts))
                continue
            now = time.monotonic()
            away_since = away_since or now
            if not is_away(error) or now + pause - away_since > patience or _stopping.is_set():
                raise
            if not is_doubtful:
                logger.warning("%s is away (%s); waiting up to %.0f s", describe(engine), _words(error), patience)
            is_doubtful = True
            engine.dispose()
            _stopping.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            if away_since is not None:
                logger.warning("%s is back after %.0f s", describe(engine), time.monotonic() - away_since)
            return result


def is_conflict(error: DBAPIError) -> bool:
    """Tell whether the database undid the transaction for another one's sake: the same again will do."""
    return _code(error) in _CONFLICTS


def is_away(error: DBAPIError) -> bool:
    """Tell whether the database could not be reached, or the connection to it broke."""
    if error.connection_invalidated or _code(error) in _AWAY:
        return True
    return (
        isinstance(error, OperationalError) and type(error.orig).__module__.startswith("psycopg") and not _code(error)
    )


def _code(error: DBAPIError) -> object:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate is not None or error.orig is None or hasattr(error.orig, "sqlstate"):
        return sqlstate
    return error.orig.args[0] if error.orig.args else None


def _words(error: DBAPIError) -> str:
    return next(iter(str(error.orig).splitlines()), type(error.orig).__name__)
