"""CSV, one file a table, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, select

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.schema import ArticleFingerprintRow, ArticleRow, ArticleSearchRow, Base, ChangeCounterRow, ImageRow
from pipelines.store.statements import table_of

_article = table_of(ArticleRow)
_image = table_of(ImageRow)
# What only the program itself reads.
_INTERNAL = {row.__tablename__ for row in (ArticleSearchRow, ArticleFingerprintRow, ChangeCounterRow)}
_ROWS_AT_ONCE = 1000
# A cell that begins so is run by a spreadsheet as a formula; an apostrophe before it makes it text.
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def export_csv(engine: Engine, folder: Path, articles: Sequence[ColumnElement[bool]] = ()) -> dict[str, int]:
    """Write a file a table into `folder` and give the rows of each.

    Files are UTF-8 with a byte-order mark, by which spreadsheets know it; NULL is an empty cell; instants are ISO 8601
    in UTC; JSON columns hold JSON.

    Args:
        engine: the database.
        folder: made where it does not exist; files of the same names are replaced.
        articles: conditions on `article`; rows that hang on other articles are left out.

    Raises:
        StoreError: the database cannot be read.
        OSError: a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with store_errors(engine), read_transaction(engine) as connection:
        for table in Base.metadata.sorted_tables:
            if table.name not in _INTERNAL:
                counts[table.name] = _write_table(connection, table, folder / f"{table.name}.csv", articles)
    return counts


def _write_table(connection: Connection, table: Table, path: Path, articles: Sequence[ColumnElement[bool]]) -> int:
    count = 0
    unfinished = path.with_suffix(".csv.part")
    with unfinished.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([column.name for column in table.columns])
        for row in _rows(connection, table, articles):
            writer.writerow([_cell(value) for value in row])
            count += 1
    unfinished.replace(path)
    return count


def _rows(connection: Connection, table: Table, articles: Sequence[ColumnElement[bool]]) -> Iterator[Sequence[Any]]:
    query: Select[Any] = select(table).order_by(*table.primary_key.columns)
    if articles:
        wanted = select(_article.c.id).where(*articles)
        if table is _article:
            query = query.where(*articles)
        elif "article_id" in table.c:
            query = query.where(table.c.article_id.in_(wanted))
        elif "image_id" in table.c:
            query = query.where(table.c.image_id.in_(select(_image.c.id).where(_image.c.article_id.in_(wanted))))
    yield from connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str) and value.lstrip(" \u3000").startswith(_FORMULA_MARKS):
        return f"'{value}"
    return value
