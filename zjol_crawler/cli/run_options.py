"""What every command that crawls understands: how much it may do, and how it tells what it does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from zjol_crawler.spans import read_window


class _WindowType(click.ParamType[str]):
    name = "window"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            read_window(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


_OPTIONS = (
    click.option("--max-pages", type=click.IntRange(1), metavar="N", help="End after N pages, lists included."),
    click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="End after N bytes of answers."),
    click.option("--max-hours", type=click.FloatRange(0, min_open=True), metavar="H", help="End after H hours."),
    click.option(
        "--between",
        type=_WindowType(),
        metavar="HH:MM-HH:MM",
        help="Fetch only between these times of the day in Asia/Shanghai; end when the second has come.",
    ),
    click.option("--log-json", is_flag=True, help="Log lines and summary as JSON, one object a line."),
)


def run_options(function: Callable[..., int]) -> Callable[..., int]:
    """Add the options to a command, which gets them as `run_settings`, a mapping of settings."""

    @functools.wraps(function)
    def command(
        *arguments: Any,
        max_pages: int | None,
        max_bytes: int | None,
        max_hours: float | None,
        between: str | None,
        log_json: bool,
        **options: Any,
    ) -> int:
        given = {
            "CLOSESPIDER_PAGECOUNT": max_pages,
            "ZJOL_MOST_BYTES": max_bytes,
            "CLOSESPIDER_TIMEOUT": None if max_hours is None else max_hours * 3600,
            "ZJOL_WINDOW": between,
            "ZJOL_LOG_JSON": log_json or None,
        }
        settings = {name: value for name, value in given.items() if value is not None}
        return function(*arguments, run_settings=settings, **options)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
