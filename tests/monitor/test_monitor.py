"""The monitor: silent on ordinary days, loud and exact where a field vanishes, a template or a charset changes."""

import random
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from pipelines.monitor.statistics import Count, change, expect
from pipelines.monitor.watch import Watch, is_quiet
from pipelines.outcomes import Outcome
from pipelines.record import Article, Rejection
from pipelines.recording import Recorder
from pipelines.store.engine import open_database
from pipelines.store.findings import mark_told, read_findings, untold_findings
from pipelines.store.held import read_held
from pipelines.store.runs import start_run
from pipelines.store.schema import ArticleRow
from tests.monitor.days import day

HOST = "zjnews.zjol.com.cn"


def run_day(url, records):
    """Record a day as a crawl does, in small batches; give what the run counted."""
    engine = open_database(url)
    recorder = Recorder(url, start_run(engine, "crawl"), keep_articles=False)
    engine.dispose()
    records = list(records)
    counts = Counter()
    for at in range(0, len(records), 7):
        counts += recorder.record(records[at : at + 7]).counts
    return counts + recorder.finish()


def findings(url, *, closed=False):
    engine = open_database(url)
    found = read_findings(engine, closed=closed)
    engine.dispose()
    return found


def stored(url):
    engine = open_database(url)
    with engine.connect() as connection:
        urls = set(connection.scalars(select(ArticleRow.url)))
    engine.dispose()
    return urls


@pytest.fixture(scope="session")
def twelve_quiet_days(tmp_path_factory):
    """A database of twelve days on which nothing changed, and where its dice stand."""
    path = tmp_path_factory.mktemp("quiet") / "articles.db"
    chance = random.Random(1)
    for number in range(12):
        run_day(f"sqlite:///{path}", day(number, chance))
    return path, chance.getstate()


@pytest.fixture
def quiet(twelve_quiet_days, tmp_path):
    """A copy of that database: its address and its dice."""
    path, state = twelve_quiet_days
    shutil.copy(path, tmp_path / "articles.db")
    chance = random.Random()
    chance.setstate(state)
    return f"sqlite:///{tmp_path / 'articles.db'}", chance


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_fifty_unchanged_days_of_varying_volume_it_raises_nothing(seed):
    chance = random.Random(seed)
    engine = open_database("sqlite://")
    held = 0
    for number in range(50):
        watch = Watch(engine, start_run(engine, "crawl"))
        records = [Outcome(record) for record in day(number, chance)]
        write, _ = watch.take(records)
        assert len(write) + len(watch.rest()) == len(records)
        watch.finish()
        held += watch.held
    assert read_findings(engine, closed=True) == []
    assert held == 0


def broken(records, at, change_one):
    """Give records of which all of one host from a place on are changed."""
    for number, record in enumerate(records):
        yield change_one(record) if number >= at and HOST in record.url else record


def without_source(record):
    return msgspec.structs.replace(record, source=None) if isinstance(record, Article) else record


def as_fallback(record):
    return msgspec.structs.replace(record, template="fallback") if isinstance(record, Article) else record


def as_no_date(record):
    return Rejection(url=record.url, reason="no_date")


def big_day(number, chance):
    while True:
        records = list(day(number, chance))
        if sum(HOST in record.url for record in records) >= 60:
            return records
        number += 1


@pytest.mark.parametrize(
    ("change_one", "kind", "subject", "field"),
    [
        (without_source, "coverage", f"trs-2016 {HOST}", "source"),
        (as_fallback, "template", HOST, "template"),
        (as_no_date, "rejection", HOST, "date_published"),
    ],
)
def test_a_change_in_the_middle_of_a_run_is_found_and_its_rows_are_held(quiet, change_one, kind, subject, field):
    url, chance = quiet
    records = big_day(100, chance)
    changed = list(broken(records, len(records) // 3, change_one))
    run_day(url, changed)
    (finding,) = findings(url)
    assert (finding.kind, finding.subject, finding.field, finding.severity) == (kind, subject, field, "fatal")
    assert "%" in finding.detail
    bad = {
        record.url
        for record in changed
        if isinstance(record, Article) and (record.source is None or record.template == "fallback")
    }
    assert not bad & stored(url)
    engine = open_database(url)
    assert {held.article.url for held in read_held(engine)} == bad
    engine.dispose()
    good = {record.url for record in changed if isinstance(record, Article)} - bad
    assert good <= stored(url)


def test_what_shows_an_open_finding_is_held_at_once_and_the_finding_ends_when_it_ends(quiet):
    url, chance = quiet
    records = big_day(100, chance)
    run_day(url, broken(records, 0, without_source))
    few = [record for record in big_day(200, chance) if HOST in record.url][:3]
    counts = run_day(url, [without_source(record) for record in few])
    assert counts["held"] == sum(isinstance(record, Article) for record in few)
    assert len(findings(url)) == 1
    counts = run_day(url, big_day(300, chance))
    assert counts["findings/closed"] == 1
    assert findings(url) == []
    assert findings(url, closed=True)[0].closed_at is not None


def test_a_charset_change_is_a_warning_and_holds_nothing(quiet):
    url, chance = quiet
    records = [
        msgspec.structs.replace(one, encoding="gb18030") if isinstance(one, Article) and HOST in one.url else one
        for one in big_day(100, chance)
    ]
    counts = run_day(url, records)
    kinds = {(finding.kind, finding.name, finding.severity) for finding in findings(url)}
    assert ("charset", "gb18030", "warning") in kinds
    assert counts["held"] == 0


def test_many_small_runs_are_looked_at_together(quiet):
    url, chance = quiet
    records = [
        without_source(record) for record in big_day(100, chance) if HOST in record.url and isinstance(record, Article)
    ]
    for at in range(0, 24, 3):
        run_day(url, records[at : at + 3])
    assert [finding.field for finding in findings(url)] == ["source"]


def test_a_finding_is_told_once_open_and_once_closed(quiet):
    url, chance = quiet
    run_day(url, broken(big_day(100, chance), 0, without_source))
    engine = open_database(url)
    told = untold_findings(engine, "mail")
    assert [finding.closed_at for finding in told] == [None]
    mark_told(engine, told, "mail")
    assert untold_findings(engine, "mail") == []
    run_day(url, big_day(300, chance))
    told = untold_findings(engine, "mail")
    assert told[0].closed_at is not None
    mark_told(engine, told, "mail")
    assert untold_findings(engine, "mail") == []
    engine.dispose()


def test_small_samples_say_nothing():
    usual = expect([Count(99, 100)] * 5)
    assert change(usual, Count(0, 7), 0.25) == 0
    assert change(usual, Count(0, 8), 0.25) < -0.9
    assert change(usual, Count(7, 8), 0.1) == 0
    assert expect([Count(10, 10)] * 2) is None
    wandering = expect([Count(share, 20) for share in (2, 18, 5, 15, 9, 12)])
    assert change(wandering, Count(1, 12), 0.25) == 0


def test_a_list_is_quiet_against_its_own_rhythm():
    now = datetime(2026, 3, 1, tzinfo=UTC)
    daily = [now - timedelta(days=3 + number) for number in range(30)]
    assert not is_quiet(daily, now)
    assert is_quiet(daily, now + timedelta(days=2))
    assert not is_quiet(daily[:5], now + timedelta(days=90))
