"""The sample site's content files as types: `articles.toml` and `site.toml` of `data/sample_site`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

BlockKind = Literal["paragraph", "heading", "list", "table", "picture"]

_INSTALLED = "sample_site_pages"
_IN_CLONE = Path(__file__).parents[2] / "data" / "sample_site"


class Block(msgspec.Struct, kw_only=True):
    """A block of a body: its text, its lines (list items, or a table's rows of cells), or a picture's words."""

    kind: BlockKind
    text: str = ""
    lines: list[str] | list[list[str]] = []
    caption: str = ""
    credit: str = ""
    form: str = "br"
    src: str = ""
    oldsrc: str = ""


class ArticleText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One article of `articles.toml`; every value as its page prints it, `{day}` standing for the dateline's day."""

    channel: str
    headline: str
    body: str
    kicker: str = ""
    subheadline: str = ""
    source: str = ""
    byline: str = ""
    dateline: str = ""
    abstract: str = ""
    note: str = ""
    editor: str = ""
    tags: str = ""
    copyright: list[str] = []


class Channel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One channel of `site.toml`: its list's first page, the form of its lists, its articles' breadcrumbs."""

    name: str
    title: str
    url: str
    form: Literal["listUl", "h4", "newslist"]
    charset: str
    breadcrumbs: list[tuple[str, str]]


class SiteFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`site.toml`: the channels, and what frames fill navigation with."""

    words: list[str]
    folders: list[str]
    hosts: list[tuple[str, str]]
    channel: list[Channel]


class _Articles(msgspec.Struct, forbid_unknown_fields=True):
    article: list[ArticleText]


T = TypeVar("T")


def data_directory() -> Path:
    """Give where the content files are: in the clone, or in the installed package.

    Raises:
        FileNotFoundError: they are in neither; the installation is broken.
    """
    installed = Path(str(files("zjol_crawler").joinpath(_INSTALLED)))
    for directory in (_IN_CLONE, installed):
        if (directory / "articles.toml").is_file():
            return directory
    raise FileNotFoundError(f"the sample site's pages are missing from {installed}; install zjol-crawler again")


def _read(name: str, kind: type[T]) -> T:
    return msgspec.toml.decode((data_directory() / name).read_bytes(), type=kind)


def read_articles() -> list[ArticleText]:
    """Give the articles in their order."""
    return _read("articles.toml", _Articles).article


def read_site() -> SiteFacts:
    """Give the site's facts."""
    return _read("site.toml", SiteFacts)


def parse_pages(text: str) -> list[list[Block]]:
    """Read a body's notation, which `articles.toml` explains, into the blocks of its pages."""
    pages: list[list[Block]] = [[]]
    for line in filter(None, map(str.strip, text.splitlines())):
        page = pages[-1]
        mark, _, rest = line.partition(" ")
        if line == "***":
            pages.append([])
        elif mark == "##":
            page.append(Block(kind="heading", text=rest))
        elif mark == "-":
            _lines(page, "list").append(rest)
        elif mark == "|":
            _lines(page, "table").append([cell.strip() for cell in line.strip("|").split("|")])
        elif mark == "@":
            caption, credit, form = (part.strip() for part in rest.split("|"))
            page.append(Block(kind="picture", caption=caption, credit=credit, form=form))
        else:
            page.append(Block(kind="paragraph", text=line))
    return pages


def _lines(page: list[Block], kind: BlockKind) -> list[object]:
    if not page or page[-1].kind != kind:
        page.append(Block(kind=kind, lines=[]))
    lines: list[object] = page[-1].lines  # type: ignore[assignment]
    return lines
