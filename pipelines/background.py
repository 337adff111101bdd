"""Work beside the crawl's own: objects that live in another process or thread and are called from an event loop.

A crawl's event loop must be free to fetch; extraction, storing and archiving take more processor time than fetching.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import count
from logging.handlers import QueueHandler, QueueListener
from multiprocessing.connection import Connection, wait
from typing import Any, Literal, NamedTuple

from pipelines.resources import collect_rarely, keeping_freed_memory

Place = Literal["process", "thread"]

_servants: dict[int, Any] = {}
_keys = count()


class BackgroundDiedError(Exception):
    """The process that did the work is gone: killed, or out of memory."""


class Background:
    """One process, or one thread of this one, that does what it is told in the order it is told."""

    def __init__(self, place: Place = "process", prepare: Callable[[], object] = os.getpid) -> None:
        """Start.

        Args:
            place: where the work is done; a thread shares this process's time.
            prepare: called in a process as soon as it stands, to load what will be needed.
        """
        self._listener: QueueListener | None = None
        self._stop: Connection | None = None
        self._executor: Executor
        if place == "thread":
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="background")
            return
        context = multiprocessing.get_context("spawn")
        records = context.Queue()
        stop, self._stop = context.Pipe(duplex=False)
        self._listener = QueueListener(records, _PassOn(), respect_handler_level=True)
        self._listener.start()
        self._executor = ProcessPoolExecutor(1, context, initializer=_settle_in, initargs=(records, stop))
        with keeping_freed_memory():
            # The process starts with the first call.
            self._executor.submit(prepare)

    def servant(self, make: Callable[..., Any], *arguments: Any) -> Servant:
        """Give an object made in the background; an error of its making is raised by its first call."""
        return Servant(self, next(_keys), _Making(make, arguments, logging.getLogger().getEffectiveLevel()))

    async def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function there and give what it returns; functions are called in the order of `call`.

        Raises:
            BackgroundDiedError: the process is gone.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)
        except BrokenProcessPool as error:
            raise BackgroundDiedError("the process that extracts and stores died; run again to go on") from error

    def give_up(self) -> None:
        """End the process at once, whatever it does: what it was told and has not done is not done."""
        if self._stop is not None:
            self._stop.send(None)

    def close(self) -> None:
        """Wait for what is under way and end."""
        self._executor.shutdown(wait=True)
        if self._listener is not None:
            self._listener.stop()


class Servant:
    """An object in the background."""

    def __init__(self, background: Background, key: int, making: _Making) -> None:
        self._background = background
        self._key = key
        self._making = making

    async def call(self, method: str, *arguments: Any) -> Any:
        """Call a method and give what it returns.

        Raises:
            BackgroundDiedError: the process is gone.
        """
        return await self._background.call(_serve, self._key, self._making, method, arguments)


class _Making(NamedTuple):
    """How an object is made: by what, of what, and from which level on it may log."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    log_level: int


class _PassOn(logging.Handler):
    """Gives records of the other process to this one's handlers."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(record.name).handle(record)


def _serve(key: int, making: _Making, method: str, arguments: tuple[Any, ...]) -> Any:
    if key not in _servants:
        is_alone = multiprocessing.parent_process() is not None
        if is_alone:
            logging.getLogger().setLevel(making.log_level)
        _servants[key] = making.function(*making.arguments)
        if is_alone:
            collect_rarely()
    return getattr(_servants[key], method)(*arguments)


def _settle_in(records: Any, stop: Connection) -> None:
    """Set up the process: the crawl tells it when to stop, and hears what it logs."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    follow_parent(stop)
    logging.basicConfig(handlers=[QueueHandler(records)])


def follow_parent(stop: Connection | None = None) -> None:
    """Make this process end when the one that started it was killed or says `stop`, and by no interrupt meant for that.

    SIGTERM ends it all the same, by which a pool of processes ends the rest where one was lost.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_wait_for_parent, args=(stop,), daemon=True).start()


def _wait_for_parent(stop: Connection | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel] if stop is None else [parent.sentinel, stop])
        os._exit(1)
