"""`zjol crawl`: what is new in channels or lists."""

from __future__ import annotations

import time

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import DAY, check_url, database_option, parse_settings, setting_option


@click.command()
@click.argument("channels", metavar="[CHANNEL]...", nargs=-1)
@click.option(
    "--start", "starts", metavar="URL", multiple=True, help="A list page to start at; may be given many times."
)
@click.option("--since", type=DAY, help="Articles of this day or later; lists are followed back to it.")
@click.option("--until", type=DAY, help="Articles of this day or earlier.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Fetch at most N articles.")
@database_option
@setting_option
def command(
    channels: tuple[str, ...],
    starts: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int | None,
    db: str,
    settings: tuple[str, ...],
) -> int:
    """Fetch and store the articles of CHANNELs (default: all enabled) that the database lacks.

    Stopped in any way, it goes on where it was when run again.
    """
    from zjol_crawler.channels import UnknownChannelError, find_channel, read_channels
    from zjol_crawler.crawling import CrawlJob

    overrides = parse_settings(settings)
    try:
        lists = [find_channel(name).url for name in channels]
    except UnknownChannelError as error:
        raise click.UsageError(str(error.args[0])) from error
    lists += [check_url(url) for url in starts]
    if not lists:
        lists = [channel.url for channel in read_channels() if channel.enabled]
    job = CrawlJob(lists, db, since, until, limit, overrides)
    window = [f"{name}={value}" for name, value in (("since", since), ("until", until), ("limit", limit)) if value]
    return run_and_report(job, " ".join(["crawl", *channels, *starts, *window]))


def run_and_report(job: object, command_line: str) -> int:
    """Run a crawl job under a progress bar, print its summary, give the exit status.

    Raises:
        WorkFailedError: the database failed, or not one page could be fetched.
        click.Abort: it was interrupted.
    """
    from zjol_crawler.cli.progress import print_summary, progress_bar
    from zjol_crawler.crawling import CrawlJob, run_job
    from zjol_crawler.running import INTERRUPTED

    if not isinstance(job, CrawlJob):
        raise TypeError("a crawl job is wanted")
    started = time.monotonic()
    with progress_bar() as watcher:
        result = run_job(job, command=command_line, watcher=watcher)
    print_summary(result, started)
    if result.store_error:
        raise WorkFailedError(result.store_error)
    if result.finish_reason == INTERRUPTED:
        raise click.Abort
    if not result.stats.get("zjol/lists") and result.rejections:
        first = result.rejections[0]
        detail = f" ({first.detail})" if first.detail else ""
        raise WorkFailedError(
            f"{first.url}: {first.reason}{detail}: no list page could be read; check address and network"
        )
    return 0
