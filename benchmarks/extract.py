"""What extraction costs, as ratios measured in one run: a bare lxml parse of the same bytes, ours, trafilatura.

    python benchmarks/extract.py [--rounds N] [--no-peers]

Pages are those of the sample site, with the frame of navigation, scripts and sidebars that real ones have. Medians over
the rounds; one core.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import resource
import statistics
import time
from collections.abc import Callable

from lxml import etree

from pipelines import Page, extract
from zjol_crawler.sample_site.pages import render_site


def pages() -> list[Page]:
    """Give the sample site's article pages: full pages with navigation, scripts, sidebar and footer."""
    site = render_site()
    urls = [url for article in site.articles for url in article.urls]
    return [Page(url=url, body=site.answers[url].body, headers={"content-type": "text/html"}) for url in urls]


def bare_parse(page: Page) -> None:
    etree.fromstring(page.body, etree.HTMLParser())


def seconds_a_page(work: Callable[[Page], object], corpus: list[Page]) -> float:
    start = time.process_time()
    for page in corpus:
        work(page)
    return (time.process_time() - start) / len(corpus)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    corpus = pages()
    works: dict[str, Callable[[Page], object]] = {"lxml parse": bare_parse, "zjol extract": extract}
    if not options.no_peers:
        import trafilatura

        version = importlib.metadata.version("trafilatura")
        works[f"trafilatura {version}"] = lambda page: trafilatura.bare_extraction(page.body, with_metadata=True)
    timings: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        seconds_a_page(work, corpus[:10])
    for _ in range(options.rounds):
        for name, work in works.items():
            timings[name].append(seconds_a_page(work, corpus))
    size = statistics.mean(len(page.body) for page in corpus)
    print(f"{len(corpus)} pages of {size / 1000:.0f} KB, {options.rounds} rounds, medians")
    floors = timings["lxml parse"]
    for name, taken in timings.items():
        ratio = statistics.median(one / floor for one, floor in zip(taken, floors, strict=True))
        median = statistics.median(taken)
        print(f"{name:22} {median * 1000:8.2f} ms a page  {1 / median:7.0f} pages/s  {ratio:6.2f} x the parse")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
