"""What storing costs: the writer beside raw bulk statements and beside a naive ORM loop, in one run on each engine.

    python -m benchmarks.store [--articles N] [--rounds N] [--database URL]...

The floor writes the very rows the writer wrote, keys and all, into the same empty tables with the same indexes and the
same search index: `executemany` of the driver, COPY on PostgreSQL, values made ready beforehand, one statement a table
and one commit for all. On PostgreSQL `bulk` is what `zjol ingest --bulk` does, from a file of JSON Lines, the start of
its processes included. The naive loop is one session, one article, one commit, each name looked up by a query of
its own. Databases given by --database are emptied. Medians over the rounds.
"""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, create_engine, make_url, select, text
from sqlalchemy.orm import Session

from benchmarks import corpus
from pipelines.record import Article, to_json
from pipelines.store import schema
from pipelines.store.derive import search_rows
from pipelines.store.engine import open_database, write_transaction
from pipelines.store.names import NameKeys
from pipelines.store.rows import (
    article_row,
    contribution_rows,
    image_contribution_rows,
    image_rows,
    keyword_rows,
    organizations_of,
    people_of,
    prepare_article,
    url_rows,
)
from pipelines.store.writer import Writer
from zjol_crawler.bulk_loading import prepared_batches

_BATCH = 200
Rows = dict[str, list[dict[str, Any]]]


def empty(url: str) -> Engine:
    """Give a database with nothing but its tables."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        for suffix in ("", "-wal", "-shm"):
            Path(f"{parsed.database}{suffix}").unlink(missing_ok=True)
    else:
        server = create_engine(url, isolation_level="AUTOCOMMIT")
        statements = (
            ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]
            if parsed.get_backend_name() == "postgresql"
            else [f"DROP DATABASE {parsed.database}", f"CREATE DATABASE {parsed.database} CHARACTER SET utf8mb4"]
        )
        with server.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        server.dispose()
    return open_database(url)


def write_all(engine: Engine, records: list[Article]) -> None:
    writer = Writer(engine)
    rest = iter(records)
    while batch := list(islice(rest, _BATCH)):
        writer.write(batch)


def write_in_bulk(engine: Engine, path: Path) -> None:
    writer = Writer(engine)
    for batch, _ in prepared_batches([path], workers=1):
        writer.write_prepared(batch)


def written_rows(engine: Engine) -> Rows:
    """Give every row of every table the writer fills, in an order foreign keys allow."""
    rows: Rows = {}
    with engine.connect() as connection:
        for table in _tables():
            found = connection.execute(select(table)).mappings().all()
            if found:
                rows[table.name] = [dict(row) for row in found]
    return rows


def _tables() -> list[Table]:
    return [table for table in schema.Base.metadata.sorted_tables if table.name not in ("revision", "crawl_run")]


def bind_rows(engine: Engine, rows: Rows) -> dict[str, list[tuple[Any, ...]]]:
    """Give the rows as the driver takes them, so that the floor is the database's work alone."""
    bound: dict[str, list[tuple[Any, ...]]] = {}
    for table in _tables():
        if table.name in rows:
            types = [(c.name, c.type.dialect_impl(engine.dialect)) for c in table.columns]
            processors = [(name, kind.bind_processor(engine.dialect)) for name, kind in types]
            bound[table.name] = [
                # Search terms come back as the text they are kept as.
                tuple(
                    row[name] if process is None or name == "terms" else process(row[name])
                    for name, process in processors
                )
                for row in rows[table.name]
            ]
    return bound


def write_raw(engine: Engine, bound: dict[str, list[tuple[Any, ...]]]) -> None:
    """Write rows with the driver alone: COPY on PostgreSQL, executemany elsewhere; one commit."""
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    with write_transaction(engine) as connection:
        connection.execute(text("DELETE FROM change_counter"))
        cursor: Any = connection.connection.cursor()
        if engine.dialect.name == "sqlite":
            # A repost's key may be higher than its own.
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in _tables():
            own = bound.get(table.name, [])
            names = ", ".join(column.name for column in table.columns)
            if own and engine.dialect.name == "postgresql":
                with cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in own:
                        copy.write_row(row)
            elif own:
                marks = ", ".join([mark] * len(table.columns))
                cursor.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", own)


