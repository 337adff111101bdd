"""What writing a batch does: new, changed, unchanged, twice under two addresses, refused."""

import threading
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from pipelines.record import Article, Block, Image, Person, Rejection, to_json
from pipelines.store.engine import open_database
from pipelines.store.errors import StoreError
from pipelines.store.reader import read_article, read_articles
from pipelines.store.schema import (
    ArticleRow,
    ArticleUrlRow,
    ImageRow,
    OrganizationRow,
    PageRow,
    PersonRow,
    RejectionRow,
    RevisionRow,
)
from pipelines.store.search.find import search
from pipelines.store.writer import Writer, WriteSummary, write_articles
from tests.store.conftest import table_rows
from tests.store.examples import all_examples, front_page, harbour, market
from tests.store.strategies import articles

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = datetime(2020, 1, 2, 3, 4, 5, 999999, tzinfo=UTC)


def rows(engine, row_class) -> list:
    table = row_class.__table__
    with engine.connect() as connection:
        return connection.execute(select(table).order_by(*table.primary_key)).mappings().all()


def column(engine, row_class, name) -> list:
    return [row[name] for row in rows(engine, row_class)]


def test_the_summary_counts_what_became_of_the_records(engine):
    assert write_articles(engine, all_examples()) == WriteSummary(stored=3)
    summary = write_articles(engine, [harbour(), market(headline="早市"), front_page(headline="丰收")])
    assert summary == WriteSummary(unchanged=1, changed=2)


def test_the_same_batch_again_changes_nothing_but_last_seen(engine):
    write_articles(engine, all_examples(), seen_at=FIRST)
    before = table_rows(engine)
    assert write_articles(engine, all_examples(), seen_at=SECOND).unchanged == 3
    assert set(column(engine, ArticleRow, "last_seen")) == {SECOND.replace(microsecond=0)}
    assert set(column(engine, ArticleRow, "last_changed")) == {FIRST}
    with engine.begin() as connection:
        connection.execute(update(ArticleRow).values(last_seen=FIRST))
    assert table_rows(engine) == before


def test_names_stand_once(engine):
    write_articles(engine, [harbour(), front_page()])
    names = column(engine, PersonRow, "name")
    assert len(names) == len(set(names))
    assert sorted(column(engine, OrganizationRow, "name")) == ["本报", "浙江在线", "浙江日报", "视觉中国"]


def test_names_that_differ_only_in_case_or_accent_or_blank_are_different(engine):
    names = ["Anna", "anna", "Ännä", "Anna ", "Ａnna", "e\u0301", "\u00e9"]
    record = market(authors=[Person(name=name, role="author") for name in names], keywords=names)
    write_articles(engine, [record])
    assert sorted(column(engine, PersonRow, "name")) == sorted(names)
    assert read_article(engine, record.article_id) == record


def test_a_change_leaves_the_record_before_as_a_revision(engine):
    write_articles(engine, [harbour(), market()], seen_at=FIRST)
    second = harbour(
        headline="渔港醒来", editors=[], images=[], body=[], article_body="", dateline=None, keywords=["渔港"]
    )
    assert write_articles(engine, [second, market()], seen_at=SECOND) == WriteSummary(changed=1, unchanged=1)
    third = harbour(source=None)
    write_articles(engine, [third], seen_at=SECOND)
    assert read_article(engine, harbour().article_id) == third
    first_revision, second_revision = rows(engine, RevisionRow)
    assert msgspec.convert(first_revision["record"], Article) == harbour()
    assert msgspec.convert(second_revision["record"], Article) == second
    assert [first_revision["number"], second_revision["number"]] == [1, 2]
    assert first_revision["seen_at"] == SECOND.replace(microsecond=0)
    assert first_revision["changed_fields"] == [
        "headline", "editors", "dateline", "body", "article_body", "images", "keywords"
    ]  # fmt: skip


