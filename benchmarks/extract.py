"""What extraction costs and how exact it is, beside a bare lxml parse and other extractors, in one run.

    pip install 'zjol-crawler[benchmarks]'
    python -m benchmarks.extract [--rounds N] [--no-peers]

Pages are those of the sample site as they are (25 KB), and brought to 60 and 120 KB by navigation and link lists, as
the site's own are. Seconds are of one core; ratios are taken within a round, medians over the rounds. Exactness is
counted on the fixtures of `tests/templates`: what a peer does not give counts as missed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import resource
import statistics
import time
import warnings
from collections.abc import Callable, Mapping

from lxml import etree

from pipelines import Page, extract
from pipelines.decode import Undecodable, decode
from pipelines.record import to_dict
from tests.templates.fixtures import load_fixtures
from zjol_crawler.sample_site.pages import render_site

Reader = Callable[[Page], Mapping[str, object] | None]
_SIZES = (0, 60_000, 120_000)
# The size at which peers are timed too, on eight pages: some take seconds a page.
_PEERS_AT = 60_000
# The share of a page's links that stands above its headline: the median of 43 real pages of news sites.
_ABOVE = 0.22
# How many pages one work reads before it is the next one's turn.
_TURN = 8
_COMPARED = ("headline", "date_published", "source", "article_body")


def pages(size: int) -> list[Page]:
    """Give the sample site's article pages, brought to `size` bytes by links where they are smaller."""
    site = render_site()
    urls = [url for article in site.articles for url in article.urls]
    return [
        Page(url=url, body=enlarged(site.answers[url].body, size), headers={"content-type": "text/html"})
        for url in urls
    ]


def enlarged(body: bytes, size: int) -> bytes:
    """Give a page whose content stands in one element, with so many links above and below that it has `size` bytes."""
    start, end = body.index(b">", body.index(b"<body")) + 1, body.rindex(b"</body>")
    links: list[bytes] = []
    missing = size - len(body)
    while missing > 0:
        number = len(links)
        links.append(
            b'<li class="navItem"><a href="http://zjnews.zjol.com.cn/zjnews/%06d/">channel %d</a></li>\n'
            % (number, number)
        )
        missing -= len(links[-1])
    above, below = links[: round(_ABOVE * len(links))], links[round(_ABOVE * len(links)) :]
    head = b'<div class="topNav"><ul class="navList">\n' + b"".join(above) + b'</ul></div>\n<div class="wrap">'
    foot = b'</div>\n<div class="botNav"><ul class="navList">\n' + b"".join(below) + b"</ul></div>\n"
    return body[:start] + head + body[start:end] + foot + body[end:]


def bare_parse(page: Page, encoding: str) -> None:
    """Parse a page whose encoding is known.

    Left to the `gb2312` old pages declare, libxml2 gives up at the first character that only gbk holds, and no more
    than a good third of such a page is read.
    """
    etree.fromstring(page.body, etree.HTMLParser(encoding=encoding))


def peers() -> dict[str, Reader]:
    """Give the other extractors that are installed, each as a reader of what it gives in the record's names."""
    found: dict[str, Reader] = {}

    def text_of(page: Page) -> str:
        try:
            return decode(page.body, page.content_type).text
        except Undecodable:
            return ""

    def read_trafilatura(page: Page) -> Mapping[str, object] | None:
        import trafilatura

        document = trafilatura.bare_extraction(page.body, url=page.url, with_metadata=True)
        if document is None:
            return None
        return {
            "headline": document.title,
            "date_published": document.date,
            "source": document.sitename,
            "article_body": document.text,
        }

    def read_newspaper(page: Page) -> Mapping[str, object] | None:
        import newspaper

        article = newspaper.Article(page.url, language="zh")
        article.download(input_html=text_of(page))
        article.parse()
        published = article.publish_date.isoformat() if article.publish_date else None
        return {
            "headline": article.title,
            "date_published": published,
            "source": None,
            "article_body": article.text.replace("\n\n", "\n"),
        }

    def read_gne(page: Page) -> Mapping[str, object] | None:
        from gne import GeneralNewsExtractor

        got = GeneralNewsExtractor().extract(text_of(page))
        return {
            "headline": got["title"],
            "date_published": got["publish_time"],
            "source": None,
            "article_body": got["content"],
        }

    for package, reader in (("trafilatura", read_trafilatura), ("newspaper4k", read_newspaper), ("gne", read_gne)):
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(f"{package} is not installed: pip install 'zjol-crawler[benchmarks]'")
            continue
        found[f"{package} {version}"] = reader
    return found


