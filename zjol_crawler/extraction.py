"""Archives → records: the pages of one article found, merged and read, by one process or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from pipelines.extract import extract_article
from pipelines.record import Article, Rejection
from zjol_crawler.archive import read_capture
from zjol_crawler.captures import Captures, Group
from zjol_crawler.processes import map_in_processes

_CHUNK = 32
# C libraries need not give back what they took, so a process is replaced after this many chunks.
_CHUNKS_A_PROCESS = 500


class _Results(msgspec.Struct, array_like=True):
    """The records of a chunk on their way between processes: a tenth of the time that pickling takes."""

    articles: list[Article]
    rejections: list[Rejection]
    is_article: list[bool]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Results)


def extract_archives(paths: Sequence[Path], *, workers: int, skipped: Counter[str]) -> Iterator[Article | Rejection]:
    """Give one record an article, its pages merged, in the order of first pages; the same whatever `workers` is.

    Pages of one article are told by its id, so one number under two channels gives one record, the first met.

    Raises:
        zjol_crawler.archive.ArchiveError: a file cannot be read or is no archive.
        zjol_crawler.processes.WorkerDiedError: a process was killed.
    """
    with Captures.sort(paths, workers=workers) as captures:
        skipped.update(captures.skipped())
        groups = captures.groups()
        if workers == 1:
            yield from map(read_group, groups)
            return
        for packed in map_in_processes(_read_chunk, _chunks(groups), workers=workers, calls=_CHUNKS_A_PROCESS):
            results = _decoder.decode(packed)
            articles, rejections = iter(results.articles), iter(results.rejections)
            for is_article in results.is_article:
                yield next(articles) if is_article else next(rejections)


def read_group(group: Group) -> Article | Rejection:
    """Read the pages of one article."""
    return extract_article([read_capture(capture) for capture in group])


def _chunks(groups: Iterable[Group]) -> Iterator[list[Group]]:
    rest = iter(groups)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _read_chunk(chunk: list[Group]) -> bytes:
    results = _Results([], [], [])
    for record in map(read_group, chunk):
        if isinstance(record, Article):
            results.articles.append(record)
        else:
            results.rejections.append(record)
        results.is_article.append(isinstance(record, Article))
    return _encoder.encode(results)
