"""What a run takes of the machine."""

from __future__ import annotations

import resource
import sys

# Linux counts in kilobytes, macOS in bytes.
_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_memory() -> int:
    """Give the most memory this process and its largest ended child had resident, added, in bytes."""
    return own_peak_memory() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _UNIT


def own_peak_memory() -> int:
    """Give the most memory this process had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT
