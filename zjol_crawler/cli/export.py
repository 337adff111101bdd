"""`zjol export`: stored records → files."""

from __future__ import annotations

import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import DAY, database_option, shanghai_instant

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipelines.store.reader import Order, Selection


class DayOrChangeType(click.ParamType[Any]):
    """A day, or the number that the export before printed."""

    name = "date or number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        """Give the number of a change as an int, a day as its ISO form."""
        return int(value) if re.fullmatch(r"\d{1,18}", str(value)) else DAY.convert(value, param, ctx)


class _Done(NamedTuple):
    """What an export wrote: the words for it, and the number of the last change in it where it is a feed."""

    words: str
    last_change: int | None = None


@click.command()
@database_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
    help="jsonl: the records; csv: a file a table; parquet: the records, a folder a month.",
)
@click.option(
    "-o", "output", metavar="PATH", default="-", show_default=True, help="A file, - for standard output; else a folder."
)
@click.option("--since", type=DAY, help="Published on this day or later.")
@click.option("--until", type=DAY, help="Published on this day or earlier.")
@click.option(
    "--changed-since",
    metavar="DATE|NUMBER",
    type=DayOrChangeType(),
    help="Stored or changed since this day, or since the change of this number; 0 for all.",
)
@click.option("--channel", "channels", metavar="NAME", multiple=True, help="In this channel; may be given many times.")
def command(
    db: str,
    form: str,
    output: str,
    since: str | None,
    until: str | None,
    changed_since: str | int | None,
    channels: tuple[str, ...],
) -> int:
    """Write the stored records to PATH; JSON Lines gives back exactly what was extracted.

    With --changed-since NUMBER the last line on standard error tells the NUMBER to go on from next time: no change is
    missed and none comes twice. A record in it is whole, so a field that is gone is null.
    """
    from pipelines.store.engine import open_database
    from pipelines.store.reader import Selection

    if form != "jsonl" and output == "-":
        raise click.UsageError(f"--format {form} writes a folder: name it with -o PATH")
    selection = Selection(
        since=shanghai_instant(since),
        until=shanghai_instant(until, days=1),
        channels=channels,
        changed_since=shanghai_instant(changed_since) if isinstance(changed_since, str) else None,
        changed_after=changed_since if isinstance(changed_since, int) else None,
    )
    engine = open_database(db, create=False)
    try:
        done = {"jsonl": _jsonl, "csv": _csv, "parquet": _parquet}[form](engine, output, selection)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise WorkFailedError(f"{error.filename or output}: cannot be written: {error.strerror or error}") from error
    finally:
        engine.dispose()
    click.echo(done.words, err=True)
    if isinstance(changed_since, int) and done.last_change is not None:
        click.echo(f"next: --changed-since {done.last_change}", err=True)
    return 0


def _jsonl(engine: Engine, output: str, selection: Selection) -> _Done:
    from pipelines.record import to_json
    from pipelines.store.reader import read_articles

    count = 0
    numbers: list[int] = []
    with ExitStack() as stack:
        stream = sys.stdout if output == "-" else stack.enter_context(Path(output).open("w", encoding="utf-8"))
        order: Order = "stored" if selection.changed_after is None else "changed"
        for article in read_articles(engine, selection, order=order, taken=numbers.append):
            stream.write(to_json(article) + "\n")
            count += 1
    return _Done(f"{count} records", numbers[0])


def _csv(engine: Engine, output: str, selection: Selection) -> _Done:
    from pipelines.store.export.csv_tables import export_csv

    counts = export_csv(engine, Path(output), selection.conditions())
    return _Done(", ".join(f"{count} {name}" for name, count in counts.items()))


def _parquet(engine: Engine, output: str, selection: Selection) -> _Done:
    try:
        from pipelines.store.export.parquet import export_parquet
    except ModuleNotFoundError as error:
        raise WorkFailedError("parquet needs pyarrow; run: pip install 'zjol-crawler[parquet]'") from error
    from pipelines.store.reader import read_articles

    numbers: list[int] = []
    articles = read_articles(engine, selection, order="published", taken=numbers.append)
    return _Done(f"{export_parquet(articles, Path(output))} records", numbers[0] if numbers else None)