def test_pictures_keep_their_keys_when_something_else_changes(engine):
    write_articles(engine, [harbour()])
    before = rows(engine, ImageRow)
    write_articles(engine, [harbour(headline="渔港醒来")])
    assert rows(engine, ImageRow) == before


@given(st.lists(articles(st.sampled_from(["t1_1", "t2_2"])), max_size=6))
@settings(max_examples=12, deadline=None)
def test_one_batch_does_what_the_records_one_by_one_do(records: list[Article]):
    together, apart = open_database("sqlite://"), open_database("sqlite://")
    summary = write_articles(together, records, seen_at=FIRST)
    assert summary == sum((write_articles(apart, [record], seen_at=FIRST) for record in records), WriteSummary())
    assert list(map(to_json, read_articles(together))) == list(map(to_json, read_articles(apart)))
    assert write_articles(together, list(read_articles(together))).unchanged == summary.stored
    together.dispose()
    apart.dispose()


def test_one_number_under_two_channels_is_one_article_with_both_addresses(engine):
    other = harbour(
        url="http://biz.zjol.com.cn/biz/201610/t20161001_2000001.shtml",
        canonical_url="https://biz.zjol.com.cn/biz/201610/t20161001_2000001.shtml",
        page_urls=["http://biz.zjol.com.cn/biz/201610/t20161001_2000001.shtml"],
        headline="别处的标题",
        breadcrumbs=[],
        section=None,
    )
    assert write_articles(engine, [harbour(), other]) == WriteSummary(stored=1, duplicate=1)
    assert write_articles(engine, [other]) == WriteSummary(duplicate=1)
    assert list(read_articles(engine)) == [harbour()]
    addresses = {row["url"]: row["page_position"] for row in rows(engine, ArticleUrlRow)}
    assert addresses == {
        harbour().page_urls[0]: 0,
        harbour().page_urls[1]: 1,
        harbour().canonical_url: None,
        other.url: None,
        other.canonical_url: None,
    }
    assert rows(engine, RevisionRow) == []


def test_another_form_of_the_address_is_no_change(engine):
    secure = harbour(
        url=harbour().canonical_url, page_urls=[url.replace("http:", "https:") for url in harbour().page_urls]
    )
    write_articles(engine, [harbour()])
    assert write_articles(engine, [secure]) == WriteSummary(unchanged=1)
    assert read_article(engine, harbour().article_id) == harbour()
    assert secure.page_urls[1] in column(engine, ArticleUrlRow, "url")


def test_a_page_found_later_is_a_change(engine):
    short = harbour(page_urls=harbour().page_urls[:1])
    write_articles(engine, [short])
    assert write_articles(engine, [harbour()]) == WriteSummary(changed=1)
    assert read_article(engine, harbour().article_id) == harbour()


def test_the_pages_of_an_article_turn_stored(engine):
    write_articles(engine, [harbour(), Rejection(url="http://zjnews.zjol.com.cn/", reason="not_article")])
    states = {row["url"]: row["state"] for row in rows(engine, PageRow)}
    assert states == dict.fromkeys(harbour().page_urls, "stored") | {"http://zjnews.zjol.com.cn/": "rejected"}


UNSTORABLE = [
    (market(headline="早\0市"), "NUL"),
    (market(headline="早\ud800市"), "surrogate"),
    (market(date_published="2006-5-12"), "date_published"),
    (market(date_published="2006-05-12T10:00:00Z"), "date_published"),
    (market(date_published="0001-01-01"), "date_published"),
    (market(date_published="0001-01-01T07:00:00+08:00"), "date_published"),
    (market(date_published="2006-05-12T10:00:00"), "date_published"),
    (market(date_published="2006-05-12T10:00:00.5+08:00"), "date_published"),
    (market(date_published="yesterday"), "date_published"),
    (market(article_body="anything"), "article_body"),
    (market(source="浙" * 501), "source: 501 characters"),
    (market(authors=[Person(name="林" * 501, role="author")]), "authors.name"),
    (market(page_urls=["http://a.zjol.com.cn/" + "a" * 700]), "page_urls"),
    (market(page_urls=["http://a.zjol.com.cn/", "http://a.zjol.com.cn/"]), "page_urls"),
    (market(page_count=-1), "page_count"),
    (market(schema_version=2), "schema_version"),
]


