"""What goes wrong with a database, each error one line that names it and the remedy."""

from __future__ import annotations


class StoreError(Exception):
    """The database cannot be opened, read or written; the message is one line for the user."""


class DatabaseMissingError(StoreError):
    """There is no database at the address, and the caller did not ask for a new one."""


class OutdatedDatabaseError(StoreError):
    """The database was made by an older release; `zjol db upgrade` brings it up to date."""


class NewerDatabaseError(StoreError):
    """The database was made by a newer release than this program."""
