"""What a crawl shows: a live display on a terminal while it runs, a summary when it is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from zjol_crawler.crawl_result import HOST_STAT, CrawlResult, Watcher

_MOST_REJECTIONS = 10
_MOST_HOSTS = 12
# What became of pages and lists looked at again.
_VISITS = {"looked at again": "zjol/revisited", "  as they were": "zjol/not_modified", "  gone": "zjol/gone"}
# What becomes of an article.
_OUTCOMES = ("stored", "changed", "unchanged", "duplicate", "held", "rejected")
# The lines whose unread pieces are counted.
_LINES = ("byline", "dateline", "credit")
# How often a crawl that nobody watches logs how far it is, in seconds.
_LOG_SECONDS = 60.0

logger = logging.getLogger(__name__)


@contextmanager
def progress_display() -> Iterator[Watcher]:
    """Give a watcher that shows how a crawl goes: live on a terminal, otherwise as a log line a minute."""
    console = Console(stderr=True)
    started = time.monotonic()
    if not console.is_terminal:
        yield _logger(started)
        return
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tail]}"),
        TimeElapsedColumn(),
        console=console,
    )
    task = progress.add_task("articles", total=None, tail="")
    with Live(progress, console=console, transient=True, refresh_per_second=4) as live:

        def watch(stats: Mapping[str, Any]) -> None:
            done, total = _done(stats), _queued(stats)
            left = _time_left(stats, time.monotonic() - started)
            tail = f"{stats.get('response_received_count', 0)} pages fetched{f', {left} left' if left else ''}"
            progress.update(task, completed=done, total=done + total or None, tail=tail)
            live.update(Group(progress, _counts_line(stats), _hosts_table(stats, time.monotonic() - started)))

        yield watch


def _logger(started: float) -> Watcher:
    logged = started

    def watch(stats: Mapping[str, Any]) -> None:
        nonlocal logged
        now = time.monotonic()
        if now - logged >= _LOG_SECONDS:
            logged = now
            counts = {name: stats.get(f"zjol/{name}", 0) for name in ("stored", "changed", "rejected")}
            shown = ", ".join(f"{count} {name}" for name, count in counts.items())
            fetched, queued = stats.get("response_received_count", 0), _queued(stats)
            logger.warning(
                "%d pages fetched, %s, %d to fetch", fetched, shown, queued, extra={"fetched": fetched, **counts}
            )

    return watch


def _done(stats: Mapping[str, Any]) -> int:
    return sum(stats.get(f"zjol/{name}", 0) for name in _OUTCOMES)


def _hosts(stats: Mapping[str, Any], name: str) -> dict[str, int]:
    """Give one count of every host."""
    ending = f"/{name}"
    return {
        key.removeprefix(HOST_STAT).removesuffix(ending): value
        for key, value in stats.items()
        if key.startswith(HOST_STAT) and key.endswith(ending)
    }


def _queued(stats: Mapping[str, Any]) -> int:
    return sum(_hosts(stats, "queued").values())


def _time_left(stats: Mapping[str, Any], seconds: float) -> str:
    """Say how long the slowest host will take at its pace so far."""
    answers = _hosts(stats, "answers")
    waits = [queued * seconds / answers[host] for host, queued in _hosts(stats, "queued").items() if answers.get(host)]
    longest = int(max(waits, default=0))
    return f"{longest // 3600}:{longest % 3600 // 60:02}:{longest % 60:02}" if longest else ""


def _counts_line(stats: Mapping[str, Any]) -> str:
    names = {"new": "stored", "changed": "changed", "rejected": "rejected", "known before": "known"}
    return "  ".join(f"{stats.get(f'zjol/{name}', 0)} {label}" for label, name in names.items())


def _hosts_table(stats: Mapping[str, Any], seconds: float) -> Table:
    table = Table("host", "to fetch", "a second", "errors", "", box=None, pad_edge=False)
    for column in table.columns[1:4]:
        column.justify = "right"
    answers, errors, queued = (_hosts(stats, name) for name in ("answers", "errors", "queued"))
    closed = _hosts(stats, "closed")
    hosts = sorted({*answers, *queued, *errors}, key=lambda host: (-queued.get(host, 0), host))
    for host in hosts[:_MOST_HOSTS]:
        rate = answers.get(host, 0) / max(seconds, 0.1)
        state = "left alone" if closed.get(host) else ""
        table.add_row(host, str(queued.get(host, 0)), f"{rate:.1f}", str(errors.get(host, 0)), state)
    return table


def print_summary(result: CrawlResult, started: float, *, as_json: bool = False) -> None:
    """Print how a crawl went on standard error: a few lines, or one JSON log line."""
    stats = result.stats
    reasons = result.reasons
    rejected = reasons.total()
    seconds = time.monotonic() - started
    rows = [
        ("articles found", stats.get("zjol/found", 0)),
        ("known before", stats.get("zjol/known", 0)),
        *((label, stats[name]) for label, name in _VISITS.items() if name in stats),
        ("pages fetched", stats.get("response_received_count", 0) - stats.get("robotstxt/response_count", 0)),
        ("stored new", stats.get("zjol/stored", 0)),
        ("changed", stats.get("zjol/changed", 0)),
        ("unchanged", stats.get("zjol/unchanged", 0) + stats.get("zjol/duplicate", 0)),
        ("rejected", rejected),
        *((f"  {reason}", count) for reason, count in sorted(reasons.items())),
        *((f"unread {field}", stats[name]) for field in _LINES if (name := f"zjol/unread/{field}") in stats),
    ]
    if as_json:
        fields = {label.strip().replace(" ", "_"): value for label, value in rows}
        shown = [{"url": rejection.url, "reason": rejection.reason} for rejection in result.rejections]
        fields |= {"rejections": shown[:_MOST_REJECTIONS], "seconds": round(seconds, 1)}
        logger.warning("the crawl ended: %s", result.finish_reason, extra={"outcome": result.finish_reason, **fields})
        return
    for name, value in (*rows, ("seconds", f"{seconds:.1f}")):
        click.echo(f"{name:16} {value:>7}", err=True)
    for host, times in sorted(_hosts(stats, "closings").items()):
        click.echo(f"{host}: left alone {times} times after failures", err=True)
    for rejection in result.rejections[:_MOST_REJECTIONS]:
        click.echo(f"rejected {rejection.reason}: {rejection.url}", err=True)
    if rejected > _MOST_REJECTIONS:
        click.echo(f"… and {rejected - _MOST_REJECTIONS} more, in the table rejection", err=True)
