"""`zjol search`: full-text search of the stored articles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from zjol_crawler.cli.options import DAY, database_option, shanghai_instant

if TYPE_CHECKING:
    from pipelines.store.search.find import Hit


@click.command()
@click.argument("words", nargs=-1, required=True)
@database_option
@click.option("--since", type=DAY, help="Published on this day or later.")
@click.option("--until", type=DAY, help="Published on this day or earlier.")
@click.option("--channel", metavar="NAME", help="In this channel or one under it.")
@click.option("--person", metavar="NAME", help="That names this person, in whatever role.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON Lines.")
def command(
    words: tuple[str, ...],
    db: str,
    since: str | None,
    until: str | None,
    channel: str | None,
    person: str | None,
    limit: int,
    as_json: bool,
) -> int:
    """Find articles by WORDS in headline, abstract, body and captions, the best first.

    Words side by side must all stand in an article. "A phrase" in quotes, AND, OR, NOT and brackets may be used.
    """
    from pipelines.store.engine import open_database
    from pipelines.store.search.find import search

    engine = open_database(db, create=False)
    try:
        found = search(
            engine,
            " ".join(words),
            since=shanghai_instant(since),
            until=shanghai_instant(until, days=1),
            channel=channel,
            person=person,
            limit=limit,
        )
    finally:
        engine.dispose()
    if as_json:
        for hit in found.hits:
            record = hit._asdict() | {"snippets": [snippet._asdict() for snippet in hit.snippets]}
            click.echo(json.dumps(record, ensure_ascii=False))
    else:
        _print(found.hits)
    click.echo(f"{found.total} articles" + (f", the first {limit} shown" if found.total > limit else ""), err=True)
    return 0


def _print(hits: list[Hit]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for hit in hits:
        shown = {snippet.field: snippet for snippet in hit.snippets}
        headline = Text(hit.headline, style="bold")
        for start, end in shown["headline"].matches if "headline" in shown else []:
            headline.stylize("red", start, end)
        console.print(headline)
        console.print(Text(f"  {hit.date_published}  {hit.url}", style="dim"), soft_wrap=True)
        for snippet in hit.snippets:
            if snippet.field != "headline":
                line = Text(f"  {snippet.text}")
                for start, end in snippet.matches:
                    line.stylize("bold red", start + 2, end + 2)
                console.print(line)
