"""Records in Parquet: one row a record, columns are the record's keys, people and pictures nested as in JSON.

Articles and rejections may stand in one file: a row with a `reason` is a rejection, whose other columns but `url` and
`detail` are null. Columns that are no key of a record, like those an export adds, are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.record import Article, Rejection, from_dict, to_dict

_PERSON = pa.struct(
    [("name", pa.string()), ("title", pa.string()), ("affiliation", pa.string()), ("role", pa.string())]
)
_PEOPLE = pa.list_(_PERSON)
_CREDIT = pa.struct([("raw", pa.string()), ("organization", pa.string()), ("people", _PEOPLE)])
_DATELINE = pa.struct(
    [
        ("raw", pa.string()),
        ("organization", pa.string()),
        ("place", pa.string()),
        ("date", pa.string()),
        ("people", _PEOPLE),
    ]
)
_BREADCRUMB = pa.struct([("name", pa.string()), ("url", pa.string())])
_BLOCK = pa.struct([("type", pa.string()), ("text", pa.string()), ("image", pa.int64())])
_IMAGE = pa.struct([("url", pa.string()), ("caption", pa.string()), ("credit", _CREDIT)])

ARTICLE_FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("schema_version", pa.int64()),
    ("url", pa.string()),
    ("canonical_url", pa.string()),
    ("article_id", pa.string()),
    ("template", pa.string()),
    ("encoding", pa.string()),
    ("kicker", pa.string()),
    ("headline", pa.string()),
    ("subheadline", pa.string()),
    ("date_published", pa.string()),
    ("source", pa.string()),
    ("byline", pa.string()),
    ("authors", _PEOPLE),
    ("photographers", _PEOPLE),
    ("editors", _PEOPLE),
    ("contributors", _PEOPLE),
    ("breadcrumbs", pa.list_(_BREADCRUMB)),
    ("section", pa.string()),
    ("abstract", pa.string()),
    ("editors_note", pa.string()),
    ("dateline", _DATELINE),
    ("body", pa.list_(_BLOCK)),
    ("article_body", pa.string()),
    ("images", pa.list_(_IMAGE)),
    ("keywords", pa.list_(pa.string())),
    ("copyright_notice", pa.string()),
    ("page_urls", pa.list_(pa.string())),
    ("page_count", pa.int64()),
)
SCHEMA = pa.schema([*ARTICLE_FIELDS, ("reason", pa.string()), ("detail", pa.string())])

_ARTICLE_KEYS = [name for name, _ in ARTICLE_FIELDS]
_REJECTION_KEYS = ["url", "reason", "detail"]
_REQUIRED = [field.name for field in msgspec.structs.fields(Article) if field.required]
_ROWS_AT_ONCE = 500


class NotRecordsError(ValueError):
    """A file is no Parquet of records; the message says why."""


def write_records(path: Path, records: Iterable[Article | Rejection]) -> int:
    """Write records into a file and give their number; the file stands there whole or not at all.

    Raises:
        OSError: the file cannot be written.
        UnicodeEncodeError: a record holds a lone surrogate, which JSON could not hold either.
    """
    count = 0
    # Readers pass over files that begin with a dot, so nobody meets half a file.
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with pq.ParquetWriter(unfinished, SCHEMA, compression="zstd") as writer:
            rest = iter(records)
            while rows := [to_dict(record) for record in islice(rest, _ROWS_AT_ONCE)]:
                writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                count += len(rows)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def read_records(path: Path) -> Iterator[Article | Rejection]:
    """Give the records of a file, in its order.

    Raises:
        OSError: the file cannot be read.
        NotRecordsError: it is no Parquet, or has not the columns of records.
        msgspec.ValidationError: a row is no record; the message names the field.
    """
    for rows in row_batches(path):
        yield from map(row_record, rows)


def row_batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Give the rows of a file as plain dicts and lists, a few hundred at a time.

    Raises:
        OSError: the file cannot be read.
        NotRecordsError: it is no Parquet, or has not the columns of records.
    """
    for batch in arrow_batches(path):
        yield batch.to_pylist()


def arrow_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Give the rows of a file as Arrow has them, a few hundred at a time, without columns that no record has.

    Raises:
        OSError: the file cannot be read.
        NotRecordsError: it is no Parquet, or has not the columns of records.
    """
    try:
        with pq.ParquetFile(path) as file:
            there = set(file.schema_arrow.names)
            missing = [name for name in _REQUIRED if name not in there]
            if missing and not there.issuperset(_REJECTION_KEYS):
                raise NotRecordsError(f"is no Parquet of records: it has no column {missing[0]}")
            columns = [name for name in SCHEMA.names if name in there]
            yield from file.iter_batches(_ROWS_AT_ONCE, columns=columns)
    except pa.ArrowException as error:
        raise NotRecordsError(f"cannot be read as Parquet: {error}") from error


def row_record(row: dict[str, Any]) -> Article | Rejection:
    """Give the record of a row.

    Raises:
        msgspec.ValidationError: it is none; the message names the field.
    """
    if row.get("reason") is not None:
        return msgspec.convert({name: row.get(name) for name in _REJECTION_KEYS}, Rejection)
    return from_dict({name: row[name] for name in _ARTICLE_KEYS if name in row})
