"""Work spread over processes that are replaced now and then, so that what C libraries keep cannot grow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from pipelines.background import follow_parent

T = TypeVar("T")
R = TypeVar("R")

# Calls waiting or under way, a process: enough that none is idle while results are taken in their order.
_AHEAD = 4


class WorkerDiedError(Exception):
    """A process ended before its work did: killed, or out of memory."""


def map_in_processes(
    function: Callable[[T], R], items: Iterable[T], *, workers: int, calls: int | None = None
) -> Iterator[R]:
    """Give `function(item)` of every item, in order; only so many items are taken as are needed ahead.

    Args:
        function: a function of a module; its results and errors come back pickled.
        items: what to call it with.
        workers: processes.
        calls: after so many calls a process is replaced by a fresh one; without it never. Where calls are long, 1: only
            then are there never more processes than `workers`.

    Raises:
        WorkerDiedError: a process was killed.
    """
    waiting: deque[Future[R]] = deque()
    pool: ProcessPoolExecutor | None = None
    left = 0
    # Spares each fresh process the imports; it is a process of its own, so threads of this one do no harm.
    context = get_context("forkserver")
    context.set_forkserver_preload([getattr(function, "func", function).__module__])
    try:
        for item in items:
            if pool is None or (calls is not None and calls > 1 and left == 0):
                # A max_tasks_per_child above 1 hangs (CPython issue 115634), so the whole pool is replaced; the old one
                # ends its work while the new one begins.
                if pool is not None:
                    pool.shutdown(wait=False)
                pool = ProcessPoolExecutor(
                    workers, context, initializer=follow_parent, max_tasks_per_child=1 if calls == 1 else None
                )
                left = workers * (calls or 0)
            waiting.append(pool.submit(function, item))
            left -= 1
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerDiedError(
            "a process that extracts was killed, perhaps for want of memory; fewer --workers need less"
        ) from error
    finally:
        for future in waiting:
            future.cancel()
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
