"""`zjol crawl`: what is new in channels or lists."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import (
    DAY,
    archive_option,
    check_url,
    database_option,
    parse_settings,
    retry_option,
    setting_option,
)
from zjol_crawler.cli.run_options import run_options

if TYPE_CHECKING:
    from zjol_crawler.crawl_result import CrawlResult, Watcher


@click.command()
@click.argument("channels", metavar="[CHANNEL]...", nargs=-1)
@click.option(
    "--start", "starts", metavar="URL", multiple=True, help="A list page to start at; may be given many times."
)
@click.option("--since", type=DAY, help="Articles of this day or later; lists are followed back to it.")
@click.option("--until", type=DAY, help="Articles of this day or earlier.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Fetch at most N articles.")
@database_option
@archive_option
@retry_option
@run_options
@click.option(
    "--only-due", is_flag=True, help="Ask only for lists whose time has come; the more they change, the sooner."
)
@setting_option
def command(
    channels: tuple[str, ...],
    starts: tuple[str, ...],
    since: str | None,
    until: str | None,
    limit: int | None,
    db: str,
    archive: Path | None,
    retry_rejected: bool,
    only_due: bool,
    run_settings: dict[str, Any],
    settings: tuple[str, ...],
) -> int:
    """Fetch and store the articles of CHANNELs (default: all enabled) that the database lacks.

    Stopped in any way, it goes on where it was when run again.
    """
    from zjol_crawler.channels import UnknownChannelError, find_channel, read_channels
    from zjol_crawler.crawling import CrawlJob, run_job

    overrides = {**run_settings, **parse_settings(settings)}
    try:
        lists = [find_channel(name).url for name in channels]
    except UnknownChannelError as error:
        raise click.UsageError(str(error.args[0])) from error
    lists += [check_url(url) for url in starts]
    if not lists:
        lists = [channel.url for channel in read_channels() if channel.enabled]
    job = CrawlJob(lists, db, since, until, limit, overrides, archive, retry_rejected, only_due)
    window = [f"{name}={value}" for name, value in (("since", since), ("until", until), ("limit", limit)) if value]
    command_line = " ".join(["crawl", *channels, *starts, *window])
    return run_and_report(lambda watcher: run_job(job, command=command_line, watcher=watcher), archive, run_settings)


def run_and_report(
    run: Callable[[Watcher], CrawlResult], archive: Path | None, run_settings: Mapping[str, Any] = {}
) -> int:
    """Run a crawl under a progress bar, print its summary, give the exit status.

    Args:
        run: runs the crawl and tells the watcher how it goes.
        archive: the folder it archives to, which is mended first where a crash has left a file open.
        run_settings: those of `run_options`.

    Raises:
        WorkFailedError: the database or the archive failed, or not one list page could be fetched.
        click.Abort: it was interrupted.
    """
    from zjol_crawler.archive_writer import ArchiveWriteError, ArchiveWriter
    from zjol_crawler.cli.progress import print_summary, progress_display
    from zjol_crawler.crawl_result import ARCHIVE_ERROR_STAT, INTERRUPTED

    if archive is not None:
        try:
            ArchiveWriter(archive).close()
        except ArchiveWriteError as error:
            raise WorkFailedError(str(error)) from error
    started = time.monotonic()
    with progress_display() as watcher:
        result = run(watcher)
    print_summary(result, started, as_json=bool(run_settings.get("ZJOL_LOG_JSON")))
    if failure := result.store_error or result.stats.get(ARCHIVE_ERROR_STAT):
        raise WorkFailedError(failure)
    if result.finish_reason == INTERRUPTED:
        raise click.Abort
    if not (result.stats.get("zjol/lists") or result.stats.get("zjol/issues")) and result.rejections:
        first = result.rejections[0]
        detail = f" ({first.detail})" if first.detail else ""
        raise WorkFailedError(
            f"{first.url}: {first.reason}{detail}: no list page or issue could be read; check address and network"
        )
    return 0
