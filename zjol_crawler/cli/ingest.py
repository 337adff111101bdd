"""`zjol ingest`: files of pages or records → rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.record import Article, Rejection
from zjol_crawler.archive import ArchiveError
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option
from zjol_crawler.record_files import RECORD_ENDINGS, RecordFileError, UnreadableLine, read_records

if TYPE_CHECKING:
    from pipelines.store.preparing import PreparedBatch

_BATCH = 200
# More unreadable lines than this are counted only.
_SHOWN = 20


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@database_option
@click.option("--bulk", is_flag=True, help="Load many records fast: record files into PostgreSQL, to the same end.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes to extract with; with --bulk, to make rows ready with, beside the one that writes.",
)
def command(paths: tuple[Path, ...], db: str, bulk: bool, workers: int) -> int:
    """Store what is in FILEs: pages of WARC archives, or records of .jsonl, .jsonl.gz and .parquet files.

    A folder stands for the record files in it. The same files again change nothing. A line that is no record costs
    itself alone and makes the exit status 1.
    """
    from pipelines.store.engine import open_database
    from pipelines.store.runs import recorded_run
    from pipelines.store.writer import Writer, WriteSummary
    from zjol_crawler.bulk_loading import PreparationDiedError

    files = _expand(paths)
    if bulk:
        _check_bulk(files, db)
    engine = open_database(db)
    summary = WriteSummary()
    skipped: Counter[str] = Counter()
    unreadable: list[UnreadableLine] = []
    try:
        words = ["ingest", *(["--bulk"] if bulk else []), *map(str, paths)]
        batches = _bulk_batches(files, workers, unreadable) if bulk else _batches(files, workers, skipped, unreadable)
        with recorded_run(engine, " ".join(words)) as run, closing(batches):
            writer = Writer(engine, run_id=run.run_id, is_repeatable=True)
            for batch in run.each("extract", batches):
                with run.timed("store"):
                    summary += writer.write_prepared(batch)
                run.counts = {**summary.counts(), "unreadable": len(unreadable)}
    except (ArchiveError, RecordFileError, PreparationDiedError) as error:
        raise WorkFailedError(str(error)) from error
    finally:
        engine.dispose()
    counts = {
        "stored": summary.stored,
        "changed": summary.changed,
        "unchanged": summary.unchanged,
        "under another address": summary.duplicate,
        **{f"rejected {reason}": count for reason, count in sorted(summary.rejected_by_reason.items())},
        **{f"skipped {reason}": count for reason, count in sorted(skipped.items())},
        "unreadable lines": len(unreadable),
    }
    click.echo(", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing found", err=True)
    for line in unreadable[:_SHOWN]:
        click.echo(f"zjol: {line}", err=True)
    if len(unreadable) > _SHOWN:
        click.echo(f"… and {len(unreadable) - _SHOWN} more", err=True)
    return 1 if unreadable else 0


def _batches(
    files: Sequence[Path], workers: int, skipped: Counter[str], unreadable: list[UnreadableLine]
) -> Generator[PreparedBatch]:
    from pipelines.store.preparing import prepare_records

    batch: list[Article | Rejection] = []
    try:
        for record in _records(files, workers, skipped):
            if isinstance(record, UnreadableLine):
                unreadable.append(record)
                continue
            batch.append(record)
            if len(batch) == _BATCH:
                yield prepare_records(batch)
                batch = []
    except RecordFileError:
        if batch:
            yield prepare_records(batch)
        raise
    if batch:
        yield prepare_records(batch)


def _bulk_batches(files: Sequence[Path], workers: int, unreadable: list[UnreadableLine]) -> Generator[PreparedBatch]:
    from zjol_crawler.bulk_loading import prepared_batches

    for batch, lines in prepared_batches(files, workers=workers):
        unreadable += lines
        yield batch


def _check_bulk(files: Sequence[Path], db: str) -> None:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(db)
    except ArgumentError:
        # Opening it says what is wrong.
        return
    if url.get_backend_name() != "postgresql":
        shown = url.render_as_string(hide_password=True)
        raise WorkFailedError(
            f"{shown}: --bulk loads PostgreSQL only; leave --bulk out, or give --db postgresql+psycopg://user@host/name"
        )
    for path in files:
        if not path.name.endswith(RECORD_ENDINGS):
            raise WorkFailedError(
                f"{path}: --bulk takes files of records ({', '.join(RECORD_ENDINGS)}); leave --bulk out, or make "
                "records of it with zjol extract"
            )


def _expand(paths: Sequence[Path]) -> list[Path]:
    """Give the files, a folder's record files in its place."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.name.endswith(RECORD_ENDINGS) and not file.name.startswith(".") and file.is_file()
            )
            if not inside:
                raise WorkFailedError(f"{path}: there is no file of records in it ({', '.join(RECORD_ENDINGS)})")
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise WorkFailedError(f"{path}: there is no such file")
    return files


def _records(
    files: Sequence[Path], workers: int, skipped: Counter[str]
) -> Iterator[Article | Rejection | UnreadableLine]:
    from zjol_crawler.extraction import extract_archives

    archives = [path for path in files if not path.name.endswith(RECORD_ENDINGS)]
    for path in files:
        if path.name.endswith(RECORD_ENDINGS):
            yield from read_records(path)
    if archives:
        # Together, so that the pages of one article are found wherever they stand.
        yield from extract_archives(archives, workers=workers, skipped=skipped)
