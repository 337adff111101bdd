"""A ledger's database that is away: waited for, up to a point, while the crawl goes on with nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy import Engine

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.errors import StoreError
from pipelines.store.retry import PATIENCE

# How often a database that is away is asked for, in seconds.
_ASK_AGAIN = 1.0

logger = logging.getLogger(__name__)


class Outage:
    """Knows whether the database was away a moment ago."""

    def __init__(self, engine: Engine, give_up: Callable[[StoreError], None]) -> None:
        """Begin with a database that is there; `give_up` is called when it has been away too long."""
        self._engine = engine
        self._give_up = give_up
        self._since: float | None = None
        self._ask_at = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the database was away when it was last asked."""
        return self._since is not None

    def note(self, error: StoreError) -> None:
        """Take note that the database failed."""
        now = time.monotonic()
        self._engine.dispose()
        self._ask_at = now + _ASK_AGAIN
        if self._since is None:
            self._since = now
            logger.warning("%s; waiting up to %.0f s", error, PATIENCE)
        elif now - self._since > PATIENCE:
            self._give_up(error)

    def lasts(self) -> bool:
        """Tell whether the database is away still; it is asked once a second."""
        if self._since is None:
            return False
        now = time.monotonic()
        if now < self._ask_at:
            return True
        self._ask_at = now + _ASK_AGAIN
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                connection.exec_driver_sql("SELECT 1")
        except StoreError as error:
            self.note(error)
            return True
        logger.warning("the database is back after %.0f s", now - self._since)
        self._since = None
        return False
