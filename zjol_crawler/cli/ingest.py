"""`zjol ingest`: files of pages or records → rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from pipelines.record import Article, Rejection
from zjol_crawler.archive import ArchiveError
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option
from zjol_crawler.record_files import RECORD_ENDINGS, RecordFileError, UnreadableLine, read_records

_BATCH = 200
# More unreadable lines than this are counted only.
_SHOWN = 20


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@database_option
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes to extract with.")
def command(files: tuple[Path, ...], db: str, workers: int) -> int:
    """Store what is in FILEs: pages of WARC archives, or records of .jsonl and .jsonl.gz files.

    The same files again change nothing. A line that is no record costs itself alone and makes the exit status 1.
    """
    from pipelines.store.engine import open_database
    from pipelines.store.runs import recorded_run
    from pipelines.store.writer import Writer, WriteSummary

    for path in files:
        if not path.is_file():
            raise WorkFailedError(f"{path}: there is no such file")
    engine = open_database(db)
    summary = WriteSummary()
    skipped: Counter[str] = Counter()
    unreadable: list[UnreadableLine] = []
    try:
        with recorded_run(engine, " ".join(["ingest", *map(str, files)])) as run:
            writer = Writer(engine, run_id=run.run_id, is_repeatable=True)
            for batch in run.each("extract", _batches(files, workers, skipped, unreadable)):
                with run.timed("store"):
                    summary += writer.write(batch)
                run.counts = {**summary.counts(), "unreadable": len(unreadable)}
    except (ArchiveError, RecordFileError) as error:
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
) -> Iterator[Sequence[Article | Rejection]]:
    batch: list[Article | Rejection] = []
    for record in _records(files, workers, skipped):
        if isinstance(record, UnreadableLine):
            unreadable.append(record)
            continue
        batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


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
