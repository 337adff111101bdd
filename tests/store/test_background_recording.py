"""The process that extracts and stores: begun ahead of the crawl, or with it."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipelines.background_recording import BackgroundRecorder, recorder_begun_ahead
from pipelines.record import Article
from pipelines.store.engine import open_database
from tests.store.examples import market

UNREADABLE = {"byline": "作者：据说是他们几个人说的"}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    url = f"sqlite:///{tmp_path / 'articles.db'}"
    open_database(url).dispose()
    yield url
    assert not _processes()


def test_a_process_begun_ahead_is_the_one_that_records(url: str) -> None:
    with recorder_begun_ahead():
        begun = _processes()
        recorded = _record(url, market(), within=begun)
    assert len(begun) == 1
    assert recorded == 1


def test_a_process_begun_ahead_that_nobody_needs_ends(url: str) -> None:
    with recorder_begun_ahead():
        assert len(_processes()) == 1
    assert not _processes()
    assert _record(url, market()) == 1


@pytest.mark.parametrize(("level", "lines"), [(logging.INFO, 1), (logging.WARNING, 0)])
def test_what_is_logged_there_follows_the_level_that_the_crawl_sets_later(
    url: str, level: int, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    with recorder_begun_ahead(), caplog.at_level(level):
        _record(url, market(**UNREADABLE))
    assert sum("cannot read" in record.getMessage() for record in caplog.records) == lines


def _record(url: str, article: Article, within: set[int] | None = None) -> int:
    recorder = BackgroundRecorder("process", url, None, False)
    try:
        recorded = asyncio.run(recorder.record([article]))
        assert within is None or _processes() == within
    finally:
        recorder.close()
    return recorded.counts["stored"]


def _processes() -> set[int]:
    """Give the processes of this one that are no helper of Python's."""
    children = psutil.Process().children()
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}
