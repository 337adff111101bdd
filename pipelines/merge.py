"""The pages of one article → its record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from pipelines.lines.bylines import read_byline
from pipelines.page import Page
from pipelines.people import sort_staff
from pipelines.reading import PageReading, read_page
from pipelines.record import Article, Block, Image, Person, Rejection
from pipelines.urls import canonical_url, parse_url

T = TypeVar("T")


def merge_pages(pages: Sequence[Page]) -> Article | Rejection:
    """Read the pages of one article and join them: `pipelines.extract.extract_article`.

    Raises:
        ValueError: there are no pages.
    """
    if not pages:
        raise ValueError("no pages: an article has at least one")
    readings = [read_page(page) for page in sorted(pages, key=_page_number)]
    # One page may have been met under two addresses, with and without https or `_ext`: the first readable one counts.
    good = list({reading.page_number: reading for reading in reversed(_read_well(readings))}.values())[::-1]
    if not good or isinstance(readings[0], Rejection):
        return next(reading for reading in readings if isinstance(reading, Rejection))
    return join(good)


def _read_well(readings: Sequence[PageReading | Rejection]) -> list[PageReading]:
    return [reading for reading in readings if isinstance(reading, PageReading)]


def _page_number(page: Page) -> int:
    try:
        return parse_url(page.url).page_number
    except ValueError:
        return 1


def join(readings: Sequence[PageReading]) -> Article | Rejection:
    """Make one record of the readings of one article's pages, which are in page order."""
    first = readings[0]
    headline = _first(reading.title.headline for reading in readings)
    published = _first(reading.meta.published for reading in readings)
    if headline is None:
        return Rejection(url=first.url, reason="no_headline")
    blocks, images = _join_bodies(readings)
    if published is None:
        return Rejection(url=first.url, reason="no_date")
    if not _tells_something(blocks, images):
        return Rejection(url=first.url, reason="empty_body")
    byline = _first(reading.meta.byline for reading in readings)
    dateline = _first(reading.assembly.dateline for reading in readings)
    signatures = _first(reading.assembly.signatures for reading in readings) or []
    mentions: list[Person] = []
    if byline:
        mentions += read_byline(byline).people
    if dateline:
        mentions += dateline.people
    mentions += signatures
    staff = sort_staff(mentions, _first(reading.editors for reading in readings) or [])
    breadcrumbs = _first(reading.breadcrumbs for reading in readings) or []
    return Article(
        url=first.url,
        canonical_url=canonical_url(first.url),
        article_id=first.article_id,
        template=first.template.name,
        encoding=first.encoding,
        kicker=_first(reading.title.kicker for reading in readings),
        headline=headline,
        subheadline=_first(reading.title.subheadline for reading in readings),
        date_published=published,
        source=_first(reading.meta.source for reading in readings),
        byline=byline,
        authors=staff.authors,
        photographers=staff.photographers,
        editors=staff.editors,
        contributors=staff.contributors,
        breadcrumbs=breadcrumbs,
        section=_first(reading.section for reading in readings),
        abstract=_first(reading.abstract for reading in readings),
        editors_note=_first(reading.assembly.editors_note for reading in readings),
        dateline=dateline,
        body=blocks,
        article_body="\n".join(block.text for block in blocks if block.text),
        images=images,
        keywords=_first(reading.keywords for reading in readings) or [],
        copyright_notice=_first(reading.copyright_notice for reading in readings),
        page_urls=[reading.url for reading in readings],
        page_count=_page_count(readings),
    )


def _page_count(readings: Sequence[PageReading]) -> int:
    """Give how many pages the pagers say there are; without a pager, as many as the addresses show."""
    printed = max(reading.page_count for reading in readings)
    return max(len(readings), printed if printed > 1 else max(reading.page_number for reading in readings))


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value), None)


def _join_bodies(readings: Sequence[PageReading]) -> tuple[list[Block], list[Image]]:
    blocks: list[Block] = []
    images: list[Image] = []
    for reading in readings:
        offset = len(images)
        images += reading.assembly.images
        blocks += [
            block if block.image is None else msgspec.structs.replace(block, image=block.image + offset)
            for block in reading.assembly.blocks
        ]
    return blocks, images


def _tells_something(blocks: Sequence[Block], images: Sequence[Image]) -> bool:
    """Tell a body with text, or a gallery of captioned pictures, from an empty one or a lone picture."""
    return any(block.text for block in blocks) or any(image.caption for image in images)
