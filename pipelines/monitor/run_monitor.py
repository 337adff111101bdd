"""The monitor of one run: what it counts, which records wait, and which are held back."""

from __future__ import annotations

import tomllib
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Literal, NamedTuple

from pipelines.monitor.marks import REASON_FIELDS, Mark, Marked, marks_of
from pipelines.monitor.statistics import FEWEST_NOW, Count, Expectation, change, expect
from pipelines.record import Article, Rejection

_RULES = tomllib.loads(files("pipelines.monitor").joinpath("rules.toml").read_text("utf-8"))
# Records of a group that are looked at together while the run goes on.
_WINDOW = 24
# A field that nearly every record has: one without it waits until others have told whether that is drift.
_VITAL = 0.9

Severity = Literal["warning", "fatal"]
History = Mapping[str, Mapping[Mark, Sequence[Count]]]


class Drift(NamedTuple):
    """A rate that is not what it was.

    Attributes:
        group: where.
        mark: of what.
        severity: `fatal` ones hold rows back.
        expected, observed: the rates.
        total: of how many records.
        usual_template: of a host, the template most of its pages had.
    """

    group: str
    mark: Mark
    severity: Severity
    expected: float
    observed: float
    total: int
    usual_template: str | None = None

    @property
    def field(self) -> str:
        """The field of the record that it is about."""
        return {
            "coverage": self.mark.name,
            "unread": self.mark.name,
            "charset": "encoding",
            "template": "template",
            "rejection": REASON_FIELDS.get(self.mark.name, self.mark.name),
        }[self.mark.kind]


class Judged(NamedTuple):
    """What is to be done now: records to write, and those to hold back with the drift they show."""

    write: list[Article | Rejection]
    hold: list[tuple[Article, Drift]]


