"""What is to be fetched from one host: a window of its ledger, and what follows from requests under way."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from itertools import count

from scrapy import Request

from pipelines.store.frontier import DueVisit

# A host is let go when it has had nothing to fetch for so many seconds, the second where some of what was fetched is
# not stored yet: a record may wait for others to the end of the run.
_IDLE, _LONG_IDLE = 3.0, 120.0

_numbers = count()


class Lane:
    """One host's.

    Attributes:
        window: pages drawn from the ledger.
        under_way: the addresses of pages that are drawn and not stored yet.
        is_held: whether this crawl serves the host.
        ask_at: when it may be asked for, where another crawl serves it.
        look_at: when the ledger is to be looked at again, where it had nothing.
        used_at: when a request was last given. All three are times of `time.monotonic`.
    """

    def __init__(self) -> None:
        self.window: deque[DueVisit] = deque()
        self.under_way: set[str] = set()
        self.is_held = False
        self.ask_at = 0.0
        self.look_at = 0.0
        self.used_at = 0.0
        self._following: list[tuple[int, int, Request]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be fetched."""
        return not self.window and not self._following

    @property
    def has_following(self) -> bool:
        """Whether a request waits that follows from one under way."""
        return bool(self._following)

    def is_idle(self, now: float) -> bool:
        """Tell whether nothing is to be fetched, and what was is stored: another crawl would fetch it again."""
        return self.is_empty and now - self.used_at > (_LONG_IDLE if self.under_way else _IDLE)

    def add_following(self, request: Request) -> None:
        """Take a request that follows from one under way."""
        heappush(self._following, (-request.priority, next(_numbers), request))

    def take_following(self) -> Request:
        """Give the request of the highest priority that follows from one under way.

        Raises:
            IndexError: there is none.
        """
        return heappop(self._following)[2]

    def forget_window(self) -> None:
        """Leave what was drawn and not asked for to the next draw."""
        self.under_way.difference_update(page.url for page in self.window)
        self.window.clear()
        self.look_at = 0.0

    def give_up(self) -> int:
        """Leave everything to a later run, and give how many requests follow from some under way."""
        dropped = len(self._following)
        self._following.clear()
        self.forget_window()
        return dropped
