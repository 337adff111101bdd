"""Backups: a folder with the database as it stood at one moment, the archive's closed files, and their digests."""
