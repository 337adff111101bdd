"""`zjol scrape`: one article now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pipelines.page import Page
from pipelines.record import Article, Rejection, to_json
from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import check_url, parse_settings, setting_option

REMEDIES = {
    "not_article": "it is a list, home or login page; give the address of an article",
    "not_found": "the site has no such page; check the address",
    "redirect_stub": "it only leads elsewhere; give that address instead",
    "no_headline": "no headline was found; is it an article page?",
    "no_date": "no date was found; is it an article page?",
    "empty_body": "it has no text; a page with only a player has none",
    "undecodable": "its bytes are no text; is it a web page?",
    "truncated": "the page stops before its text ends; fetch it again",
    "too_large": "it is over 20 MB, or has over 300,000 tags; that is no article",
    "off_site": "only pages of zjol.com.cn are read; for a saved copy give its address on zjol.com.cn",
    "robots": "the site's robots.txt asks to stay away",
    "timeout": "the host did not answer in time; try again later",
    "connection": "the host cannot be reached; check the address and your network",
    "http_error": "the server answered with an error; try again later",
    "redirect_loop": "it leads from page to page without end",
}

# Records are stored here, not by the crawl: one page needs no run of its own.


@click.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--html", "html", metavar="FILE", help="Read this saved page as if fetched from URL; - is standard input."
)
@click.option("--db", metavar="URL", envvar="ZJOL_DB", help="Store the record in this database too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines instead of a card.")
@setting_option
def command(urls: tuple[str, ...], html: str | None, db: str | None, as_json: bool, settings: tuple[str, ...]) -> int:
    """Fetch each article at URL, all its pages, and print its record."""
    for url in urls:
        check_url(url)
    overrides = parse_settings(settings)
    if html is not None:
        if len(urls) > 1:
            raise click.UsageError("--html takes one page, so give one URL with it")
        results = [_read_saved(urls[0], html)]
    else:
        results = _fetch(urls, overrides)
    if db:
        _store(results, db)
    for result in results:
        if isinstance(result, Article):
            _print(result, as_json)
    rejected = [result for result in results if isinstance(result, Rejection)]
    for rejection in rejected:
        detail = f" ({rejection.detail})" if rejection.detail else ""
        click.echo(f"zjol: {rejection.url}: {rejection.reason}{detail}: {REMEDIES[rejection.reason]}", err=True)
    return 1 if rejected else 0


def _read_saved(url: str, name: str) -> Article | Rejection:
    from pipelines.extract import extract

    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise WorkFailedError(f"{name}: cannot read the saved page: {error.strerror}") from error
    return extract(Page(url=url, body=body))


def _fetch(urls: Sequence[str], overrides: dict[str, str]) -> list[Article | Rejection]:
    from zjol_crawler.crawl_result import INTERRUPTED
    from zjol_crawler.running import crawl
    from zjol_crawler.spiders.article import ArticleSpider

    result = crawl(ArticleSpider, overrides, keep_records=True, urls=urls)
    if result.finish_reason == INTERRUPTED:
        raise click.Abort
    return result.records


def _store(results: Sequence[Article | Rejection], db: str) -> None:
    from pipelines.store.engine import open_database
    from pipelines.store.writer import Writer

    engine = open_database(db)
    try:
        Writer(engine).write(results)
    finally:
        engine.dispose()


def _print(article: Article, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(article))
        return
    from rich.console import Console

    from zjol_crawler.cli.card import card

    Console().print(card(article))
