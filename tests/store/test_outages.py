"""What the writer does when the database goes away, is full, or is held by another."""

import sqlite3
import threading
import time

import pytest
from sqlalchemy import event

from pipelines.record import to_json
from pipelines.store.engine import open_database
from pipelines.store.errors import StoreError
from pipelines.store.reader import read_articles
from pipelines.store.writer import Writer
from tests import servers
from tests.store.examples import market


def numbered(number: int):
    return market(article_id=f"system/2006/05/12/{number:09}", headline=f"早市搬家({number})")


@pytest.fixture
def server():
    running = servers.StoppableServer()
    yield running
    running.close()


def test_a_server_that_stops_and_starts_again_loses_nothing(server):
    engine = open_database(server.url)
    writer = Writer(engine)
    records = [numbered(number) for number in range(400)]
    failures = []
    is_stopped = threading.Event()

    def write():
        try:
            for start in range(0, len(records), 20):
                if start == 200:
                    # The half that is written while the server stops may be written before it has.
                    is_stopped.wait(30)
                writer.write(records[start : start + 20])
        except StoreError as error:
            failures.append(error)

    writing = threading.Thread(target=write)
    writing.start()
    time.sleep(0.15)
    server.stop()
    is_stopped.set()
    time.sleep(2)
    assert writing.is_alive()
    server.start()
    writing.join(timeout=60)
    assert failures == []
    assert sorted(map(to_json, read_articles(engine))) == sorted(map(to_json, records))
    engine.dispose()


def test_a_server_that_stays_away_fails_in_one_line(server):
    engine = open_database(server.url)
    writer = Writer(engine, patience=1)
    writer.write([numbered(1)])
    server.stop()
    with pytest.raises(StoreError) as failure:
        writer.write([numbered(2)])
    assert "\n" not in str(failure.value)
    server.start()
    assert writer.write([numbered(1), numbered(2)]).stored == 1
    engine.dispose()


def test_a_full_disk_fails_in_one_line_and_costs_only_its_batch(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'articles.db'}")
    writer = Writer(engine)
    writer.write([numbered(number) for number in range(10)])

    @event.listens_for(engine, "connect")
    def limit(connection, _record):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    engine.dispose()
    with pytest.raises(StoreError, match="database or disk is full: free some space and run again"):
        writer.write([numbered(number) for number in range(10, 2000)])
    event.remove(engine, "connect", limit)
    engine.dispose()
    assert sum(1 for _ in read_articles(engine)) == 10
    assert writer.write([numbered(number) for number in range(20)]).stored == 10


def test_a_writer_waits_for_another_one_on_sqlite(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'articles.db'}")
    other = sqlite3.connect(tmp_path / "articles.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, other.execute, ["COMMIT"])
    release.start()
    assert Writer(engine).write([numbered(1)]).stored == 1
    release.join()
    other.close()
