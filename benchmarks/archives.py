"""Generated WARC archives for the benchmarks: as many pages as asked for, all invented, the same for the same number.

Pages are those of `benchmarks.corpus` in the sample site's newest frame (25 KB). As in a real archive, the pages of one
article lie in different files, some pages were fetched twice, and some articles stand under two channels.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks import corpus
from zjol_crawler.sample_site.articles import Block, data_directory, read_site

_FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
# One article in so many has a second page, an older capture, a second channel.
_PAGED, _REFETCHED, _TWICE = 10, 50, 100
_SHARE = 1 + 1 / _PAGED + 1 / _REFETCHED + 1 / _TWICE


class Capture(NamedTuple):
    url: str
    body: bytes
    fetched: datetime


def write_archive(folder: Path, pages: int, files: int = 40, processes: int = 1) -> list[Path]:
    """Write about so many pages into files of a folder, unless they are there, and give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}.warc.gz" for number in range(files)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    work = partial(_write_file, paths=paths, articles=round(pages / _SHARE / files))
    if processes == 1:
        list(map(work, missing))
    else:
        with ProcessPoolExecutor(processes) as pool:
            list(pool.map(work, missing))
    return paths


def _write_file(number: int, paths: list[Path], articles: int) -> None:
    path = paths[number]
    begun = path.with_suffix(".part")
    with begun.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True, warc_version="1.1")
        for capture in _captures(number, len(paths), articles):
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                capture.url,
                "response",
                payload=io.BytesIO(capture.body),
                http_headers=headers,
                warc_headers_dict={"WARC-Date": f"{capture.fetched:%Y-%m-%dT%H:%M:%SZ}"},
            )
            writer.write_record(record)
    begun.rename(path)


def _captures(file: int, files: int, articles: int) -> Iterator[Capture]:
    """Give what one file holds: the first pages of its own articles, what else there is of those of the file before."""
    for number in range(file * articles, (file + 1) * articles):
        yield _capture(number, 1)
    before = (file - 1) % files
    for number in range(before * articles, (before + 1) * articles):
        if number % _PAGED == 0:
            yield _capture(number, 2)
        if number % _REFETCHED == 1:
            older = _capture(number, 1)
            yield older._replace(
                fetched=older.fetched - timedelta(days=1), body=older.body.replace("。".encode(), b"!")
            )
        if number % _TWICE == 2:
            first = _capture(number, 1)
            yield first._replace(url=first.url.replace("/zjnews/", "/ycnews/", 1))


def _capture(number: int, page: int) -> Capture:
    article = corpus.article(number if page == 1 else 20_000_000 + number)
    url = corpus.article(number).url
    stem = url.removesuffix(".shtml")
    urls = [url, f"{stem}_1.shtml"] if number % _PAGED == 0 else [url]
    published = datetime.fromisoformat(article.date_published)
    picture: Any = iter(article.images)
    blocks = [
        Block(kind="paragraph", text=block.text or "") if block.image is None else _picture(next(picture))
        for block in article.body
    ]
    view = {
        "urls": urls,
        "charset": "utf-8",
        "headline": article.headline,
        "kicker": "",
        "subheadline": "",
        "abstract": "",
        "note": "",
        "breadcrumbs": [(crumb.name, crumb.url or "#") for crumb in article.breadcrumbs],
        "printed_time": f"{published:%Y年%m月%d日 %H:%M:%S}",
        "source": article.source,
        "byline": article.byline,
        "editor": f"责任编辑：{article.editors[0].name}",
        "tags": ";".join(article.keywords),
        "copyright": [],
        "pages": [blocks] * len(urls),
        "has_failed_include": False,
    }
    frame, site = _frame()
    text = frame.render(article=view, page=blocks, number=page - 1, site=site)
    # An id of its own, as many a page has: the parser remembers every one it has met.
    text = text.replace('class="contTxt"', f'id="content_{number}_{page}" class="contTxt"', 1)
    return Capture(urls[page - 1], text.encode(), _FETCHED + timedelta(seconds=number))


def _picture(image: Any) -> Block:
    return Block(kind="picture", src=image.url, caption=image.caption, credit=image.credit.raw)


@cache
def _frame() -> tuple[jinja2.Template, dict[str, Any]]:
    loader = jinja2.FileSystemLoader(data_directory() / "frames")
    frames = jinja2.Environment(loader=loader, autoescape=False, undefined=jinja2.StrictUndefined)
    facts = read_site()
    boxes = [(article.headline, article.url) for article in corpus.articles(20)]
    site = {"hosts": facts.hosts, "words": facts.words, "folders": facts.folders, "sidebar": boxes}
    return frames.get_template("trs-2016.html"), site
