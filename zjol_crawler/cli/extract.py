"""`zjol extract`: WARC files → records as JSON Lines, no database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click

from pipelines.record import Article, to_json
from pipelines.unread import unread_pieces
from zjol_crawler.archive import ArchiveError
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.extract_tasks import PART, describe_counts, run_with_datatrove
from zjol_crawler.cli.options import parse_settings, setting_option


@click.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "output", metavar="FILE", type=click.Path(path_type=Path), help="Where records go; else standard output."
)
@click.option("--rejects", metavar="FILE", type=click.Path(path_type=Path), help="Where rejections go, as JSON Lines.")
@click.option(
    "--unread",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where what no grammar could read goes, as JSON Lines.",
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes to extract with.")
@click.option(
    "--engine",
    type=click.Choice(["processes", "datatrove"]),
    default="processes",
    show_default=True,
    help="datatrove: tasks with completion markers, for many machines; writes Parquet into the folder -o DIR.",
)
@click.option(
    "--tasks", metavar="N", type=click.IntRange(1, 99_999), help="datatrove: tasks; else 2,000 articles a task."
)
@click.option("--part", metavar="K/N", type=PART, help="datatrove: only the K-th of N equal parts of the tasks.")
@click.option("--plan-only", is_flag=True, help="datatrove: make the plan, run no task.")
@click.option(
    "--explain", is_flag=True, help="Show how each page was read instead: of an address, a WARC file or a saved page."
)
@click.option("--url", metavar="URL", help="With --explain, the address a saved page was fetched from.")
@setting_option
def command(
    names: tuple[str, ...],
    output: Path | None,
    rejects: Path | None,
    unread: Path | None,
    workers: int,
    engine: str,
    tasks: int | None,
    part: tuple[int, int] | None,
    plan_only: bool,
    explain: bool,
    url: str | None,
    settings: tuple[str, ...],
) -> int:
    """Read the pages in WARC FILEs; one record an article, its pages merged, in input order.

    With --engine datatrove the folder -o DIR holds the plan, what is done, and a Parquet file of records and rejections
    a task; the same command again runs only what is not done, also on other machines that share the folder.
    """
    if explain:
        from zjol_crawler.cli.explaining import explain_pages

        return explain_pages(names, url, parse_settings(settings))
    files = [Path(name) for name in names]
    if engine == "datatrove":
        if output is None or rejects or unread:
            raise click.UsageError("--engine datatrove writes all into a folder: give -o DIR, no --rejects or --unread")
        return run_with_datatrove(files, output, workers=workers, tasks=tasks, part=part, is_plan_only=plan_only)
    if tasks or part or plan_only:
        raise click.UsageError("--tasks, --part and --plan-only go with --engine datatrove")
    from zjol_crawler.extraction import extract_archives

    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        records = _open(output, stack) if output else sys.stdout
        refused = _open(rejects, stack) if rejects else None
        puzzling = _open(unread, stack) if unread else None
        try:
            for result in extract_archives(files, workers=workers, skipped=counts):
                if isinstance(result, Article):
                    counts["records"] += 1
                    records.write(to_json(result) + "\n")
                    for field, text in unread_pieces(result):
                        counts[f"unread {field}"] += 1
                        if puzzling is not None:
                            line = {"url": result.url, "field": field, "text": text}
                            puzzling.write(json.dumps(line, ensure_ascii=False) + "\n")
                else:
                    counts[f"rejected {result.reason}"] += 1
                    if refused is not None:
                        refused.write(to_json(result) + "\n")
        except ArchiveError as error:
            raise WorkFailedError(str(error)) from error
    click.echo(describe_counts(counts), err=True)
    return 0


def _open(path: Path, stack: ExitStack) -> TextIO:
    try:
        return stack.enter_context(path.open("w", encoding="utf-8"))
    except OSError as error:
        raise WorkFailedError(f"{path}: cannot be written: {error.strerror}") from error
