"""Datasette set up for our database: what it knows of tables, columns and facets, and our own pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from markupsafe import Markup
from sqlalchemy import Engine

from pipelines.store.schema import Base
from pipelines.store.views import VIEWS
from zjol_crawler.browsing.pages import Pages

_HERE = Path(__file__).parent

# What a reader narrows a list by, and the order in which it stands at first.
_FACETS = {
    "article_overview": ["section", "published_year", "source", "template"],
    "article_person": ["name", "role", "section", "published_year", "source"],
    "contributor_overview": ["role", "title", "affiliation"],
    "image_overview": ["giver"],
    "page": ["state"],
    "rejection": ["reason"],
}
_NEWEST_FIRST = {"article_overview": "published_at", "article_person": "published_on", "image_overview": "published_on"}
_SETTINGS = {
    "default_page_size": 50,
    # On a large database a facet takes longer than Datasette's fifth of a second.
    "facet_time_limit_ms": 3000,
    "sql_time_limit_ms": 10_000,
    "suggest_facets": False,
    "num_sql_threads": 3,
}


def browsing_site(engine: Engine, path: Path) -> Datasette:
    """Give the site that shows a SQLite database, which it only reads.

    Args:
        engine: the database.
        path: its file.
    """
    site = Datasette(
        [str(path)],
        metadata=_metadata(path.stem),
        template_dir=str(_HERE / "templates"),
        static_mounts=[("zjol", str(_HERE / "static"))],
        settings=_SETTINGS,
    )
    routes = _Routes(site, Pages(site, engine, path.stem))
    pm.register(routes, name=f"{routes.__name__}-{id(site)}")
    return site


class _Routes:
    """Our pages and links as a plugin: plugins are the whole process's, so it answers for its own site alone."""

    # Datasette names its plugins by this.
    __name__ = "zjol"

    def __init__(self, site: Datasette, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    @hookimpl  # type: ignore[untyped-decorator]
    def register_routes(self, datasette: Datasette) -> list[tuple[str, Callable[..., Any]]]:
        """Give our addresses and what answers them."""
        return self._pages.routes() if datasette is self._site else []

    @hookimpl  # type: ignore[untyped-decorator]
    def render_cell(self, value: object, column: str, table: str | None, datasette: Datasette) -> Markup | None:
        """Lead from an article's id in a table or view to the article."""
        if datasette is not self._site or column not in ("article_id", "duplicate_of") or not isinstance(value, str):
            return None
        return Markup('<a href="{}">{}</a>').format(datasette.urls.path(f"/article/{value}"), value)


def _metadata(database: str) -> dict[str, Any]:
    tables: dict[str, Any] = {
        table.name: {
            "description": table.comment,
            "columns": {column.name: column.comment for column in table.columns},
        }
        for table in Base.metadata.sorted_tables
    }
    tables |= {name: {"description": comment, "columns": columns} for name, (comment, columns) in VIEWS.items()}
    for name, facets in _FACETS.items():
        tables[name]["facets"] = facets
    for name, column in _NEWEST_FIRST.items():
        tables[name]["sort_desc"] = column
    for name in ("article_search", "article_fingerprint", "change_counter"):
        tables[name]["hidden"] = True
    return {
        "title": "浙江在线",
        "extra_css_urls": ["/zjol/pages.css"],
        "databases": {database: {"tables": tables}},
    }