def seconds_a_page(work: Callable[[Page], object], corpus: list[Page]) -> float:
    start = time.process_time()
    for page in corpus:
        work(page)
    return (time.process_time() - start) / len(corpus)


def taken_in_turns(works: Mapping[str, Callable[[Page], object]], corpus: list[Page]) -> dict[str, float]:
    """Give each work's seconds a page; they take turns at a few pages, for a machine's speed drifts by the second."""
    taken = dict.fromkeys(works, 0.0)
    for start in range(0, len(corpus), _TURN):
        some = corpus[start : start + _TURN]
        for name, work in works.items():
            taken[name] += seconds_a_page(work, some) * len(some)
    return {name: seconds / len(corpus) for name, seconds in taken.items()}


def measure_speed(others: Mapping[str, Reader], rounds: int) -> None:
    for size in _SIZES:
        corpus = pages(size)[:8] if size == _PEERS_AT and others else pages(size)
        encodings = {page.url: decode(page.body, page.content_type).encoding for page in corpus}
        works: dict[str, Callable[[Page], object]] = {
            "lxml parse": lambda page, encodings=encodings: bare_parse(page, encodings[page.url]),  # type: ignore[misc]
            "zjol extract": extract,
        }
        if size == _PEERS_AT:
            works |= others
        for work in works.values():
            seconds_a_page(work, corpus[:5])
        gc.collect()
        gc.freeze()
        timings: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, seconds in taken_in_turns(works, corpus).items():
                timings[name].append(seconds)
        mean = statistics.mean(len(page.body) for page in corpus)
        print(f"\n{len(corpus)} pages of {mean / 1000:.0f} KB, {rounds} rounds, medians")
        floors, ours = timings["lxml parse"], timings["zjol extract"]
        for name, taken in timings.items():
            ratio = statistics.median(one / floor for one, floor in zip(taken, floors, strict=True))
            slower = statistics.median(one / own for one, own in zip(taken, ours, strict=True))
            median = statistics.median(taken)
            print(
                f"{name:22} {median * 1000:8.2f} ms a page  {1 / median:7.0f} pages/s"
                f"  {ratio:6.2f} x the parse  {slower:6.2f} x ours"
            )


def measure_exactness(readers: Mapping[str, Reader]) -> None:
    """Print how many fixtures each reader gives to the letter, field by field."""
    fixtures = [fixture for fixture in load_fixtures() if "headline" in fixture.gold() and len(fixture.pages) == 1]
    print(f"\nexact on {len(fixtures)} one-page fixtures, in % (date: as printed to the minute, then the day alone)")
    print(f"{'':22} {'headline':>9} {'date':>6} {'day':>6} {'source':>7} {'body':>6}")
    for name, reader in readers.items():
        right = dict.fromkeys((*_COMPARED, "day"), 0)
        for fixture in fixtures:
            gold = fixture.gold()
            try:
                got = reader(fixture.fetched()[0]) or {}
            except Exception as error:  # noqa: BLE001 - a peer that raises has missed the page
                print(f"  {name}: {fixture.name}: {type(error).__name__}")
                got = {}
            for field in _COMPARED:
                right[field] += got.get(field) == gold[field]
            right["day"] += str(got.get("date_published") or "")[:10] == str(gold["date_published"])[:10]
        share = {field: 100 * count / len(fixtures) for field, count in right.items()}
        print(
            f"{name:22} {share['headline']:9.1f} {share['date_published']:6.1f} {share['day']:6.1f}"
            f" {share['source']:7.1f} {share['article_body']:6.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    others = {} if options.no_peers else peers()
    measure_speed(others, options.rounds)
    measure_exactness({"zjol extract": lambda page: to_dict(extract(page)), **others})
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
