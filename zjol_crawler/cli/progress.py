"""What a crawl shows: a bar on a terminal while it runs, a summary when it is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from zjol_crawler.running import NOTED_STAT, CrawlResult, Watcher

_MOST_REJECTIONS = 10
# What became of pages and lists looked at again.
_VISITS = {"looked at again": "zjol/revisited", "  as they were": "zjol/not_modified", "  gone": "zjol/gone"}
# The lines whose unread pieces are counted.
_LINES = ("byline", "dateline", "credit")


@contextmanager
def progress_bar() -> Iterator[Watcher]:
    """Give a watcher that moves a bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tail]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with progress:
        task = progress.add_task("articles", total=None, tail="")

        def watch(stats: Mapping[str, Any]) -> None:
            total = stats.get("zjol/found", 0) - stats.get("zjol/known", 0)
            done = stats.get("item_scraped_count", 0) - stats.get(NOTED_STAT, 0)
            progress.update(
                task,
                completed=done,
                total=max(total, done) or None,
                tail=f"{stats.get('response_received_count', 0)} pages fetched",
            )

        yield watch


def print_summary(result: CrawlResult, started: float) -> None:
    """Print how a crawl went, in a few lines on standard error."""
    stats = result.stats
    reasons = Counter(rejection.reason for rejection in result.rejections)
    rows = [
        ("articles found", stats.get("zjol/found", 0)),
        ("known before", stats.get("zjol/known", 0)),
        *((label, stats[name]) for label, name in _VISITS.items() if name in stats),
        ("pages fetched", stats.get("response_received_count", 0) - stats.get("robotstxt/response_count", 0)),
        ("stored new", stats.get("zjol/stored", 0)),
        ("changed", stats.get("zjol/changed", 0)),
        ("unchanged", stats.get("zjol/unchanged", 0) + stats.get("zjol/duplicate", 0)),
        ("rejected", sum(reasons.values())),
        *((f"  {reason}", count) for reason, count in sorted(reasons.items())),
        *((f"unread {field}", stats[name]) for field in _LINES if (name := f"zjol/unread/{field}") in stats),
        ("seconds", f"{time.monotonic() - started:.1f}"),
    ]
    for name, value in rows:
        click.echo(f"{name:16} {value:>7}", err=True)
    for rejection in result.rejections[:_MOST_REJECTIONS]:
        click.echo(f"rejected {rejection.reason}: {rejection.url}", err=True)
    if len(result.rejections) > _MOST_REJECTIONS:
        click.echo(f"… and {len(result.rejections) - _MOST_REJECTIONS} more, in the table rejection", err=True)
