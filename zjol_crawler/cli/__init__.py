"""The `zjol` command: a file a command, loaded only when it runs."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from zjol_crawler.cli.errors import explain_error

COMMANDS = {
    "demo": "run the main job on the sample site, on this machine alone",
    "scrape": "read one article, from its address or a saved page",
    "crawl": "fetch what is new in channels or lists",
    "epaper": "fetch the issues of an e-paper",
    "extract": "read the pages in WARC files into JSON Lines",
    "reparse": "extract an archive again and store what changed",
    "ingest": "store the records or pages of files",
    "search": "find stored articles by their words",
    "serve": "show the database in a browser",
    "workers": "show which crawl serves which host",
    "schedule": "run jobs at their times, for years",
    "runs": "show what ran, how it ended and what it took",
    "report": "write a page on what came in and what failed",
    "findings": "list what is not as it was",
    "held": "list, release or discard records held back",
    "alert": "tell people of what is not as it was",
    "export": "write the stored records to a file",
    "channels": "show the channel catalogue",
    "doctor": "check that everything is in order",
    "prune": "take out of an archive what later captures replace",
    "backup": "copy the database and the archive, verified",
    "restore": "put a backup in its place",
    "db": "migrate and check the database",
}


class LazyGroup(click.Group):
    """Imports a command's module when it is called, so that `zjol --help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"zjol_crawler.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zjol-crawler", prog_name="zjol")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """News of 浙江在线 (zjol.com.cn): from pages to exact records to normalized rows."""
    ctx.obj = {"debug": debug}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; the exit status is 0, 1 (the work failed), 2 (wrong usage) or 130 (interrupted)."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    try:
        status: Any = cli.main(given, prog_name="zjol", standalone_mode=False, obj={"debug": debug})
    except click.exceptions.Abort:
        click.echo("zjol: interrupted", err=True)
        sys.exit(130)
    except Exception as error:
        if debug and not isinstance(error, click.ClickException):
            raise
        sys.exit(explain_error(error))
    sys.exit(status if isinstance(status, int) else 0)
