"""`zjol runs`: what ran, how it ended, what it took."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option

if TYPE_CHECKING:
    from pipelines.store.run_records import Rejected, RunRecord

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_EXAMPLES = 5
# Counts that have a column of their own in the table.
_COLUMNS = {
    "found": "found",
    "fetched": "fetched",
    "304": "not_modified",
    "new": "stored",
    "changed": "changed",
    "unchanged": "unchanged",
    "rejected": "rejected",
}


@click.command()
@click.argument("run_id", metavar="[N]", type=click.IntRange(1), required=False)
@database_option
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON Lines: times in UTC, sizes in bytes.")
def command(run_id: int | None, db: str, limit: int, as_json: bool) -> int:
    """List the last runs of crawl, epaper, ingest, reparse and demo, or show run N in full. Times are Asia/Shanghai.

    A run that neither ended nor has a process is shown as killed.
    """
    from pipelines.store.engine import describe, open_database
    from pipelines.store.run_records import find_run, last_runs, rejections_of

    engine = open_database(db, create=False)
    now = datetime.now(UTC)
    try:
        if run_id is None:
            runs = last_runs(engine, limit, now)
            if as_json:
                for run in runs:
                    click.echo(_json(run))
            else:
                _print_table(runs, now)
            return 0
        found = find_run(engine, run_id, now)
        if found is None:
            raise WorkFailedError(f"{describe(engine)}: there is no run {run_id}; list them with: zjol runs")
        rejected = rejections_of(engine, run_id, _EXAMPLES)
    finally:
        engine.dispose()
    if as_json:
        click.echo(_json(found, rejections=[reason._asdict() for reason in rejected]))
    else:
        _print_run(found, rejected, now)
    return 0


def _json(run: RunRecord, **more: Any) -> str:
    values = run._asdict() | {"took": _took(run, None)} | more
    return json.dumps(values, ensure_ascii=False, default=lambda moment: moment.isoformat())


def _print_table(runs: list[RunRecord], now: datetime) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        "run", "started", "took", "state", *_COLUMNS, "received", "memory", "command", box=None, pad_edge=False
    )
    for column in (*table.columns[2:3], *table.columns[4:-1]):
        column.justify = "right"
    table.columns[-1].overflow = "fold"
    for run in runs:
        counts = [_number(run.counts.get(name)) for name in _COLUMNS.values()]
        sizes = _size(run.bytes_received), _size(run.peak_memory)
        table.add_row(
            str(run.id), _moment(run.started_at), _span(_took(run, now)), run.state, *counts, *sizes, run.command
        )
    # A pipe has no width: lines are not to be folded there.
    console = Console()
    if not console.is_terminal:
        console = Console(width=250)
    console.print(table, markup=False)


def _print_run(run: RunRecord, rejected: list[Rejected], now: datetime) -> None:
    lines = {
        "run": run.id,
        "command": run.command,
        "state": run.state,
        "started": _moment(run.started_at),
        "finished": _moment(run.finished_at) if run.finished_at else "—",
        "took": _span(_took(run, now)) or "—",
        "by": run.holder or "—",
        "parser": run.parser_version,
        "received": _size(run.bytes_received) or "—",
        "peak memory": _size(run.peak_memory) or "—",
        **{f"seconds {stage}": f"{seconds:.1f}" for stage, seconds in run.seconds.items()},
        **{name: _number(count) for name, count in run.counts.items() if not name.startswith(("rejected/", "host/"))},
        **{name: _number(count) for name, count in run.counts.items() if name.startswith("host/")},
    }
    width = max(map(len, lines))
    for label, value in lines.items():
        click.echo(f"{label:{width}}  {value}")
    counted = {name.removeprefix("rejected/"): c for name, c in run.counts.items() if name.startswith("rejected/")}
    examples = {reason.reason: reason for reason in rejected}
    for reason in dict.fromkeys([*counted, *examples]):
        found = examples.get(reason)
        click.echo(f"\nrejected {reason}: {_number(counted.get(reason, found.pages if found else 0))}")
        for page in found.examples if found else []:
            click.echo(f"  {page['url']}" + (f"  ({page['detail']})" if page["detail"] else ""))
    if run.error:
        click.echo(f"\n{run.error.rstrip()}")


def _took(run: RunRecord, now: datetime | None) -> float | None:
    """Give a run's seconds so far, or in all; None for one that was killed, for nobody knows when."""
    ended = run.finished_at or (now if run.state == "running" else None)
    return None if ended is None else (ended - run.started_at).total_seconds()


def _moment(moment: datetime) -> str:
    return moment.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def _span(seconds: float | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=int(seconds)))


def _number(count: float | None) -> str:
    return "" if count is None else f"{count:,}"


def _size(count: int | None) -> str:
    """Give bytes as a person reads them, in thousands."""
    if count is None:
        return ""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
