"""`zjol export`: stored records → a file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from pipelines.record import to_json
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import DAY, database_option

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@click.command()
@database_option
@click.option(
    "--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True, help="The file's format."
)
@click.option("-o", "output", metavar="PATH", default="-", show_default=True, help="Where to; - is standard output.")
@click.option("--since", type=DAY, help="Published on this day or later.")
@click.option("--until", type=DAY, help="Published on this day or earlier.")
@click.option("--changed-since", type=DAY, help="Stored or changed on this day or later.")
@click.option("--channel", "channels", metavar="NAME", multiple=True, help="In this channel; may be given many times.")
def command(
    db: str,
    form: str,
    output: str,
    since: str | None,
    until: str | None,
    changed_since: str | None,
    channels: tuple[str, ...],
) -> int:
    """Write the stored records to PATH; JSON Lines gives back exactly what was extracted."""
    from pipelines.store.engine import open_database
    from pipelines.store.reader import read_articles

    engine = open_database(db, create=False)
    count = 0
    seen: set[str] = set()
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        if output == "-":
            stream = sys.stdout
        else:
            try:
                stream = stack.enter_context(Path(output).open("w", encoding="utf-8"))
            except OSError as error:
                raise WorkFailedError(f"{output}: cannot be written: {error.strerror}") from error
        for channel in channels or (None,):
            for article in read_articles(
                engine,
                since=_instant(since),
                until=_instant(until, days=1),
                channel=channel,
                changed_since=_instant(changed_since),
            ):
                if len(channels) > 1:
                    if article.article_id in seen:
                        continue
                    seen.add(article.article_id)
                stream.write(to_json(article) + "\n")
                count += 1
    click.echo(f"{count} records", err=True)
    return 0


def _instant(day: str | None, days: int = 0) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=_SHANGHAI) + timedelta(days=days) if day else None
