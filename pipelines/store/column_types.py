"""Column types that mean the same on SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, Text, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import TypeEngine

# Names and URLs stand in unique keys, which MariaDB limits to 3,072 bytes: 768 characters of four bytes.
NAME_LENGTH = 500
URL_LENGTH = 700
HOST_LENGTH = 255
WORD_LENGTH = 40

# Compares and sorts by code point, as SQLite's BINARY does; a MariaDB table gets its like from MARIADB_OPTIONS.
_POSTGRESQL_COLLATION = "C"

MARIADB_OPTIONS: dict[str, Any] = {
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
}


class UtcInstant(TypeDecorator[datetime]):
    """A moment to the second, kept in UTC: an aware `datetime` goes in and comes out.

    SQLite keeps `2016-10-01 10:21:04`, PostgreSQL `timestamptz`, MariaDB `DATETIME`.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give the type the engine keeps the instant in."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True, precision=0))
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sqlite.DATETIME(truncate_microseconds=True))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into the engine's UTC value, fractions of a second dropped.

        Raises:
            ValueError: the datetime has no time zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        instant = value.astimezone(UTC).replace(microsecond=0)
        return instant if dialect.name == "postgresql" else instant.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn the engine's value into an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key_type() -> TypeEngine[int]:
    """Give the type of surrogate keys; SQLite numbers rows by itself only in an `INTEGER` key."""
    return BigInteger().with_variant(Integer(), "sqlite")


def string_type(length: int) -> TypeEngine[str]:
    """Give a text of at most `length` characters, compared by code point."""
    return String(length).with_variant(String(length, collation=_POSTGRESQL_COLLATION), "postgresql")


def text_type() -> TypeEngine[str]:
    """Give a text of any length, compared by code point; MariaDB's plain `TEXT` would end at 64 KB."""
    return (
        Text()
        .with_variant(Text(collation=_POSTGRESQL_COLLATION), "postgresql")
        .with_variant(mysql.LONGTEXT(), "mariadb")
    )


def json_type() -> TypeEngine[Any]:
    """Give a JSON document: `jsonb` on PostgreSQL, text elsewhere."""
    return JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
