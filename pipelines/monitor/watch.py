"""The monitor over the database: what it expects, whom it holds back, what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

from sqlalchemy import Connection, Engine

from pipelines.monitor.marks import Kind, Mark
from pipelines.monitor.run_monitor import Drift, RunMonitor
from pipelines.monitor.statistics import FEWEST_NOW, Count
from pipelines.outcomes import Outcome
from pipelines.record import Article
from pipelines.store.engine import read_transaction, store_errors, write_transaction
from pipelines.store.findings import Finding, FindingKey, NewFinding, add_findings, close_findings, open_findings
from pipelines.store.held import hold, holds_any
from pipelines.store.ledger import Noted, Visit, is_rejected_since
from pipelines.store.observations import Observed, add_observations, news_times, read_observations
from pipelines.store.retry import retried

_DRIFTS = ("coverage", "unread", "charset", "template", "rejection")
_EMPTY, _QUIET = "empty_list", "quiet_list"
# What a finding is about began before it was found.
_BEFORE_FOUND = timedelta(hours=6)
# A list is quiet when it has had no news for so many times its longest gap, and a day at least; its rhythm is known
# from so many gaps on.
_QUIET_TIMES, _QUIET_LEAST, _FEWEST_GAPS = 4, timedelta(days=1), 10


class Watch:
    """Watches one run."""

    def __init__(self, engine: Engine, run_id: int) -> None:
        """Learn what to expect.

        Raises:
            StoreError: the database cannot be read.
        """
        self._engine = engine
        self._run_id = run_id
        self._earlier = read_observations(engine)
        self.monitor = RunMonitor(_history(self._earlier), _known(engine))
        self._visits: dict[str, Visit] = {}
        self._fronts: dict[str, bool] = {}
        self.held = 0

    def take(self, outcomes: Sequence[Outcome]) -> tuple[list[Outcome], list[Outcome]]:
        """Judge outcomes: give those to write now, and for each in order what to say of it.

        A record that waits, or is held back, is written later or never; of one that waits nothing is said of its visit,
        for its page is not done.

        Raises:
            StoreError: the database cannot be written.
        """
        write: list[Outcome] = []
        said: list[Outcome] = []
        held: list[tuple[Article, Drift]] = []
        for outcome in outcomes:
            self._note_list(outcome.noted)
            if outcome.record is None:
                write.append(outcome)
                said.append(outcome)
                continue
            if outcome.visit is not None:
                self._visits[outcome.record.url] = outcome.visit
            judged = self.monitor.judge(outcome.record)
            write += [Outcome(record, self._visits.pop(record.url, None)) for record in judged.write]
            held += judged.hold
            is_done = any(record is outcome.record for record in (*judged.write, *(one for one, _ in judged.hold)))
            said.append(outcome if is_done else Outcome(None))
        self._hold(held)
        return write, said

    def rest(self) -> list[Outcome]:
        """Give what still waits at the end of the run and is to be written.

        Raises:
            StoreError: the database cannot be written.
        """
        judged = self.monitor.close()
        self._hold(judged.hold)
        return [Outcome(record, self._visits.pop(record.url, None)) for record in judged.write]

    def finish(self) -> Counter[str]:
        """Keep what was counted; open and close findings; give counts for the run.

        Raises:
            StoreError: the database cannot be written.
        """
        counts = self.monitor.counts()
        self._add_runs_before()
        drifts = self.monitor.drifts()
        drifting = {drift.group for drift in drifts}

        def work(_is_doubtful: bool) -> Counter[str]:
            with write_transaction(self._engine) as connection:
                before = open_findings(connection)
                new = [_finding(drift) for drift in drifts] + self._list_findings(connection)
                add_findings(connection, new, self._run_id)
                ended = [finding.id for finding in before if self._has_ended(finding, {one.key for one in new})]
                close_findings(connection, ended)
                kept = {
                    group: (total, {(str(mark.kind), mark.name): count for mark, count in marks.items()})
                    for group, (total, marks) in counts.items()
                    if group not in drifting
                }
                add_observations(connection, self._run_id, kept)
                fresh = {finding.key for finding in new} - {finding.key for finding in before}
            return +Counter({"findings/opened": len(fresh), "findings/closed": len(ended), "held": self.held})

        with store_errors(self._engine):
            return retried(self._engine, work)

    def _hold(self, held: Sequence[tuple[Article, Drift]]) -> None:
        if not held:
            return
        visits = [visit for article, _ in held if (visit := self._visits.pop(article.url, None)) is not None]

        def work(_is_doubtful: bool) -> None:
            with write_transaction(self._engine) as connection:
                known = {finding.key: finding.id for finding in open_findings(connection, _DRIFTS)}
                new = [_finding(drift) for _, drift in held if _key(drift) not in known]
                numbers = known | add_findings(
                    connection, {finding.key: finding for finding in new}.values(), self._run_id
                )
                hold(connection, [(article, numbers[_key(drift)]) for article, drift in held], self._run_id, visits)

        with store_errors(self._engine):
            retried(self._engine, work)
        self.held += len(held)

    def _note_list(self, noted: Noted | None) -> None:
        if noted is not None and noted.state == "list" and noted.is_front and noted.visit.status != 304:
            self._fronts[noted.visit.url] = noted.is_empty

    def _list_findings(self, connection: Connection) -> list[NewFinding]:
        found: list[NewFinding] = []
        now = datetime.now(UTC)
        for url, times in news_times(connection, self._fronts).items():
            if self._fronts[url]:
                detail = "the list names no article, and did before: its markup may have changed"
                found.append(NewFinding(FindingKey(_EMPTY, url, ""), "", "warning", detail))
            elif is_quiet(times, now):
                days = (now - times[0]) / timedelta(days=1)
                detail = f"no news for {days:.1f} days, which is {_QUIET_TIMES} times its longest silence before"
                found.append(NewFinding(FindingKey(_QUIET, url, ""), "", "warning", detail))
        return found

    def _has_ended(self, finding: Finding, now: set[FindingKey]) -> bool:
        if finding.key in now:
            return False
        if finding.kind in (_EMPTY, _QUIET):
            return finding.subject in self._fronts
        return finding.kind in _DRIFTS and self.monitor.is_well(*_place(finding))

    def _add_runs_before(self) -> None:
        """Look at groups with few records together with what the runs just before showed of them."""
        for group, total in self.monitor.totals().items():
            for one in reversed(self._earlier.get(group, [])):
                if total >= FEWEST_NOW:
                    break
                self.monitor.add_earlier(group, one.total, {_mark(*key): count for key, count in one.counts.items()})
                total += one.total


def open_drifts(engine: Engine) -> RunMonitor:
    """Give a monitor that knows the open fatal findings and nothing else, for records read again.

    Raises:
        StoreError: the database cannot be read.
    """
    return RunMonitor({}, _known(engine))


def close_reparsed(engine: Engine) -> list[Finding]:
    """Close the fatal findings of which nothing is left: no record held, no page rejected since, and give them.

    Raises:
        StoreError: the database cannot be written.
    """

    def work(_is_doubtful: bool) -> list[Finding]:
        with write_transaction(engine) as connection:
            found = [finding for finding in open_findings(connection, _DRIFTS) if finding.severity == "fatal"]
            ended = [finding for finding in found if not _is_left(connection, finding)]
            close_findings(connection, [finding.id for finding in ended])
            return ended

    with store_errors(engine):
        return retried(engine, work)


def _is_left(connection: Connection, finding: Finding) -> bool:
    if finding.kind == "rejection":
        return is_rejected_since(connection, finding.subject, finding.name, finding.opened_at - _BEFORE_FOUND)
    return holds_any(connection, finding.id)


def is_quiet(times: Sequence[datetime], now: datetime) -> bool:
    """Tell whether a list is silent against its own rhythm; `times` are those of its news, newest first."""
    gaps = [later - sooner for later, sooner in pairwise(times)]
    if len(gaps) < _FEWEST_GAPS:
        return False
    return now - times[0] > max(_QUIET_TIMES * max(gaps), _QUIET_LEAST)


def _known(engine: Engine) -> list[tuple[str, Mark]]:
    def work(_is_doubtful: bool) -> list[Finding]:
        with read_transaction(engine) as connection:
            return open_findings(connection, _DRIFTS)

    with store_errors(engine):
        return [_place(finding) for finding in retried(engine, work) if finding.severity == "fatal"]


def _history(observed: Mapping[str, Sequence[Observed]]) -> dict[str, dict[Mark, list[Count]]]:
    history: dict[str, dict[Mark, list[Count]]] = {}
    for group, runs in observed.items():
        marks = {_mark(*key) for run in runs for key in run.counts}
        history[group] = {mark: [Count(run.counts[mark], run.total) for run in runs] for mark in marks}
    return history


def _mark(kind: str, name: str) -> Mark:
    return Mark(cast(Kind, kind), name)


def _place(finding: Finding) -> tuple[str, Mark]:
    return finding.subject, _mark(finding.kind, finding.name)


def _key(drift: Drift) -> FindingKey:
    return FindingKey(drift.mark.kind, drift.group, drift.mark.name)


def _finding(drift: Drift) -> NewFinding:
    shown = {
        "coverage": f"{drift.mark.name} is filled in",
        "unread": f"the {drift.mark.name} cannot be read in",
        "charset": f"{drift.mark.name} is the charset of",
        "template": f"template {drift.mark.name} fits",
        "rejection": f"{drift.mark.name} is the reason for",
    }[drift.mark.kind]
    detail = f"{shown} {drift.observed:.0%} of {drift.total} records, {drift.expected:.0%} before"
    if drift.usual_template is not None:
        detail += f"; its pages were {drift.usual_template}"
    return NewFinding(_key(drift), drift.field, drift.severity, detail)
