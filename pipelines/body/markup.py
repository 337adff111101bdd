"""What the site's markup means: tags and words of `markup.toml`, and patterns of class names, styles and comments."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

_LISTS: dict[str, list[str]] = tomllib.loads(files("pipelines.body").joinpath("markup.toml").read_text("utf-8"))

BLOCK_TAGS = frozenset(_LISTS["block_tags"])
HEADING_TAGS = frozenset(_LISTS["heading_tags"])
BOLD_TAGS = frozenset(_LISTS["bold_tags"])
SKIPPED_TAGS = frozenset(_LISTS["skipped_tags"])
NOISE_WORDS = frozenset(_LISTS["noise_words"])

# Class names of caption elements; captions vary in name, these words are common to them.
CAPTION_CLASS = re.compile(
    r"(?:^|[-_\s])(?:caption|figcaption|pic(?:_?(?:text|txt|note|desc|info|title|intro))?|"
    r"img(?:_?(?:text|txt|note|desc|info|title))|photo(?:_?(?:text|note|desc|info))?|tuzhu|tushuo|picshuoming|zhaopian|"
    r"zhushi|tupian)(?:$|[-_\s])",
    re.IGNORECASE,
)

STYLE_HIDDEN = re.compile(r"(?<![\w-])display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
STYLE_BOLD = re.compile(r"(?<![\w-])font-weight\s*:\s*(bold(?:er)?|[6-9]00|normal|lighter|[1-5]00)", re.IGNORECASE)
STYLE_ALIGN = re.compile(
    r"(?<![\w-])text-align\s*:\s*(-webkit-center|center|left|right|justify|start|end|inherit)", re.IGNORECASE
)
STYLE_COLOR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;]+)", re.IGNORECASE)
STYLE_FAMILY = re.compile(r"(?<![\w-])font-family\s*:\s*([^;]+)", re.IGNORECASE)
STYLE_SIZE = re.compile(r"(?<![\w-])font-size\s*:\s*([^;]+)", re.IGNORECASE)
STYLE_INDENT = re.compile(r"(?<![\w-])text-indent\s*:\s*([0-9.]+)", re.IGNORECASE)

# Old CMS and ad server bracket their slots with these comments; what stands between them is an advert or nothing.
ADVERT_BEGIN = re.compile(r"advertisement code begin", re.IGNORECASE)
ADVERT_END = re.compile(r"advertisement code end", re.IGNORECASE)
CONTENT_BEGIN = re.compile(r"function:?\s*content\(\)\s+parse\s+begin", re.IGNORECASE)
CONTENT_END = re.compile(r"function:?\s*content\(\)\s+parse\s+end", re.IGNORECASE)
