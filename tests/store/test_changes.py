"""The change feed, and databases of an earlier release."""

import threading

import pytest
from alembic import command
from sqlalchemy import text

from pipelines.store.engine import connect_database, open_database, write_transaction
from pipelines.store.migrate import _config, latest_revision, schema_differences, upgrade_schema
from pipelines.store.reader import Selection, read_articles
from pipelines.store.search.find import search
from pipelines.store.writer import write_articles
from tests.store.examples import front_page, harbour, market
from tests.store.test_search import article


def changes(engine, after: int):
    numbers: list[int] = []
    found = list(read_articles(engine, Selection(changed_after=after), order="changed", taken=numbers.append))
    return found, numbers[0]


def test_the_feed_gives_each_change_once_and_fields_that_went(engine):
    write_articles(engine, [market(), harbour()])
    found, cursor = changes(engine, 0)
    assert found == [market(), harbour()]
    assert changes(engine, cursor) == ([], cursor)
    bare = harbour(kicker=None, keywords=[])
    write_articles(engine, [market(), bare, front_page()])
    found, later = changes(engine, cursor)
    assert sorted(record.article_id for record in found) == sorted([bare.article_id, front_page().article_id])
    assert bare in found
    assert changes(engine, later) == ([], later)


def test_a_reader_beside_writers_misses_nothing_and_repeats_nothing(engine):
    done = threading.Event()

    def write(first: int) -> None:
        for number in range(first, first + 40, 4):
            write_articles(engine, [article(number + step, f"稿{number + step}", "正文。") for step in range(4)])

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 1000, 2000)]
    met: list[str] = []

    def read() -> None:
        cursor = 0
        last_time = False
        while not last_time:
            last_time = done.is_set()
            found, cursor = changes(engine, cursor)
            met.extend(record.article_id for record in found)

    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert len(met) == len(set(met)) == 120


@pytest.mark.parametrize("order", ["stored", "changed", "published"])
def test_every_order_gives_every_article(engine, order, monkeypatch):
    monkeypatch.setattr("pipelines.store.reader._BATCH", 3)
    records = [article(n, f"稿{n}", "正文。", date_published=f"2017-01-{1 + n % 3:02}") for n in range(10)]
    write_articles(engine, records)
    found = list(read_articles(engine, order=order))
    assert sorted(record.article_id for record in found) == sorted(record.article_id for record in records)
    if order == "published":
        dates = [record.date_published for record in found]
        assert dates == sorted(dates)


def test_a_database_of_the_first_release_is_upgraded_with_its_data(empty_url):
    engine = connect_database(empty_url, create=True)
    with write_transaction(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO article (article_id, url, canonical_url, template, encoding, headline, published_at,"
                " published_precision, article_body, body_blocks, page_count, content_hash, record_hash,"
                " parser_version, first_seen, last_changed, last_seen) VALUES ('t1_1', 'http://a/', 'https://a/',"
                " 'trs-2016', 'utf-8', '渔港醒来', '2016-10-01 10:00:00', 'second', '码头上的秤。',"
                """ '[{"type":"paragraph"}]', 1, 'a', 'b', '0.1.0', '2020-01-01 00:00:00', '2020-01-01 00:00:00',"""
                " '2020-01-01 00:00:00')"
            ).execution_options(no_parameters=True)
        )
        connection.execute(
            text("INSERT INTO image (article_id, position, url, caption) VALUES (1, 0, 'http://a/1.jpg', '一杆老秤')")
        )
    with write_transaction(engine) as connection:
        assert upgrade_schema(connection, "it") == ("0001", latest_revision())
    engine.dispose()
    engine = open_database(empty_url)
    with engine.connect() as connection:
        assert schema_differences(connection) == []
        assert connection.execute(text("SELECT images FROM article_overview")).scalars().all() == [1]
    assert search(engine, "老秤").total == search(engine, "码头").total == search(engine, "渔港").total == 1
    assert [record.headline for record in changes(engine, 0)[0]] == ["渔港醒来"]
    write_articles(engine, [market()])
    assert [record.headline for record in changes(engine, 1)[0]] == [market().headline]
    engine.dispose()
