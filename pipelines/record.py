"""The article record: the types of everything the project extracts, stores and exports.

One `Article` a news article, one `Rejection` a page that is none. Field names follow schema.org NewsArticle and
IPTC/NITF; the order of the fields is the order of the keys in JSON. `to_json` and `from_json` are inverses.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

SCHEMA_VERSION = 1

Role = Literal[
    "author",
    "photographer",
    "editor",
    "responsible_editor",
    "proofreader",
    "designer",
    "videographer",
    "translator",
    "provider",
    "planner",
]

TemplateName = Literal["cms-2004", "system-2014", "trs-2016", "trs-2019", "trs-2023", "epaper", "fallback"]

BlockType = Literal["paragraph", "heading", "list_item", "table_row", "image"]

Reason = Literal[
    "not_article",
    "not_found",
    "redirect_stub",
    "no_headline",
    "no_date",
    "empty_body",
    "undecodable",
    "truncated",
    "too_large",
    "off_site",
    "http_error",
    "redirect_loop",
    "timeout",
    "connection",
    "robots",
]


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody credited on a page.

    Attributes:
        name: the name without inner spaces (`王　艺` is `王艺`; `·` stays).
        title: the printed Chinese job word beside the name (记者, 通讯员, 市委报道组 …).
        affiliation: the printed organization before it (浙江日报, 本报 …).
        role: what the person did.
    """

    name: str
    title: str | None = None
    affiliation: str | None = None
    role: Role


class Breadcrumb(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of 您当前的位置; `url` is absolute, or None where the step is no link."""

    name: str
    url: str | None = None


class Dateline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """电头: who filed the story, where and when.

    Attributes:
        raw: the dateline as printed, a bracket after it included.
        organization: the agency or paper.
        place: the city between organization and date.
        date: ISO 8601 day, its year taken from the article's `date_published`; None where no day is printed.
        people: those named in its brackets.
    """

    raw: str
    organization: str | None = None
    place: str | None = None
    date: str | None = None
    people: list[Person] = []


class Credit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who made or gave a picture.

    Attributes:
        raw: the credit as printed, enclosing brackets removed.
        organization: the giver, where no person is named.
        people: the persons named.
    """

    raw: str
    organization: str | None = None
    people: list[Person] = []


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture of the article: absolute `url`, `caption` without its credit, `credit`."""

    url: str
    caption: str | None = None
    credit: Credit | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A step of the body in reading order: a line of text, or (type `image`) an index into `Article.images`."""

    type: BlockType
    text: str | None = None
    image: int | None = None


class Article(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One news article. `docs/fields.md` explains every field with examples."""

    schema_version: int = SCHEMA_VERSION
    url: str
    canonical_url: str
    article_id: str
    template: TemplateName
    encoding: str
    kicker: str | None = None
    headline: str
    subheadline: str | None = None
    date_published: str
    source: str | None = None
    byline: str | None = None
    authors: list[Person] = []
    photographers: list[Person] = []
    editors: list[Person] = []
    contributors: list[Person] = []
    breadcrumbs: list[Breadcrumb] = []
    section: str | None = None
    abstract: str | None = None
    editors_note: str | None = None
    dateline: Dateline | None = None
    body: list[Block] = []
    article_body: str = ""
    images: list[Image] = []
    keywords: list[str] = []
    copyright_notice: str | None = None
    page_urls: list[str] = []
    page_count: int = 1


class Rejection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page that gave no record, and why. `detail` is the target of a redirect stub, a status, or a remark."""

    url: str
    reason: Reason
    detail: str | None = None


_encoder = msgspec.json.Encoder()
_article_decoder = msgspec.json.Decoder(Article)
_rejection_decoder = msgspec.json.Decoder(Rejection)


def to_json(record: Article | Rejection) -> str:
    """Give the record as one line of JSON, keys in the contract's order, Chinese unescaped, no line end."""
    return _encoder.encode(record).decode()


def from_json(line: str | bytes) -> Article:
    """Read an article back from JSON.

    Raises:
        msgspec.ValidationError: the line is JSON but no article record; the message names the field.
        msgspec.DecodeError: the line is no JSON.
    """
    return _article_decoder.decode(line)


def rejection_from_json(line: str | bytes) -> Rejection:
    """Read a rejection back from JSON; raises as `from_json` does."""
    return _rejection_decoder.decode(line)


def to_dict(record: Article | Rejection) -> dict[str, Any]:
    """Give the record as plain dicts and lists, as `json.loads(to_json(record))` would."""
    result: dict[str, Any] = msgspec.to_builtins(record)
    return result


def from_dict(record: object) -> Article:
    """Read an article back from plain dicts and lists.

    Raises:
        msgspec.ValidationError: it is no article record; the message names the field.
    """
    return msgspec.convert(record, Article)


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the article record."""
    return msgspec.json.schema(Article)