@pytest.mark.parametrize(("record", "words"), UNSTORABLE, ids=[words for _, words in UNSTORABLE])
def test_what_the_tables_cannot_hold_costs_itself_alone(engine, record, words):
    summary = write_articles(engine, [harbour(), record, front_page()])
    assert (summary.stored, summary.rejected, summary.rejected_by_reason) == (2, 1, {"unstorable": 1})
    (rejection,) = rows(engine, RejectionRow)
    assert rejection["reason"] == "unstorable"
    assert words in rejection["detail"]
    assert list(read_articles(engine)) == [harbour(), front_page()]


def test_a_text_that_looks_like_an_escape_is_stored(engine):
    record = market(headline="\\u0000 \\\\u0000")
    write_articles(engine, [record])
    assert read_article(engine, record.article_id) == record


def test_a_record_the_database_refuses_costs_itself_alone(sqlite_engine):
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql(
            "create trigger refusal before insert on image when new.url like '%forbidden%'"
            " begin select raise(abort, 'a forbidden picture'); end"
        )
    bad = harbour(images=[Image(url="http://img.zjol.com.cn/forbidden.jpg")])
    summary = write_articles(sqlite_engine, [market(), bad, front_page()])
    assert (summary.stored, summary.rejected_by_reason) == (2, {"unstorable": 1})
    assert "a forbidden picture" in rows(sqlite_engine, RejectionRow)[0]["detail"]
    assert list(read_articles(sqlite_engine)) == [market(), front_page()]
    assert "林知远" not in column(sqlite_engine, PersonRow, "name")


def test_a_batch_that_fails_leaves_nothing_and_the_writer_goes_on(sqlite_engine):
    writer = Writer(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("alter table article_url rename to away")
    with pytest.raises(StoreError, match="article_url"):
        writer.write(all_examples())
    assert rows(sqlite_engine, ArticleRow) == []
    assert rows(sqlite_engine, PersonRow) == []
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("alter table away rename to article_url")
    assert writer.write(all_examples()).stored == 3
    assert list(read_articles(sqlite_engine)) == all_examples()


def test_two_writers_at_once_store_each_article_once(empty_url):
    records = [harbour(article_id=f"t20161001_{number}", keywords=[f"词{number}"]) for number in range(60)]
    engine = open_database(empty_url)
    summaries: list[WriteSummary] = []

    def work(order: list[Article]) -> None:
        writer = Writer(engine)
        summaries.extend(writer.write(order[start : start + 10]) for start in range(0, len(order), 10))

    threads = [threading.Thread(target=work, args=(order,)) for order in (records, records[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(summaries, WriteSummary())
    assert (total.stored, total.unchanged, total.rejected) == (60, 60, 0)
    assert sorted(map(to_json, read_articles(engine))) == sorted(map(to_json, records))
    engine.dispose()


def test_a_bare_picture_gallery_is_stored(engine):
    record = market(
        body=[Block(type="image", image=0)], article_body="", images=[Image(url="http://img.zjol.com.cn/1.jpg")]
    )
    write_articles(engine, [record])
    assert read_article(engine, record.article_id) == record


def test_words_of_any_length_are_stored_and_found(engine):
    word = "a1" * 20_000
    blocks = [Block(type="paragraph", text=word)]
    odd = market(article_body=word, body=blocks, images=[])
    assert write_articles(engine, [odd]).stored == 1
    assert [found.article_id for found in search(engine, "a1" * 32).hits] == [odd.article_id]
