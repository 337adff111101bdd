"""When a host may be asked again: its own wishes, and a circuit breaker for one that fails."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

logger = logging.getLogger(__name__)

# So many failures in a row open the circuit: the host is left alone, longer each time it fails again.
_FAILURES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0
# A host that says it is overloaded without saying for how long is left alone so many seconds.
_OVERLOADED_PAUSE = 60.0
# No answer of a host's keeps it closed longer.
_LONGEST_WISH = 7 * 24 * 3600.0


class Gate:
    """One host's gate.

    Attributes:
        failures: failed requests since the last that succeeded.
        error: why it is closed.
        closed_until: until when, in seconds since the epoch; 0 for a gate that never was.
    """

    def __init__(self) -> None:
        self.failures = 0
        self.error: str | None = None
        self.closed_until = 0.0
        self._free_at = 0.0

    def wait(self) -> float:
        """Give how many seconds the host is still to be left alone."""
        return max(0.0, max(self.closed_until, self._free_at) - time.time())

    @property
    def is_closed(self) -> bool:
        """Whether the host is left alone after failures."""
        return self.closed_until > time.time()

    def hold_off(self, seconds: float) -> None:
        """Wait a moment, for no fault of the host's."""
        self._free_at = time.time() + seconds

    def close(self, seconds: float, error: str) -> None:
        """Leave the host alone for a while."""
        self.closed_until = max(self.closed_until, time.time() + seconds)
        self.error = error

    def succeed(self) -> bool:
        """Take note of an answer; tell whether the host had been closed before."""
        was_closed = self.error is not None
        self.failures, self.error, self.closed_until = 0, None, 0.0
        return was_closed

    def fail(self, error: str) -> bool:
        """Take note of a failure; tell whether it closes the host."""
        self.failures += 1
        if self.failures < _FAILURES or self.is_closed:
            return False
        self.close(min(_FIRST_PAUSE * 2.0 ** min(self.failures - _FAILURES, 20), _LONGEST_PAUSE), error)
        return True


class Gates:
    """The gates of all hosts."""

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}

    def __getitem__(self, host: str) -> Gate:
        return self._gates.setdefault(host, Gate())

    def closed(self) -> dict[str, Gate]:
        """Give the hosts that are left alone now."""
        return {host: gate for host, gate in self._gates.items() if gate.is_closed}


def retry_after(header: str | None) -> float:
    """Read a `Retry-After` header, seconds or a date (RFC 9110), and give seconds from now."""
    if header is None:
        return _OVERLOADED_PAUSE
    if header.strip().isascii() and header.strip().isdigit():
        return min(float(header), _LONGEST_WISH)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return _OVERLOADED_PAUSE
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - datetime.now(UTC)) / timedelta(seconds=1)), _LONGEST_WISH)
