"""What `zjol extract --explain` shows: how each page was read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from pipelines.page import Page
from zjol_crawler.archive import read_capture
from zjol_crawler.captures import Captures
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import check_url

_ARCHIVE_ENDINGS = (".warc", ".warc.gz")
_ADDRESSES = ("http://", "https://")


def explain_pages(names: Sequence[str], url: str | None, settings: dict[str, str]) -> int:
    """Print, for each page, which selector, place and line gave each field, and what was left out.

    Args:
        names: addresses to fetch, WARC files or saved pages.
        url: the address a saved page was fetched from.
        settings: Scrapy settings for what is fetched.

    Raises:
        WorkFailedError: a page cannot be fetched or read.
        click.UsageError: a saved page comes without its address.
    """
    from rich.console import Console
    from rich.table import Table

    from pipelines.explain import explain

    console = Console()
    for name in names:
        for page in _pages(name, url, settings):
            table = Table("field", "value", "from", title=page.url, title_justify="left")
            for finding in explain(page):
                table.add_row(*map(str, finding))
            console.print(table, markup=False)
    return 0


def _pages(name: str, url: str | None, settings: dict[str, str]) -> Iterator[Page]:
    if name.startswith(_ADDRESSES):
        yield from _fetched(check_url(name), settings)
    elif name.endswith(_ARCHIVE_ENDINGS):
        yield from _archived([Path(name)])
    elif url is None:
        raise click.UsageError(f"{name}: give the address it was fetched from with --url")
    else:
        try:
            yield Page(url=check_url(url), body=Path(name).read_bytes())
        except OSError as error:
            raise WorkFailedError(f"{name}: cannot read the saved page: {error.strerror}") from error


def _archived(paths: Sequence[Path]) -> Iterator[Page]:
    with Captures.sort(paths, workers=1) as captures:
        yield from (read_capture(capture) for group in captures.groups() for capture in group)


def _fetched(url: str, settings: dict[str, str]) -> Iterator[Page]:
    """Fetch an article, all its pages, by way of an archive: it keeps the bytes as they came."""
    from zjol_crawler.crawl_result import INTERRUPTED
    from zjol_crawler.running import crawl
    from zjol_crawler.spiders.article import ArticleSpider

    with tempfile.TemporaryDirectory(prefix="zjol-explain-") as folder:
        result = crawl(ArticleSpider, {**settings, "ZJOL_ARCHIVE": folder}, urls=[url])
        if result.finish_reason == INTERRUPTED:
            raise click.Abort
        archived = _archived(sorted(Path(folder).glob("*.warc.gz")))
        pages = [page for page in archived if urlsplit(page.url).path != "/robots.txt"]
    if not pages:
        reasons = ", ".join(each.detail or each.reason for each in result.rejections)
        raise WorkFailedError(f"{url}: no page came to explain ({reasons or 'no answer'}); try it in a browser")
    yield from pages
