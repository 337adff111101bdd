"""`zjol extract`: WARC files → records as JSON Lines, no database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import click

from pipelines.page import Page
from pipelines.record import Article, to_json
from pipelines.unread import unread_pieces
from zjol_crawler.archive import ArchiveError
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.extract_tasks import PART, describe_counts, run_with_datatrove
from zjol_crawler.cli.options import check_url


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
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
    "--tasks", metavar="N", type=click.IntRange(1, 99_999), help="datatrove: tasks; else 2,000 articles each."
)
@click.option("--part", metavar="K/N", type=PART, help="datatrove: only the K-th of N equal parts of the tasks.")
@click.option("--plan-only", is_flag=True, help="datatrove: make the plan, run no task.")
@click.option("--explain", is_flag=True, help="Show how one page (a WARC or a saved page) was read, instead.")
@click.option("--url", metavar="URL", help="With --explain, the address a saved page was fetched from.")
def command(
    files: tuple[Path, ...],
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
) -> int:
    """Read the pages in WARC FILEs; one record an article, its pages merged, in input order.

    With --engine datatrove the folder -o DIR holds the plan, what is done, and a Parquet file of records and rejections
    a task; the same command again runs only what is not done, also on other machines that share the folder.
    """
    if explain:
        return _explain(files, url)
    if engine == "datatrove":
        if output is None or rejects or unread:
            raise click.UsageError(
                "--engine datatrove writes a folder, rejections among the records: give -o DIR alone"
            )
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


def _explain(files: tuple[Path, ...], url: str | None) -> int:
    from rich.console import Console
    from rich.table import Table

    from pipelines.explain import explain

    console = Console()
    for page in _pages_to_explain(files, url):
        table = Table("field", "value", "from", title=page.url, title_justify="left")
        for finding in explain(page):
            table.add_row(*map(str, finding))
        console.print(table, markup=False)
    return 0


def _pages_to_explain(files: tuple[Path, ...], url: str | None) -> Iterator[Page]:
    from zjol_crawler.archive import read_capture
    from zjol_crawler.captures import Captures

    for path in files:
        if path.name.endswith((".warc", ".warc.gz")):
            with Captures.sort([path], workers=1) as captures:
                yield from (read_capture(capture) for group in captures.groups() for capture in group)
            continue
        if url is None:
            raise click.UsageError(f"{path}: give the address it was fetched from with --url")
        try:
            yield Page(url=check_url(url), body=path.read_bytes())
        except OSError as error:
            raise WorkFailedError(f"{path}: cannot read the saved page: {error.strerror}") from error
