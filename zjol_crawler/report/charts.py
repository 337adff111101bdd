"""Charts as SVG: Vega-Lite says what they show, vl-convert draws them without a browser or a network."""

from __future__ import annotations

import re
from typing import Any

import vl_convert

_VEGA_LITE = "5.20"
# The page's own text colour, so that dark mode and print need no second chart.
_INK = "currentColor"
_CONFIG = {
    "background": None,
    "font": "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif",
    "view": {"stroke": None},
    "axis": {"labelColor": _INK, "titleColor": _INK, "domainColor": _INK, "tickColor": _INK, "gridOpacity": 0.15},
    "legend": {"labelColor": _INK, "titleColor": _INK},
    "header": {"labelColor": _INK, "titleColor": _INK},
    "range": {"category": {"scheme": "tableau10"}},
}

Values = list[dict[str, Any]]


def stacked_bars(values: Values, *, x: str, color: str, x_is_time: bool, width: int = 860) -> str:
    """Give bars of `articles` over `x`, stacked by `color`."""
    axis: dict[str, Any] = {"type": "ordinal"}
    if x_is_time:
        axis = {"type": "temporal", "timeUnit": "yearmonthdate", "axis": {"format": "%Y-%m-%d", "labelOverlap": True}}
    return _draw(
        {
            "width": width,
            "height": 220,
            "data": {"values": values},
            "mark": {"type": "bar"},
            "encoding": {
                "x": {"field": x, **axis, "title": None},
                "y": {"field": "articles", "type": "quantitative", "title": "文章 articles"},
                "color": {
                    "field": color,
                    "type": "nominal",
                    "title": None,
                    "legend": {"orient": "bottom", "columns": 5},
                },
            },
        }
    )


def heat_map(values: Values, *, width: int = 860) -> str:
    """Give the share of articles with each field by month, a row of squares a field, a panel a template."""
    return _draw(
        {
            "data": {"values": values},
            "facet": {"row": {"field": "template", "title": None, "header": {"labelAngle": 0, "labelAlign": "left"}}},
            "spec": {
                "width": width - 190,
                "height": {"step": 16},
                "mark": {"type": "rect"},
                "encoding": {
                    "x": {"field": "month", "type": "ordinal", "title": None},
                    "y": {"field": "field", "type": "nominal", "title": None, "sort": None},
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "scale": {"domain": [0, 1], "scheme": "blues"},
                        "legend": {"format": ".0%", "title": None, "orient": "bottom", "gradientLength": 320},
                    },
                },
            },
        }
    )


def _draw(spec: dict[str, Any]) -> str:
    svg: str = vl_convert.vegalite_to_svg({"config": _CONFIG, **spec}, vl_version=_VEGA_LITE)
    # Scales with the page instead of overflowing a phone.
    return re.sub(r'\bwidth="(\d+)" height="(\d+)"', 'role="img"', svg, count=1)
