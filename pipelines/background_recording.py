"""Extraction and storing beside the crawl's own work, in a process that is replaced where it is killed."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipelines.background import Background, BackgroundDiedError, Place, Servant
from pipelines.page import Page

if TYPE_CHECKING:
    from pipelines.outcomes import Item
    from pipelines.recording import Recorded, Recorder

_KILLED = "the process that extracts and stores was killed over it, perhaps for want of memory"

# Processes that no recorder has taken yet.
_begun_ahead: list[Background] = []

logger = logging.getLogger(__name__)


class BackgroundRecorder:
    """A `Recorder` in the background.

    Where its process is killed, each item of the batch is tried alone: one that kills the next process too is noted as
    failed, the rest is stored. What the monitor had counted by then is lost to this run.
    """

    def __init__(self, place: Place, url: str, run_id: int | None, keep_articles: bool) -> None:
        """Start, in a process or in a thread of this one; an error of the database is raised by the first call."""
        self._place: Place = place
        self._arguments = (url, run_id, keep_articles)
        self._is_given_up = False
        self._mending = asyncio.Lock()
        self._begin()

    async def record(self, items: Sequence[Item]) -> Recorded:
        """Extract items and write them, in one transaction unless a process died.

        Raises:
            StoreError: the database failed; nothing of the batch is stored.
            BackgroundDiedError: it was told to give up, or processes die whatever they are given.
        """
        async with self._mending:
            recorder = self._recorder
        try:
            return await _record(recorder, items)
        except BackgroundDiedError:
            if self._is_given_up:
                raise
        async with self._mending:
            logger.warning("the process that extracts and stores was killed; its %d items go one by one", len(items))
            if self._recorder is recorder:
                self._replace()
            return _joined([await self._record_alone(item) for item in items])

    async def finish(self) -> Counter[str]:
        """End the run's records: `Recorder.finish`.

        Raises:
            StoreError: the database failed.
            BackgroundDiedError: the process is gone.
        """
        counts: Counter[str] = await self._recorder.call("finish")
        return counts

    def give_up(self) -> None:
        """End at once, whatever is under way."""
        self._is_given_up = True
        self._background.give_up()

    def close(self) -> None:
        """Wait for what is under way and end."""
        self._background.close()

    async def _record_alone(self, item: Item) -> Recorded:
        try:
            return await _record(self._recorder, [item])
        except BackgroundDiedError:
            page = item[0] if isinstance(item, list) else item
            if self._is_given_up or not isinstance(page, Page):
                raise
        from pipelines.outcomes import visit_of
        from pipelines.store.ledger import Noted

        self._replace()
        logger.error("%s: cannot be read: %s", page.url, _KILLED)
        recorded = await _record(self._recorder, [Noted(visit_of(page), "failed", error=f"fault: {_KILLED}")])
        return recorded._replace(outcomes=[_KILLED])

    def _begin(self) -> None:
        is_ahead = self._place == "process" and bool(_begun_ahead)
        self._background = _begun_ahead.pop() if is_ahead else Background(self._place, _load)
        self._recorder: Servant = self._background.servant(_make, *self._arguments)

    def _replace(self) -> None:
        self._background.close()
        self._begin()


@contextmanager
def recorder_begun_ahead() -> Iterator[None]:
    """Begin the process of the first `BackgroundRecorder` made within, which takes a second to load; end it if none is.

    This module loads nothing that extracts or stores, so that one process loads while the other does.
    """
    background = Background("process", _load)
    _begun_ahead.append(background)
    try:
        yield
    finally:
        if background in _begun_ahead:
            _begun_ahead.remove(background)
            background.give_up()
            background.close()


def _load() -> None:
    """Load what extracts and stores."""
    from pipelines import merge, recording  # noqa: F401


def _make(url: str, run_id: int | None, keep_articles: bool) -> Recorder:
    # What extracts is loaded where that is done, which need not be the crawl's own process.
    from pipelines.recording import Recorder

    return Recorder(url, run_id, keep_articles)


async def _record(recorder: Servant, items: Sequence[Item]) -> Recorded:
    recorded: Recorded = await recorder.call("record", items)
    return recorded


def _joined(parts: Sequence[Recorded]) -> Recorded:
    seconds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for part in parts:
        seconds.update(part.seconds)
        counts.update(part.counts)
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    return parts[0]._replace(
        outcomes=outcomes,
        counts=counts,
        seconds=dict(seconds),
        peak_memory=max(part.peak_memory for part in parts),
    )
