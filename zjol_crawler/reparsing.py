"""Today's parser over an archive: what the stored articles would say now, and where that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from pipelines.monitor.watch import open_drifts
from pipelines.record import Article, Rejection
from pipelines.store.reader import articles_by_id
from pipelines.store.runs import RunNotes
from pipelines.store.writer import Writer, WriteSummary
from pipelines.urls import article_id
from zjol_crawler.archive_writer import archive_files
from zjol_crawler.extraction import extract_archives

_BATCH = 200
# What says where a page was met, not what it says.
_ADDRESSES = frozenset({"url", "canonical_url", "page_urls"})


class Change(NamedTuple):
    """What became of one article: `fields` are those that differ from the stored record, none for a new article."""

    article_id: str
    url: str
    is_new: bool
    fields: list[str]


class Lost(NamedTuple):
    """A stored article whose archived page gives no record any more; its rows stay."""

    article_id: str
    url: str
    reason: str


class Reparsed(NamedTuple):
    """A batch's outcome.

    Attributes:
        changes: the articles that are new or differ.
        lost: the articles that give no record any more.
        read: how many records were read.
        rejected: pages that gave none, by reason.
        written: what was written; nothing in a dry run.
        held: articles left out, for they still show why they are held.
    """

    changes: list[Change]
    lost: list[Lost]
    read: int
    rejected: Counter[str]
    written: WriteSummary
    held: int = 0


def reparse(
    engine: Engine, folder: Path, *, workers: int, run: RunNotes | None, skipped: Counter[str]
) -> Iterator[Reparsed]:
    """Extract an archive again and write what changed, batch by batch; each change leaves a revision.

    Of each page the latest capture counts. A page that gives no record changes nothing that is stored.

    Args:
        engine: the database.
        folder: the archive.
        workers: processes to extract with.
        run: what is written is noted there; without one nothing is written, only told.
        skipped: counts the records of the archive that are no pages, by why.

    Raises:
        FileNotFoundError: there is no such folder.
        zjol_crawler.archive.ArchiveError: it holds no archive, or one that cannot be read.
        StoreError: the database cannot be read or written.
    """
    writer = Writer(engine, run_id=None if run is None else run.run_id, is_repeatable=True)
    drifts = open_drifts(engine)
    found = extract_archives(archive_files(folder), workers=workers, skipped=skipped)
    batches = iter(lambda: list(islice(found, _BATCH)), [])
    for batch in batches if run is None else run.each("extract", batches):
        articles = [record for record in batch if isinstance(record, Article)]
        refused = [record for record in batch if isinstance(record, Rejection)]
        held = [article for article in articles if drifts.shows_known(article)]
        changes, stale = _compare(engine, [article for article in articles if article not in held])
        # An article stored from another capture than the archive's, or not at all, is written too.
        written = WriteSummary() if run is None else _write(writer, stale, run)
        rejected: Counter[str] = Counter(rejection.reason for rejection in refused)
        yield Reparsed(changes, _lost(engine, refused), len(articles), rejected, written, len(held))


def _write(writer: Writer, articles: Sequence[Article], run: RunNotes) -> WriteSummary:
    with run.timed("store"):
        return writer.write(articles)


def _compare(engine: Engine, articles: Sequence[Article]) -> tuple[list[Change], list[Article]]:
    stored = articles_by_id(engine, [article.article_id for article in articles])
    changes: list[Change] = []
    differing: list[Article] = []
    for article in articles:
        before = stored.get(article.article_id)
        if before is None:
            changes.append(Change(article.article_id, article.url, True, []))
            differing.append(article)
            continue
        if before.canonical_url != article.canonical_url:
            continue
        fields = [
            name
            for name in Article.__struct_fields__
            if name not in _ADDRESSES and getattr(before, name) != getattr(article, name)
        ]
        if fields:
            changes.append(Change(article.article_id, article.url, False, fields))
            differing.append(article)
    return changes, differing


def _lost(engine: Engine, refused: Sequence[Rejection]) -> list[Lost]:
    reasons: dict[str, Rejection] = {}
    for rejection in refused:
        try:
            reasons[article_id(rejection.url)] = rejection
        except ValueError:
            continue
    stored = articles_by_id(engine, list(reasons))
    return [Lost(key, reasons[key].url, reasons[key].reason) for key in stored]
