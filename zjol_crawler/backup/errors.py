"""What goes wrong with backups."""

from __future__ import annotations


class BackupError(Exception):
    """A backup cannot be made, is not whole, or cannot be restored; the message is one line for the user."""
