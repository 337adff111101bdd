"""What a run takes of the machine."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Linux counts in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024
# Objects made before the youngest are looked at; Python's own is 700.
_FEW = 20_000


def peak_memory() -> int:
    """Give the most memory this process and its largest ended child had resident, added, in bytes."""
    return own_peak_memory() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT


def own_peak_memory() -> int:
    """Give the most memory this process had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT


def collect_rarely() -> None:
    """Look for garbage seldom in this process from now on: few objects of a run refer to each other in circles.

    What stands already is not looked at again. A crawl's process takes a tenth less time so, and 4 MB more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_FEW)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Look for garbage seldom while a run lasts."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