class RunMonitor:
    """Counts what a run's records show, and judges them against what past runs lead to expect."""

    def __init__(self, history: History, known: Iterable[tuple[str, Mark]] = ()) -> None:
        """Make the monitor.

        Args:
            history: counts of past runs by group and mark.
            known: fatal findings of earlier runs that are still open; records that show them are held at once.
        """
        self._expected: dict[str, dict[Mark, Expectation]] = {}
        for group, marks in history.items():
            found = {mark: expect(runs) for mark, runs in marks.items()}
            self._expected[group] = {mark: one for mark, one in found.items() if one is not None}
        self._known = dict.fromkeys(known)
        self._totals: Counter[str] = Counter()
        self._counts: dict[str, Counter[Mark]] = {}
        self._windows: dict[str, _Window] = {}
        self._waiting: dict[str, deque[tuple[int, Article]]] = {}
        self._wider: dict[str, tuple[int, Counter[Mark]]] = {}
        self._fatal: dict[tuple[str, Mark], Drift] = {}

    @property
    def fatal(self) -> list[Drift]:
        """The fatal drifts found while the run goes on."""
        return list(self._fatal.values())

    def judge(self, record: Article | Rejection) -> Judged:
        """Count a record and say what is to be done with it and with those that wait."""
        marked = marks_of(record)
        for group, marks in marked:
            self._totals[group] += 1
            self._counts.setdefault(group, Counter()).update(marks)
            window = self._windows.setdefault(group, _Window())
            window.add(marks)
            for drift in self._drifts(group, window.counts, len(window)):
                if drift.severity == "fatal":
                    self._fatal.setdefault((group, drift.mark), drift)
        judged = Judged([], [])
        if isinstance(record, Rejection):
            judged.write.append(record)
            return judged
        group = marked[0].group
        waiting = self._waiting.setdefault(group, deque())
        shown = self._shown(marked)
        if shown is not None:
            judged.hold.append((record, shown))
        elif self._is_suspect(marked):
            waiting.append((self._totals[group], record))
        else:
            judged.write.append(record)
        self._settle(group, judged)
        return judged

    def shows_known(self, article: Article) -> bool:
        """Tell whether a record shows a fatal finding of earlier runs that is still open."""
        return self._shown(marks_of(article)) is not None

    def close(self) -> Judged:
        """Say what is to be done with what still waits at the end of the run."""
        judged = Judged([], [])
        for waiting in self._waiting.values():
            for _, article in waiting:
                self._sort(article, judged)
            waiting.clear()
        return judged

    def drifts(self) -> list[Drift]:
        """Give what has changed, seen over the whole run, and the fatal drifts found on the way."""
        found = dict(self._fatal)
        for group, counts in self._counts.items():
            earlier, counted = self._wider.get(group, (0, Counter[Mark]()))
            for drift in self._drifts(group, counts + counted, self._totals[group] + earlier):
                found.setdefault((group, drift.mark), drift)
        return list(found.values())

    def totals(self) -> Counter[str]:
        """Give how many records each group had."""
        return self._totals.copy()

    def add_earlier(self, group: str, total: int, counts: Mapping[Mark, int]) -> None:
        """Add what runs just before showed of a group that had few records in this one."""
        before, counted = self._wider.get(group, (0, Counter[Mark]()))
        self._wider[group] = (before + total, counted + Counter(counts))

    def is_well(self, group: str, mark: Mark) -> bool:
        """Tell whether the run saw enough of a group to say that a rate is what it was."""
        expected = self._expected.get(group, {}).get(mark)
        total = self._totals[group]
        if total < FEWEST_NOW or (group, mark) in self._fatal:
            return False
        observed = self._counts[group][mark] / total
        # A rate that came back most of the way is well: a window of the run may be mixed.
        usual = expected.rate if expected is not None else (1.0 if mark.kind == "coverage" else 0.0)
        return abs(observed - usual) < float(_RULES[mark.kind]["warning"])

    def counts(self) -> dict[str, tuple[int, Counter[Mark]]]:
        """Give what was counted: the records of each group, and how many show what; drifting groups left out."""
        drifting = {drift.group for drift in self.drifts()} | {group for group, _ in self._known}
        return {
            group: (total, Counter(self._counts.get(group)))
            for group, total in self._totals.items()
            if group not in drifting
        }

    def _drifts(self, group: str, counts: Counter[Mark], total: int) -> Iterable[Drift]:
        expected = self._expected.get(group)
        if not expected or total < FEWEST_NOW:
            return
        never = Expectation(0.5 / 1000, 0.0)
        for mark in {*expected, *counts}:
            rule = _RULES[mark.kind]
            if rule.get("only", mark.name) != mark.name:
                continue
            usual = expected.get(mark, never)
            by = change(usual, Count(counts[mark], total), rule["warning"]) * (1 if rule["direction"] == "up" else -1)
            if by >= rule["warning"]:
                severity: Severity = "fatal" if by >= rule.get("fatal", 2) else "warning"
                yield Drift(group, mark, severity, usual.rate, counts[mark] / total, total, self._usual_template(group))

    def _usual_template(self, group: str) -> str | None:
        shares = {mark.name: usual.rate for mark, usual in self._expected[group].items() if mark.kind == "template"}
        return max(shares, key=lambda name: shares[name], default=None)

    def _is_suspect(self, marked: Sequence[Marked]) -> bool:
        """Tell whether a record lacks what nearly all have, or no template fits it where nearly always one does."""
        for group, marks in marked:
            for mark, usual in self._expected.get(group, {}).items():
                if mark.kind == "coverage" and usual.rate >= _VITAL and mark not in marks:
                    return True
            fallback = Mark("template", "fallback")
            if fallback in marks and self._expected.get(group):
                usual_rate = self._expected[group].get(fallback, Expectation(0.0, 0.0)).rate
                if usual_rate <= 1 - _VITAL:
                    return True
        return False

    def _shown(self, marked: Sequence[Marked]) -> Drift | None:
        """Give the fatal drift that a record shows."""
        for group, marks in marked:
            for (where, mark), drift in self._fatal.items():
                if where == group and _shows(mark, marks):
                    return drift
            for where, mark in self._known:
                if where == group and _shows(mark, marks):
                    return Drift(group, mark, "fatal", 0.0, 0.0, 0)
        return None

    def _settle(self, group: str, judged: Judged) -> None:
        """Let those go that have waited long enough, and all where a fatal drift was found."""
        waiting = self._waiting[group]
        while waiting and (self._fatal or self._totals[group] - waiting[0][0] >= _WINDOW):
            _, article = waiting.popleft()
            self._sort(article, judged)

    def _sort(self, article: Article, judged: Judged) -> None:
        drift = self._shown(marks_of(article))
        if drift is None:
            judged.write.append(article)
        else:
            judged.hold.append((article, drift))


def _shows(mark: Mark, marks: frozenset[Mark]) -> bool:
    """Tell whether a record shows a drift: it lacks the field, or has what it should not have."""
    return (mark not in marks) if mark.kind == "coverage" else (mark in marks)


class _Window:
    """The last records of a group, counted."""

    def __init__(self) -> None:
        self._marks: deque[frozenset[Mark]] = deque()
        self.counts: Counter[Mark] = Counter()

    def __len__(self) -> int:
        return len(self._marks)

    def add(self, marks: frozenset[Mark]) -> None:
        gone = self._marks.popleft() if len(self._marks) == _WINDOW else frozenset[Mark]()
        for mark in gone - marks:
            self.counts[mark] -= 1
            if not self.counts[mark]:
                del self.counts[mark]
        self.counts.update(marks - gone)
        self._marks.append(marks)
