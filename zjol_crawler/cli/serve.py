"""`zjol serve`: the database in a browser."""

from __future__ import annotations

import socket
from pathlib import Path

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from zjol_crawler.cli.errors import WorkFailedError
from zjol_crawler.cli.options import database_option

_DEFAULT_PORT = 8001


@click.command()
@database_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 shows it to all.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--open", "is_opened", is_flag=True, help="Open it in the browser.")
def command(db: str, host: str, port: int, is_opened: bool) -> int:
    """Show a SQLite database in a browser, read-only, with search and facets, until Ctrl-C.

    Needs Datasette: pip install 'zjol-crawler[serve]'.
    """
    try:
        import uvicorn

        from zjol_crawler.browsing import browsing_site
    except ModuleNotFoundError as error:
        raise WorkFailedError(f"{error.name} is not installed; run: pip install 'zjol-crawler[serve]'") from error
    from pipelines.store.engine import open_database

    path = _sqlite_path(db)
    engine = open_database(db, create=False)
    listener = _listen(host, port)
    address = f"http://{host}:{listener.getsockname()[1]}/"
    click.echo(f"{path} is at {address} (Ctrl-C stops)", err=True)
    if is_opened:
        click.launch(address)
    try:
        app = browsing_site(engine, path).app()
        uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on")).run(sockets=[listener])
    finally:
        engine.dispose()
    return 0


def _sqlite_path(db: str) -> Path:
    try:
        url = make_url(db)
    except ArgumentError as error:
        raise WorkFailedError(f"{db}: not a database URL; give one like sqlite:///data/zjol.db") from error
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        shown = url.render_as_string(hide_password=True)
        raise WorkFailedError(
            f"{shown}: only a SQLite file can be shown; bring the rows over with: "
            f"zjol export --db {shown} --format jsonl -o all.jsonl && zjol ingest all.jsonl --db sqlite:///copy.db"
        )
    return Path(url.database)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        raise WorkFailedError(f"{host}:{port}: cannot listen there ({error.strerror}); give another --port") from error
