"""`zjol epaper`: the issues of an e-paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from pipelines.papers import PAPERS
from zjol_crawler.cli.options import DAY, archive_option, database_option, parse_settings, retry_option, setting_option
from zjol_crawler.cli.run_options import run_options

_LISTED = ", ".join(f"{name} ({title})" for name, title in PAPERS.items())


@click.command(
    help=f"""Fetch and store the articles of PAPER's issues that the database lacks, today's by default.

PAPER is one of {_LISTED}. A day without an issue is listed. Stopped in any way, it goes on where it was when run again.
"""
)
@click.argument("paper", type=click.Choice(list(PAPERS)), metavar="PAPER")
@click.option("--date", "day", type=DAY, help="The issue of this day.")
@click.option("--since", type=DAY, help="The issues of this day and later ones.")
@click.option("--until", type=DAY, help="The issues up to this day; today where it is not given.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Fetch at most N articles.")
@database_option
@archive_option
@retry_option
@run_options
@setting_option
def command(
    paper: str,
    day: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    db: str,
    archive: Path | None,
    retry_rejected: bool,
    run_settings: dict[str, Any],
    settings: tuple[str, ...],
) -> int:
    """Run the command; the help is above."""
    from zjol_crawler.cli.crawl import run_and_report
    from zjol_crawler.crawling import EpaperJob, run_epaper_job

    days = _days(day, since, until)
    job = EpaperJob(
        f"{paper}.zjol.com.cn", days, db, limit, {**run_settings, **parse_settings(settings)}, archive, retry_rejected
    )
    window = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return run_and_report(
        lambda watcher: run_epaper_job(job, command=f"epaper {paper} {window}", watcher=watcher), archive, run_settings
    )


def _days(day: str | None, since: str | None, until: str | None) -> list[str]:
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    if day is not None:
        if since or until:
            raise click.UsageError("give --date or --since and --until, not both")
        return [day]
    if since is None:
        if until is not None:
            raise click.UsageError("--until wants --since; for one issue give --date")
        return [today.isoformat()]
    first, last = date.fromisoformat(since), date.fromisoformat(until) if until else today
    if last < first:
        raise click.UsageError(f"--until {last} is before --since {first}")
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
