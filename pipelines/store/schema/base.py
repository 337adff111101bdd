"""What all tables share: the naming convention, column types by Python type, and table options."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pipelines.store.column_types import (
    HOST_LENGTH,
    NAME_LENGTH,
    URL_LENGTH,
    WORD_LENGTH,
    UtcInstant,
    json_type,
    key_type,
    string_type,
    text_type,
)

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[int, "a surrogate key"]
Large = Annotated[int, "a count beyond 2^31"]
Name = Annotated[str, NAME_LENGTH]
Url = Annotated[str, URL_LENGTH]
HostName = Annotated[str, HOST_LENGTH]
Word = Annotated[str, WORD_LENGTH]
Digest = Annotated[str, 64]
Json = Annotated[Any, "a JSON document"]


class Base(DeclarativeBase):
    """The base of all tables; its `metadata` is the whole schema."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        Key: key_type(),
        Large: BigInteger(),
        Name: string_type(NAME_LENGTH),
        Url: string_type(URL_LENGTH),
        HostName: string_type(HOST_LENGTH),
        Word: string_type(WORD_LENGTH),
        Digest: string_type(64),
        Json: json_type(),
        str: text_type(),
        datetime: UtcInstant(),
    }


class Numbered:
    """A table whose rows have a surrogate key `id`."""

    id: Mapped[Key] = mapped_column(primary_key=True, comment="Surrogate key", sort_order=-1)
