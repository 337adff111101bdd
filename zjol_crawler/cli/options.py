"""Options several commands share."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

DEFAULT_DATABASE = "sqlite:///data/zjol.db"

_SHANGHAI = ZoneInfo("Asia/Shanghai")

database_option = click.option(
    "--db",
    metavar="URL",
    envvar="ZJOL_DB",
    default=DEFAULT_DATABASE,
    show_default=True,
    help="The database, as a SQLAlchemy URL; also from ZJOL_DB.",
)

archive_option = click.option(
    "--archive",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep every response in this folder as WARC.",
)

retry_option = click.option("--retry-rejected", is_flag=True, help="Fetch again what earlier runs rejected.")

setting_option = click.option(
    "-s", "settings", metavar="NAME=VALUE", multiple=True, help="A Scrapy setting; may be given many times."
)


class DayType(click.ParamType[str]):
    """A day such as 2016-10-01, in Asia/Shanghai."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the ISO day."""
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            self.fail(f"{value!r} is no day; write it as 2016-10-01", param, ctx)
        try:
            return date.fromisoformat(str(value)).isoformat()
        except ValueError:
            self.fail(f"{value!r} is not in the calendar", param, ctx)


DAY = DayType()


def shanghai_instant(day: str | None, *, days: int = 0) -> datetime | None:
    """Give midnight in Shanghai of an ISO day, or of one so many days later; None for None."""
    return None if day is None else datetime.fromisoformat(day).replace(tzinfo=_SHANGHAI) + timedelta(days=days)


def parse_settings(pairs: tuple[str, ...]) -> dict[str, str]:
    """Read `NAME=VALUE` pairs.

    Raises:
        click.BadParameter: a pair has no `=`.
    """
    parsed = {}
    for pair in pairs:
        name, mark, value = pair.partition("=")
        if not mark or not name.strip():
            raise click.BadParameter(f"-s {pair}: write it as NAME=VALUE, such as DOWNLOAD_DELAY=2")
        parsed[name.strip()] = value
    return parsed


def check_url(url: str) -> str:
    """Give the URL back if it is a full http(s) address.

    Raises:
        click.BadParameter: it is none.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise click.BadParameter(f"{url}: no web address; write it in full, such as http://zjnews.zjol.com.cn/…")
    return url
