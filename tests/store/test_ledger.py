"""The ledger: what is known of pages, and what need not be fetched."""

from sqlalchemy import select

from pipelines.record import Rejection
from pipelines.store.ledger import add_found, done_urls
from pipelines.store.runs import finish_run, start_run
from pipelines.store.schema import CrawlRunRow, PageRow, RejectionRow
from pipelines.store.writer import Writer, write_articles
from tests.store.examples import harbour, market

LIST = "http://zjnews.zjol.com.cn/zjnews/zjxw/index_1.shtml"
GONE = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_2000009.shtml"


def pages(engine) -> dict:
    with engine.connect() as connection:
        return {row["url"]: row for row in connection.execute(select(PageRow.__table__)).mappings()}


def test_found_pages_are_added_once(engine):
    assert add_found(engine, [LIST, GONE, LIST]) == (2, [])
    assert add_found(engine, [GONE]) == (0, [])
    assert {url: row["state"] for url, row in pages(engine).items()} == {LIST: "found", GONE: "found"}
    assert pages(engine)[LIST]["visited_at"] is None


def test_addresses_too_long_for_the_ledger_are_given_back(engine):
    long = "http://zjnews.zjol.com.cn/" + "a" * 700
    assert add_found(engine, [long, LIST]) == (1, [long])


def test_stored_and_rejected_pages_are_done(engine):
    add_found(engine, [LIST, GONE, harbour().url])
    write_articles(engine, [harbour(), Rejection(url=GONE, reason="not_found")])
    assert done_urls(engine, [harbour().url, GONE, LIST, market().url]) == {harbour().url, GONE}
    assert done_urls(engine, [harbour().url, GONE], retry_rejected=True) == {harbour().url}
    assert pages(engine)[GONE]["error"] == "not_found"


def test_every_form_of_a_stored_address_is_done(engine):
    write_articles(engine, [harbour()])
    base = harbour().url.removesuffix(".shtml")
    forms = {
        f"{base}.shtml?from=list",
        f"{base}_ext.shtml",
        f"{base}_2.shtml",
        f"{base}.shtml".replace("http", "https"),
    }
    assert done_urls(engine, forms | {"mailto:nobody"}) == forms


def test_a_failed_page_is_tried_again_and_its_failures_counted(engine):
    failure = Rejection(url=GONE, reason="timeout", detail="30 s")
    write_articles(engine, [failure])
    write_articles(engine, [failure])
    row = pages(engine)[GONE]
    assert (row["state"], row["attempts"], row["error"]) == ("failed", 2, "timeout: 30 s")
    assert done_urls(engine, [GONE]) == set()
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
    finish_run(engine, run, "finished", {"fetched": 1, "rejected": 1})
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
