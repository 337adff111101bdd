"""`zjol demo`: the main job on this machine alone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine, text

from zjol_crawler.cli.options import database_option, parse_settings, setting_option

# On loopback nobody is bothered; everything else is as on the real site.
_LOOPBACK_SETTINGS = {"DOWNLOAD_DELAY": 0, "AUTOTHROTTLE_ENABLED": False, "RETRY_TIMES": 1}

_LANDED = """
select coalesce(top.name, '—') as channel, article.template, count(*) as articles,
       sum((select count(*) from image where image.article_id = article.id)) as pictures,
       sum((select count(distinct person_id) from contribution where contribution.article_id = article.id)) as people
from article
left join channel as leaf on leaf.id = article.channel_id
left join channel as top on top.id = coalesce(leaf.parent_id, leaf.id)
group by 1, 2 order by 1, 2
"""


@click.command()
@database_option
@setting_option
def command(db: str, settings: tuple[str, ...]) -> int:
    """Crawl the sample site with the crawl's own code, store it, and show what landed."""
    from zjol_crawler.cli.crawl import run_and_report
    from zjol_crawler.crawling import CrawlJob, run_job
    from zjol_crawler.sample_site import SampleSite

    overrides = {**_LOOPBACK_SETTINGS, **parse_settings(settings)}
    started = time.monotonic()
    with SampleSite() as site, _proxy(site.proxy_url):
        click.echo(f"sample site: {', '.join(sorted(site.hosts))}, served at {site.proxy_url}", err=True)
        job = CrawlJob(site.channel_urls, db, settings=overrides)
        run_and_report(lambda watcher: run_job(job, command="demo", watcher=watcher), None)
    _show(db)
    click.echo(f"done in {time.monotonic() - started:.1f} s, stored in {db}", err=True)
    return 0


@contextmanager
def _proxy(url: str) -> Iterator[None]:
    """Send every request through the sample site's proxy, whatever the environment says."""
    names = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "ALL_PROXY")
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ.update(http_proxy=url, https_proxy=url)
    try:
        yield
    finally:
        for name in ("http_proxy", "https_proxy"):
            del os.environ[name]
        os.environ.update(before)


def _show(db: str) -> None:
    from rich.console import Console
    from rich.table import Table

    from pipelines.store.engine import open_database
    from pipelines.store.reader import read_articles

    console = Console()
    engine = open_database(db, create=False)
    try:
        landed = Table(
            "channel", "template", "articles", "pictures", "people", title="what landed", title_justify="left"
        )
        for row in _rows(engine, _LANDED):
            landed.add_row(*map(str, row))
        console.print(landed, markup=False)
        console.print(_counts(engine))
        article = max(read_articles(engine), key=lambda record: len(record.images) + len(record.authors), default=None)
    finally:
        engine.dispose()
    if article is not None:
        console.print(f"\none of them: zjol export --db {db}, or ask the tables:")
        console.print(f"  {article.headline}", style="bold", markup=False)
        for person in (*article.authors, *article.photographers, *article.editors):
            line = f"  {person.role}: {person.name} {person.title or ''} {person.affiliation or ''}".rstrip()
            console.print(line, markup=False, highlight=False)
        for image in article.images:
            credit = image.credit.raw if image.credit else "no credit"
            console.print(f"  picture: {image.caption or '—'} | {credit}", markup=False, highlight=False)


def _rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def _counts(engine: Engine) -> str:
    names = ("article", "person", "organization", "keyword", "image", "rejection")
    return ", ".join(f"{_rows(engine, f'select count(*) from {name}')[0][0]} {name}" for name in names)