def write_naively(engine: Engine, records: list[Article]) -> None:
    """Write as a first version would: an ORM session, an article a commit, each name looked up by itself."""
    with Session(engine) as session:
        for record in records:
            keys = NameKeys()
            for cache, model, names in (
                (keys.people, schema.PersonRow, {person.name for person in people_of(record)}),
                (keys.organizations, schema.OrganizationRow, set(organizations_of(record))),
                (keys.keywords, schema.KeywordRow, set(record.keywords)),
            ):
                for name in names:
                    found = session.scalar(select(model).where(model.name == name))
                    if found is None:
                        session.add(found := model(name=name))
                        session.flush()
                    cache.learn([(name, found.id)])
            prepared = prepare_article(record)
            keys.resolve_channels(session.connection(), [prepared.path])
            now = datetime.now(UTC)
            stamps = {"parser_version": "naive", "first_seen": now, "last_seen": now, "last_changed": now}
            if session.scalar(select(schema.ArticleRow).where(schema.ArticleRow.article_id == record.article_id)):
                continue
            session.add(article := schema.ArticleRow(**article_row(prepared, keys), **stamps))
            session.flush()
            for row in contribution_rows(record, article.id, keys):
                session.add(schema.ContributionRow(**row))
            for row in keyword_rows(record, article.id, keys):
                session.add(schema.ArticleKeywordRow(**row))
            for row in url_rows(record, article.id).values():
                session.add(schema.ArticleUrlRow(**row))
            images = [schema.ImageRow(**row) for row in image_rows(record, article.id, keys)]
            session.add_all(images)
            session.flush()
            for row in image_contribution_rows(record, [image.id for image in images], keys):
                session.add(schema.ImageContributionRow(**row))
            for row in search_rows(article.id, record):
                session.add(schema.ArticleSearchRow(**row))
            session.commit()


def seconds(work: Callable[[Engine, Any], None], url: str, load: Any) -> float:
    engine = empty(url)
    start = time.perf_counter()
    work(engine, load)
    taken = time.perf_counter() - start
    engine.dispose()
    return taken


def measure(url: str, records: list[Article], path: Path, rounds: int) -> None:
    engine = empty(url)
    write_all(engine, records)
    rows = written_rows(engine)
    engine.dispose()
    bound = bind_rows(engine, rows)
    # So that no pass of the garbage collector walks through the rows kept here.
    gc.collect()
    gc.freeze()
    few = records[: max(50, len(records) // 20)]
    floor = "COPY" if engine.dialect.name == "postgresql" else "executemany"
    taken: dict[str, list[float]] = {floor: [], "writer": [], "again": [], "naive ORM": []}
    for _ in range(rounds):
        taken[floor].append(seconds(write_raw, url, bound) / len(records))
        if engine.dialect.name == "postgresql":
            engine = empty(url)
            for name in ("bulk", "bulk again"):
                start = time.perf_counter()
                write_in_bulk(engine, path)
                taken.setdefault(name, []).append((time.perf_counter() - start) / len(records))
            engine.dispose()
        engine = empty(url)
        for name in ("writer", "again"):
            start = time.perf_counter()
            write_all(engine, records)
            taken[name].append((time.perf_counter() - start) / len(records))
        engine.dispose()
        taken["naive ORM"].append(seconds(write_naively, url, few) / len(few))
    print(f"{make_url(url).get_backend_name()}: {sum(map(len, bound.values()))} rows in {len(bound)} tables")
    for name, times in taken.items():
        ratio = statistics.median(base / one for base, one in zip(taken[floor], times, strict=True))
        print(f"  {name:12} {1 / statistics.median(times):8.0f} articles/s  {ratio:6.3f} of {floor}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", action="append", help="URL of a scratch database; it is emptied")
    options = parser.parse_args()
    records = list(corpus.articles(options.articles))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl"
        path.write_text("".join(f"{to_json(record)}\n" for record in records), encoding="utf-8")
        for url in options.database or [f"sqlite:///{folder}/articles.db"]:
            measure(url, records, path, options.rounds)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, the corpus included")


if __name__ == "__main__":
    main()
