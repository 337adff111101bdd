"""`zjol reparse`: today's parser over the archive."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from zjol_crawler.reparsing import Reparsed


@click.command()
@database_option
@click.option(
    "--archive",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of WARC files that `zjol crawl --archive` wrote.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would change.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes to extract with.")
def command(db: str, archive: Path, dry_run: bool, workers: int) -> int:
    """Extract the pages of an archive again and store what today's parser reads differently.

    Each article that changes is one line on standard output: its id, `new`, `changed` or `lost`, and the fields. What
    it said before is kept as a revision. An article whose page gives no record any more is listed as lost and stays.
    """
    from pipelines.monitor.watch import close_reparsed
    from pipelines.store.engine import open_database
    from pipelines.store.runs import recorded_run
    from zjol_crawler.archive import ArchiveError
    from zjol_crawler.reparsing import reparse

    if not archive.is_dir():
        raise WorkFailedError(f"{archive}: there is no such folder; give the one of zjol crawl --archive")
    engine = open_database(db)
    counts: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    recording = nullcontext() if dry_run else recorded_run(engine, f"reparse --archive {archive}")
    try:
        with recording as run:
            for batch in reparse(engine, archive, workers=workers, run=run, skipped=skipped):
                _tell(batch, counts, fields, skipped)
                if run is not None:
                    run.counts = dict(counts)
        ended = [] if dry_run else close_reparsed(engine)
    except ArchiveError as error:
        raise WorkFailedError(str(error)) from error
    finally:
        engine.dispose()
    done = ", ".join(f"{count} {name}" for name, count in counts.items()) or "no records"
    click.echo(f"{done}{' (dry run: nothing is written)' if dry_run else ''}", err=True)
    for finding in ended:
        click.echo(f"finding {finding.id} is closed: {finding.subject}: {finding.detail}", err=True)
    if fields:
        click.echo("fields: " + ", ".join(f"{name} {count}" for name, count in fields.most_common()), err=True)
    if skipped:
        click.echo("no records: " + ", ".join(f"{count} {name}" for name, count in sorted(skipped.items())), err=True)
    return 0


def _tell(batch: Reparsed, counts: Counter[str], fields: Counter[str], skipped: Counter[str]) -> None:
    """Print what a batch changes, a line an article, and count it."""
    counts["records"] += batch.read
    for change in batch.changes:
        outcome = "new" if change.is_new else "changed"
        counts[outcome] += 1
        fields.update(change.fields)
        click.echo(f"{change.article_id}\t{outcome}\t{' '.join(change.fields)}".rstrip())
    for lost in batch.lost:
        counts["lost"] += 1
        click.echo(f"{lost.article_id}\tlost\t{lost.reason}")
    if batch.held:
        counts["still held back"] += batch.held
    for reason, count in batch.written.rejected_by_reason.items():
        counts[f"not stored: {reason}"] += count
    for reason, count in batch.rejected.items():
        skipped[reason] += count
