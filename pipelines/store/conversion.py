"""Facts of the record in the form the tables keep them, and back: instants, body blocks, channel paths, digests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from pipelines.record import Article, Block, Breadcrumb, to_json

# The site prints Shanghai time; China has had no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8))
DAY, SECOND = "day", "second"
_DAY_LENGTH = len("2016-10-01")


class Published(NamedTuple):
    """A publication date as the tables keep it: an instant, and whether the page prints a `day` or a `second`."""

    instant: datetime
    precision: str


def parse_published(text: str) -> Published:
    """Read a record's `date_published`; the instant is in UTC.

    Raises:
        ValueError: it is neither `2006-05-12` nor `2016-10-01T18:21:04+08:00`, or too early for UTC.
    """
    if len(text) == _DAY_LENGTH:
        local, precision = datetime.combine(parse_day(text), time(), SHANGHAI), DAY
    else:
        local, precision = datetime.fromisoformat(text), SECOND
    try:
        published = Published(local.astimezone(UTC), precision)
    except OverflowError as error:
        raise ValueError(f"{text!r} is before the year 1 in UTC") from error
    if local.tzinfo is None or format_published(*published) != text:
        raise ValueError(f"{text!r} is neither like 2006-05-12 nor like 2016-10-01T18:21:04+08:00")
    return published


def format_published(instant: datetime, precision: str) -> str:
    """Give a record's `date_published` of an aware instant."""
    local = instant.astimezone(SHANGHAI)
    return local.date().isoformat() if precision == DAY else local.isoformat(timespec="seconds")


def parse_day(text: str) -> date:
    """Read an ISO day.

    Raises:
        ValueError: it is no day like `2016-10-01`.
    """
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(f"{text!r} is no day like 2016-10-01")
    return day


def block_columns(blocks: Sequence[Block]) -> tuple[str, list[dict[str, Any]]]:
    """Give `article_body` and `body_blocks`: the text once, and the steps without it.

    A step without `image` or `lines` takes one line of the text; `lines` says how many where it is not one.
    """
    texts: list[str] = []
    steps: list[dict[str, Any]] = []
    for block in blocks:
        step: dict[str, Any] = {"type": block.type}
        if block.image is not None:
            step["image"] = block.image
        lines = 0 if block.text is None else block.text.count("\n") + 1
        if lines != (1 if block.image is None else 0):
            step["lines"] = lines
        if block.text is not None:
            texts.append(block.text)
        steps.append(step)
    return "\n".join(texts), steps


def read_blocks(article_body: str, steps: Sequence[dict[str, Any]]) -> list[Block]:
    """Give the blocks of the two columns that `block_columns` made."""
    texts = iter(article_body.split("\n"))
    return [_read_block(step, texts) for step in steps]


def _read_block(step: dict[str, Any], texts: Iterator[str]) -> Block:
    image = step.get("image")
    lines = step.get("lines", 1 if image is None else 0)
    text = "\n".join(next(texts) for _ in range(lines)) if lines else None
    return Block(type=step["type"], text=text, image=image)


class ChannelNode(NamedTuple):
    """A channel by its natural key.

    Attributes:
        path_hash: the digest of the whole path.
        parent_hash: that of the step before, None for the first.
        kind: `breadcrumb` or `section`.
        name: as printed.
        url: where it links to.
    """

    path_hash: str
    parent_hash: str | None
    kind: str
    name: str
    url: str | None


def channel_path(breadcrumbs: Sequence[Breadcrumb], section: str | None) -> list[ChannelNode]:
    """Give the channels an article stands in, outermost first.

    The breadcrumbs, and after them the section where it is not the last breadcrumb's name: an e-paper's page.
    """
    steps = [("breadcrumb", step.name, step.url) for step in breadcrumbs]
    if section is not None and (not breadcrumbs or breadcrumbs[-1].name != section):
        steps.append(("section", section, None))
    nodes: list[ChannelNode] = []
    path = sha256()
    parent: str | None = None
    for step in steps:
        path.update(msgspec.json.encode(step))
        digest = path.hexdigest()
        nodes.append(ChannelNode(digest, parent, *step))
        parent = digest
    return nodes


def content_hash(article: Article) -> str:
    """Give the digest of what the article says: equal for the same text under another number."""
    return sha256(f"{article.headline}\n{article.article_body}".encode()).hexdigest()


def record_hash(article: Article) -> str:
    """Give the digest of the whole record but the form of its addresses.

    `url` and `page_urls` may come as http today and https tomorrow, `canonical_url` is the same in both.
    """
    addressless = msgspec.structs.replace(article, url="", page_urls=[""] * len(article.page_urls))
    return sha256(to_json(addressless).encode()).hexdigest()
