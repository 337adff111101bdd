"""Errors as a user meets them: one line that names the input and what to do."""

from __future__ import annotations

import click

from pipelines.store.errors import StoreError
from zjol_crawler.channels import CatalogueError
from zjol_crawler.processes import WorkerDiedError


class WorkFailedError(click.ClickException):
    """The work failed; the message is the one line to show."""

    exit_code = 1


def explain_error(error: Exception) -> int:
    """Print an error as one line and give the exit status it calls for."""
    if isinstance(error, click.UsageError):
        hint = f" (try '{error.ctx.command_path} --help')" if error.ctx else ""
        click.echo(f"zjol: {error.format_message()}{hint}", err=True)
        return 2
    if isinstance(error, click.ClickException):
        click.echo(f"zjol: {error.format_message()}", err=True)
        return error.exit_code
    if isinstance(error, StoreError | CatalogueError | WorkerDiedError):
        click.echo(f"zjol: {error}", err=True)
        return 1
    if isinstance(error, BrokenPipeError):
        return 1
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        click.echo(f"zjol: {name}{error.strerror or error}", err=True)
        return 1
    click.echo(f"zjol: {type(error).__name__}: {error} (run with --debug to see where)", err=True)
    return 1
