"""The ledger: what is known of pages, and what need not be fetched."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from pipelines.record import Rejection
from pipelines.store.engine import read_transaction
from pipelines.store.frontier import draw, note_listed, note_lists, note_rejected
from pipelines.store.hosts import LEASE, hold_hosts, holder_name, release_hosts, take_host
from pipelines.store.ledger import Noted, Visit
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.schema import CrawlRunRow, PageRow, RejectionRow
from pipelines.store.writer import Writer, write_articles
from tests.store.examples import harbour, market

LIST = "http://zjnews.zjol.com.cn/zjnews/zjxw/"
NEXT = "http://zjnews.zjol.com.cn/zjnews/zjxw/index_1.shtml"
GONE = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_2000009.shtml"


def pages(engine) -> dict:
    with engine.connect() as connection:
        return {row["url"]: row for row in connection.execute(select(PageRow.__table__)).mappings()}


def drawn(engine, *, under_way=(), most=9) -> list:
    with read_transaction(engine) as connection:
        now = datetime.now(UTC)
        return draw(connection, "zjnews.zjol.com.cn", [LIST], now, most=most, under_way=under_way)


def test_what_a_list_names_is_noted_once(engine):
    assert note_listed(engine, [GONE, harbour().url, GONE], LIST)[:4] == (2, 0, 0, {"zjnews.zjol.com.cn"})
    assert note_listed(engine, [GONE], LIST)[:3] == (0, 1, 0)
    assert {url: row["state"] for url, row in pages(engine).items()} == {GONE: "found", harbour().url: "found"}
    assert pages(engine)[GONE]["visited_at"] is None


def test_addresses_too_long_for_the_ledger_are_given_back(engine):
    long = "http://zjnews.zjol.com.cn/" + "a" * 700
    listed = note_listed(engine, [long, GONE], LIST)
    assert (listed.new, listed.too_long) == (1, [long])


def test_stored_and_rejected_pages_are_done(engine):
    note_listed(engine, [GONE, harbour().url], LIST)
    write_articles(engine, [harbour(), Rejection(url=GONE, reason="not_found")])
    assert note_listed(engine, [harbour().url, GONE, market().url], LIST)[:3] == (1, 0, 2)
    assert pages(engine)[GONE]["error"] == "not_found"
    assert [page.url for page in drawn(engine)] == [market().url]
    note_rejected(engine, [LIST])
    assert {page.url for page in drawn(engine)} == {market().url, GONE}


def test_every_form_of_a_stored_address_is_done(engine):
    write_articles(engine, [harbour()])
    base = harbour().url.removesuffix(".shtml")
    forms = {
        f"{base}.shtml?from=list",
        f"{base}_ext.shtml",
        f"{base}_2.shtml",
        f"{base}.shtml".replace("http", "https"),
    }
    assert note_listed(engine, forms, LIST)[:3] == (0, 0, 4)


@pytest.mark.parametrize(
    ("urls", "follow", "is_followed"),
    [
        ([GONE], "if_news", True),
        ([harbour().url], "if_news", False),
        ([harbour().url], "yes", True),
        ([GONE], "no", False),
    ],
)
def test_a_list_goes_on_in_the_ledger(engine, urls, follow, is_followed):
    write_articles(engine, [harbour()])
    note_listed(engine, urls, LIST, following=[NEXT], follow=follow)
    assert (NEXT in {page.url for page in drawn(engine)}) is is_followed


def test_first_pages_of_lists_are_drawn_first_and_what_is_under_way_is_not(engine):
    note_listed(engine, [GONE, harbour().url], LIST, following=[NEXT])
    note_lists(engine, [LIST], "me")
    assert [page.url for page in drawn(engine)] == [LIST, GONE, harbour().url, NEXT]
    assert [page.url for page in drawn(engine, under_way={LIST, GONE}, most=1)] == [harbour().url]


def test_a_list_is_looked_at_again_sooner_when_it_has_news(engine):
    note_lists(engine, [LIST], "me")
    waits = []
    for has_news in (True, False, False, True):
        answer = Noted(Visit(LIST, LIST, 200, '"1"'), "list", has_news=has_news, is_front=True)
        Writer(engine).write([], noted=[answer])
        row = pages(engine)[LIST]
        waits.append((row["next_visit"] - row["visited_at"]).total_seconds() / 60)
    assert waits == [10, 20, 40, 10]
    note_lists(engine, [LIST], "me", only_due=True)
    assert drawn(engine) == []
    note_lists(engine, [LIST], "me")
    assert [(page.url, page.etag) for page in drawn(engine)] == [(LIST, '"1"')]


def test_a_list_that_failed_stays_a_list_and_is_asked_for_again(engine):
    note_listed(engine, [], LIST, following=[NEXT], follow="yes")
    write_articles(engine, [Rejection(url=NEXT, reason="timeout")])
    row = pages(engine)[NEXT]
    assert (row["state"], row["attempts"], row["error"]) == ("list", 1, "timeout")
    assert drawn(engine) == []
    note_lists(engine, [LIST], "me")
    assert {page.url for page in drawn(engine)} == {LIST, NEXT}


def test_a_host_is_one_crawls_at_a_time(engine):
    now = datetime.now(UTC)
    assert take_host(engine, "a", "elsewhere/1/1", now) is not None
    assert take_host(engine, "a", "elsewhere/2/1", now) is None
    assert hold_hosts(engine, ["a"], "elsewhere/1/1", now + LEASE / 2) == {"a"}
    assert take_host(engine, "a", "elsewhere/2/1", now + LEASE + timedelta(seconds=1)) is None
    assert take_host(engine, "a", "elsewhere/2/1", now + 2 * LEASE) is not None
    assert hold_hosts(engine, ["a"], "elsewhere/1/1", now) == set()
    release_hosts(engine, {"a": now + timedelta(seconds=5)}, "elsewhere/2/1")
    # Its delay is not over yet.
    assert take_host(engine, "a", "elsewhere/3/1", now) is None
    assert take_host(engine, "a", "elsewhere/3/1", now + timedelta(seconds=6)) is not None
    release_hosts(engine, {"a": None}, "elsewhere/3/1")
    assert take_host(engine, "a", "elsewhere/4/1", now) is not None


def test_a_host_of_a_crawl_that_died_here_is_free_at_once(engine):
    process = subprocess.Popen(
        [sys.executable, "-c", "from pipelines.store.hosts import holder_name as h; print(h())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    holder = process.communicate()[0].strip()
    now = datetime.now(UTC)
    assert take_host(engine, "a", holder, now) is not None
    assert take_host(engine, "a", holder_name(), now).leased_by == holder
    assert take_host(engine, "a", "elsewhere/1/1", now) is None


def test_a_list_on_a_host_that_another_crawl_serves_is_left_to_it(engine):
    take_host(engine, "zjnews.zjol.com.cn", "elsewhere/1/1", datetime.now(UTC))
    note_lists(engine, [LIST], "me")
    Writer(engine).write([], noted=[Noted(Visit(LIST, LIST, 200), "list", is_front=True)])
    note_lists(engine, [LIST], "me")
    assert drawn(engine) == []


def test_a_failed_page_is_tried_again_and_its_failures_counted(engine):
    failure = Rejection(url=GONE, reason="timeout", detail="30 s")
    write_articles(engine, [failure])
    write_articles(engine, [failure])
    row = pages(engine)[GONE]
    assert (row["state"], row["attempts"], row["error"]) == ("failed", 2, "timeout: 30 s")
    # A list that names it does not make it due before its time; a user may.
    assert note_listed(engine, [GONE], LIST)[:2] == (0, 0)
    assert drawn(engine) == []
    note_rejected(engine, [LIST])
    assert [page.url for page in drawn(engine)] == [GONE]
    assert pages(engine)[GONE]["attempts"] == 0
    write_articles(engine, [Rejection(url=GONE, reason="empty_body")])
    row = pages(engine)[GONE]
    assert (row["state"], row["attempts"]) == ("rejected", 0)


def test_a_stored_page_stays_stored(engine):
    write_articles(engine, [harbour()])
    before = pages(engine)
    write_articles(engine, [Rejection(url=harbour().url, reason="not_found")])
    assert pages(engine) == before


def test_a_run_is_a_row_that_its_rejections_name(engine):
    run = start_run(engine, "crawl zjxw")
    Writer(engine, run_id=run).write([Rejection(url=GONE, reason="not_found", detail="404 \0 \ud800")])
    finish_run(engine, run, RunEnd("finished", {"fetched": 1, "rejected": 1}))
    with engine.connect() as connection:
        row = connection.execute(select(CrawlRunRow.__table__)).mappings().one()
        rejection = connection.execute(select(RejectionRow.__table__)).mappings().one()
    assert (row["id"], row["outcome"], row["counts"]) == (run, "finished", {"fetched": 1, "rejected": 1})
    assert rejection["run_id"] == run
    assert rejection["detail"] == "404 \ufffd \ufffd"


def test_an_unfinished_run_has_no_end(engine):
    start_run(engine, "crawl")
    with engine.connect() as connection:
        row = connection.execute(select(CrawlRunRow.__table__)).mappings().one()
    assert (row["finished_at"], row["outcome"], row["counts"]) == (None, None, None)
