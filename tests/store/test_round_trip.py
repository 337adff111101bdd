"""Rows give the very record back."""

from datetime import UTC, datetime
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.record import Article, Block, Breadcrumb, to_json
from pipelines.store.conversion import SHANGHAI
from pipelines.store.engine import open_database
from pipelines.store.reader import Selection, read_article, read_articles
from pipelines.store.writer import write_articles
from tests.store.examples import SITE, all_examples, front_page, harbour, market
from tests.store.strategies import articles

_numbers = count(1)


def test_records_come_back_to_the_letter(engine):
    write_articles(engine, all_examples())
    assert [to_json(article) for article in read_articles(engine)] == [to_json(article) for article in all_examples()]


def test_records_come_back_in_the_order_they_were_first_stored(engine):
    write_articles(engine, all_examples()[::-1])
    write_articles(engine, [harbour(headline="渔港醒来")])
    assert list(read_articles(engine)) == [front_page(), harbour(headline="渔港醒来"), market()]


def test_one_record_is_read_by_its_id(engine):
    write_articles(engine, all_examples())
    assert read_article(engine, "zjrb/2016-10-02/3000001") == front_page()
    assert read_article(engine, "zjrb/2016-10-02/3") is None


@given(st.lists(articles(), max_size=5, unique_by=lambda article: article.article_id))
@settings(max_examples=40, deadline=None)
@example([market(body=[Block(type="paragraph", text="一\n二"), Block(type="image", image=0)], article_body="一\n二")])
@example([market(breadcrumbs=[SITE], section="另一个名字")])
@example([market(breadcrumbs=[SITE, SITE, Breadcrumb(name=SITE.name)], section=SITE.name)])
def test_any_record_comes_back(records: list[Article]):
    engine = open_database("sqlite://")
    assert write_articles(engine, records).stored == len(records)
    expected = {article.article_id: to_json(article) for article in records}
    assert {article.article_id: to_json(article) for article in read_articles(engine)} == expected
    engine.dispose()


@given(record=articles())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_comes_back_from_every_engine(engine, record: Article):
    numbered = msgspec.structs.replace(record, article_id=f"t20161001_{next(_numbers)}")
    assert write_articles(engine, [numbered]).stored == 1
    assert to_json(read_article(engine, numbered.article_id)) == to_json(numbered)


def test_batches_longer_than_one_read_come_back_in_order(sqlite_engine):
    records = [market(article_id=f"system/2006/05/12/{number:09}") for number in range(1203)]
    write_articles(sqlite_engine, records)
    assert list(read_articles(sqlite_engine)) == records


@pytest.mark.parametrize(
    ("filters", "headlines"),
    [
        ({"since": datetime(2016, 10, 1, tzinfo=SHANGHAI)}, ["渔港醒来 “蓝色粮仓”添新船", "丰收节里看丰收"]),
        ({"until": datetime(2016, 10, 1, 18, 21, 4, tzinfo=SHANGHAI)}, ["早市搬家"]),
        ({"until": datetime(2016, 10, 1, 10, 21, 5, tzinfo=UTC)}, ["早市搬家", "渔港醒来 “蓝色粮仓”添新船"]),
        ({"channels": ["浙江新闻"]}, ["渔港醒来 “蓝色粮仓”添新船"]),
        ({"channels": ["http://zjnews.zjol.com.cn/zjnews/zjxw/"]}, ["渔港醒来 “蓝色粮仓”添新船"]),
        ({"channels": ["要闻"]}, ["丰收节里看丰收"]),
        ({"channels": ["no such channel"]}, []),
        ({"since": datetime(2016, 10, 1, tzinfo=SHANGHAI), "channels": ["要闻"]}, ["丰收节里看丰收"]),
    ],
)
def test_filters(engine, filters, headlines):
    write_articles(engine, all_examples())
    assert [article.headline for article in read_articles(engine, Selection(**filters))] == headlines


def test_changed_since_gives_what_is_new_or_changed(engine):
    first, second = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)
    write_articles(engine, [market(), harbour()], seen_at=first)
    changed = harbour(headline="渔港醒来")
    write_articles(engine, [market(), changed, front_page()], seen_at=second)
    assert list(read_articles(engine, Selection(changed_since=second))) == [changed, front_page()]
