"""`zjol channels`: the catalogue."""

from __future__ import annotations

import click


@click.command()
def command() -> int:
    """Show the channel catalogue and what is known of each channel."""
    from rich.console import Console
    from rich.table import Table

    from zjol_crawler.channels import read_channels

    table = Table("name", "title", "list", "template", "enabled")
    table.columns[2].overflow = "fold"
    for channel in read_channels():
        table.add_row(
            channel.name, channel.title or "", channel.url, channel.template or "", "yes" if channel.enabled else "no"
        )
    Console().print(table, markup=False)
    return 0
