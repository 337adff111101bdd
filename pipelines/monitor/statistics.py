"""Whether a count is a surprise: robust to days that differ, quiet on small samples."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple

# What must have been seen before anything is expected, and in a run before anything is said.
_FEWEST_SEEN, _FEWEST_RUNS, FEWEST_NOW = 50, 3, 8
# Chance of what is called a surprise where nothing has changed: about thirty rates are looked at in every batch of
# every run, for years.
_CHANCE = 1e-7
# A median absolute deviation, as a standard deviation; and how many of those a rate may wander.
_AS_DEVIATION, _WANDER = 1.4826, 3.0
_LARGE_RUN = 5


class Count(NamedTuple):
    """How many of how many."""

    shown: int
    total: int

    @property
    def rate(self) -> float:
        """The share."""
        return self.shown / self.total


class Expectation(NamedTuple):
    """The rate that past runs lead to expect, and how far it wanders from run to run."""

    rate: float
    wander: float


def expect(runs: Sequence[Count]) -> Expectation | None:
    """Give what past runs lead to expect; None where they are too few."""
    total = sum(run.total for run in runs)
    if total < _FEWEST_SEEN or len(runs) < _FEWEST_RUNS:
        return None
    rate = (sum(run.shown for run in runs) + 0.5) / (total + 1)
    rates = [run.rate for run in runs if run.total >= _LARGE_RUN] or [rate]
    middle = median(rates)
    return Expectation(rate, _AS_DEVIATION * median([abs(one - middle) for one in rates]))


def change(expected: Expectation, now: Count, least: float) -> float:
    """Give by how much the rate has changed, from -1 to 1; 0 where it is less than `least`, or may be chance."""
    if now.total < FEWEST_NOW or abs(now.rate - expected.rate) < least:
        return 0.0
    if now.rate < expected.rate:
        likely = max(expected.rate - _WANDER * expected.wander, 1e-9)
        chance = _at_most(now.shown, now.total, likely)
    else:
        likely = min(expected.rate + _WANDER * expected.wander, 1 - 1e-9)
        chance = _at_most(now.total - now.shown, now.total, 1 - likely)
    return now.rate - expected.rate if chance < _CHANCE else 0.0


def _at_most(count: int, total: int, rate: float) -> float:
    """Give the chance of at most `count` in `total`, each with the chance `rate`."""
    return sum(comb(total, number) * rate**number * (1 - rate) ** (total - number) for number in range(count + 1))
