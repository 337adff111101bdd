"""Parquet: the records with their nested people and pictures, partitioned by month of publication."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.record import Article, to_dict
from pipelines.record_parquet import ARTICLE_FIELDS
from pipelines.store.conversion import DAY, SECOND, parse_published

_PUBLISHED = (("published_at", pa.timestamp("s", tz="UTC")), ("published_precision", pa.string()))
_AFTER = [name for name, _ in ARTICLE_FIELDS].index("date_published") + 1

# The record's keys, and `published_at`, the instant: `date_published` stays as printed.
SCHEMA = pa.schema([*ARTICLE_FIELDS[:_AFTER], *_PUBLISHED, *ARTICLE_FIELDS[_AFTER:]])
_ROWS_AT_ONCE = 500
_SHANGHAI_OFFSET = timedelta(hours=8)


def export_parquet(articles: Iterable[Article], folder: Path) -> int:
    """Write records into `folder/month=2016-10/….parquet` and give their number.

    Records must come in order of publication, so that one file is open at a time. Months written are replaced; the
    files of other months stay.

    Raises:
        OSError: a file cannot be written.
    """
    count = 0
    for month, members in groupby(articles, key=_month):
        count += _write_month(members, folder / f"month={month}")
    return count


def _write_month(articles: Iterable[Article], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    path = folder / f"part-{uuid4().hex}.parquet"
    # Readers pass over files that begin with a dot, so nobody meets half a file.
    unfinished = folder / f".{path.name}"
    try:
        with pq.ParquetWriter(unfinished, SCHEMA, compression="zstd") as writer:
            for rows in _batches(articles):
                writer.write_table(pa.Table.from_pylist(rows, schema=SCHEMA))
                count += len(rows)
        replaced = list(folder.glob("part-*.parquet"))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in replaced:
        old.unlink()
    return count


def _batches(articles: Iterable[Article]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for article in articles:
        rows.append(_row(article))
        if len(rows) == _ROWS_AT_ONCE:
            yield rows
            rows = []
    if rows:
        yield rows


def _row(article: Article) -> dict[str, Any]:
    published = parse_published(article.date_published)
    precision = SECOND if published.precision == SECOND else DAY
    return to_dict(article) | {"published_at": published.instant, "published_precision": precision}


def _month(article: Article) -> str:
    instant: datetime = parse_published(article.date_published).instant + _SHANGHAI_OFFSET
    return instant.strftime("%Y-%m")
