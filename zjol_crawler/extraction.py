"""Archives → records: the pages of one article found, merged and read, by one process or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from pipelines.merge import extract_article
from pipelines.record import Article, Rejection
from pipelines.urls import article_id, canonical_url
from zjol_crawler.archive import Capture, find_captures, read_capture

_CHUNK = 32
# lxml's memory is not always given back; a fresh process a few thousand articles keeps it flat.
_TASKS_A_PROCESS = 100

Group = list[tuple[str, Capture]]


def extract_archives(paths: Sequence[Path], *, workers: int, skipped: Counter[str]) -> Iterator[Article | Rejection]:
    """Give one record an article, its pages merged, in the order of first pages; the same whatever `workers` is.

    Pages of one article are told by its id, so one number under two channels gives one record, the first met.

    Raises:
        zjol_crawler.archive.ArchiveError: a file cannot be read or is no archive.
    """
    groups = group_pages(find_captures(paths, skipped), skipped)
    if workers == 1:
        for group in groups:
            yield read_group(group)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=_TASKS_A_PROCESS) as pool:
        yield from pool.map(read_group, groups, chunksize=_CHUNK)


def group_pages(captures: dict[str, Capture], skipped: Counter[str]) -> list[Group]:
    """Sort pages into articles, in the order of first met pages.

    Of one article under several addresses the first met counts; the others are counted as skipped.
    """
    groups: dict[str, Group] = {}
    homes: dict[str, str] = {}
    for url, capture in captures.items():
        try:
            key, home = article_id(url), canonical_url(url)
        except ValueError:
            key = home = url
        if homes.setdefault(key, home) != home:
            skipped["other address of an article"] += 1
            continue
        groups.setdefault(key, []).append((url, capture))
    return [_latest(group, skipped) if len(group) > 1 else group for group in groups.values()]


def _latest(group: Group, skipped: Counter[str]) -> Group:
    """Leave out of a group what was captured again under the other of http and https."""
    latest: dict[str, tuple[str, Capture]] = {}
    for url, capture in group:
        place = url.partition("://")[2]
        if place not in latest or latest[place][1].date <= capture.date:
            latest[place] = (url, capture)
    skipped["older capture"] += len(group) - len(latest)
    return list(latest.values())


def read_group(group: Group) -> Article | Rejection:
    """Read the pages of one article."""
    return extract_article([read_capture(url, capture) for url, capture in group])
