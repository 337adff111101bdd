"""The report's page: figures and charts in one HTML file."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import jinja2
from markupsafe import Markup
from sqlalchemy import Engine

from pipelines.store.engine import describe
from zjol_crawler.report.charts import heat_map, stacked_bars
from zjol_crawler.report.figures import Figures, read_figures, shown_instant

_LABELS: dict[str, dict[str, str]] = tomllib.loads(
    files("zjol_crawler.report").joinpath("labels.toml").read_text("utf-8")
)


def write_report(engine: Engine, folder: Path) -> Path:
    """Write `index.html`, which needs nothing beside it, and `figures.json`, the numbers behind it; give the former.

    Raises:
        OSError: the folder cannot be written.
        StoreError: the database cannot be read.
    """
    figures = read_figures(engine)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    page.write_text(render(figures, describe(engine), datetime.now(UTC)), encoding="utf-8")
    numbers = json.dumps(figures._asdict(), ensure_ascii=False, default=str, indent=1)
    (folder / "figures.json").write_text(numbers + "\n", encoding="utf-8")
    return page


def render(figures: Figures, database: str, written_at: datetime) -> str:
    """Give the page as HTML."""
    frames = jinja2.Environment(
        loader=jinja2.PackageLoader("zjol_crawler.report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    charts = {}
    if figures.articles:
        charts = {
            "by_day": Markup(stacked_bars(figures.by_day, x="day", color="section", x_is_time=True)),
            "by_month": Markup(stacked_bars(figures.by_month, x="month", color="template", x_is_time=False)),
            "coverage": Markup(heat_map(figures.coverage)),
        }
    return frames.get_template("report.html").render(
        figures=figures,
        charts=charts,
        database=database,
        written_at=shown_instant(written_at),
        instant=shown_instant,
        label=_label,
        version=version("zjol-crawler"),
    )


def _label(kind: str, word: str | None) -> str:
    """Give a word of the database with its Chinese name."""
    if word is None:
        return "—"
    name = _LABELS[kind].get(word)
    return word if name is None else f"{name} {word.replace('_', ' ')}"
