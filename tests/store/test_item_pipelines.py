"""The item pipelines inside real Scrapy crawls, whose spiders yield given items for `data:` addresses."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response
from sqlalchemy import Engine, select

from pipelines.item_pipelines import STORE_ERROR_STAT
from pipelines.page import Page
from pipelines.record import Article, Rejection
from pipelines.store.engine import open_database
from pipelines.store.reader import read_articles
from pipelines.store.schema import CrawlRunRow, PageRow, RejectionRow
from tests.store.examples import all_examples, front_page, harbour, market

SETTINGS = {
    "ITEM_PIPELINES": {
        "pipelines.item_pipelines.ExtractPipeline": 100,
        "pipelines.item_pipelines.StorePipeline": 200,
    },
    "CONCURRENT_REQUESTS": 1,
    "DOWNLOAD_HANDLERS": {"http": None, "https": None},
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "TWISTED_REACTOR_ENABLED": False,
}
LIST_PAGE = Rejection(url="http://zjnews.zjol.com.cn/zjnews/", reason="not_article")


class ItemSpider(Spider):
    name = "items"

    def __init__(self, items: list[Any]) -> None:
        super().__init__()
        self.items = items

    async def start(self) -> AsyncIterator[Any]:
        for number, item in enumerate(self.items):
            yield Request(f"data:,{number}", callback=self.give, cb_kwargs={"item": item})

    def give(self, _response: Response, item: Any) -> Iterator[Any]:
        yield item


class Crawl:
    """What a crawl left behind."""

    def __init__(self, items: list[Any], **settings: Any) -> None:
        self.scraped: list[Any] = []
        asyncio.run(self._run(items, settings))

    async def _run(self, items: list[Any], settings: dict[str, Any]) -> None:
        runner = AsyncCrawlerRunner(SETTINGS | settings)
        crawler = runner.create_crawler(ItemSpider)
        crawler.signals.connect(self._keep, signals.item_scraped)
        await runner.crawl(crawler, items=items)
        self.stats = crawler.stats.get_stats()

    def _keep(self, item: Any) -> None:
        self.scraped.append(item)

    @property
    def counts(self) -> dict[str, int]:
        return {name.removeprefix("zjol/"): value for name, value in self.stats.items() if name.startswith("zjol/")}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'articles.db'}"


def stored_in(url: str) -> list[Article]:
    engine = open_database(url)
    articles = list(read_articles(engine))
    engine.dispose()
    return articles


def rows_of(engine: Engine, row_class: type) -> list[Any]:
    with engine.connect() as connection:
        return connection.execute(select(row_class.__table__)).mappings().all()


def test_records_and_rejections_are_stored_and_counted(url):
    crawl = Crawl([*all_examples(), LIST_PAGE], ZJOL_DB=url)
    assert crawl.counts == {"stored": 3, "rejected": 1, "rejected/not_article": 1}
    assert stored_in(url) == all_examples()
    assert crawl.stats["finish_reason"] == "finished"


def test_a_second_crawl_changes_nothing(url):
    Crawl(all_examples(), ZJOL_DB=url)
    crawl = Crawl([harbour(), market(), front_page(headline="丰收")], ZJOL_DB=url)
    assert crawl.counts == {"unchanged": 2, "changed": 1}


def test_the_run_and_its_rejections_are_rows(url):
    Crawl([market(), LIST_PAGE], ZJOL_DB=url, ZJOL_COMMAND="crawl zjxw")
    engine = open_database(url)
    (run,) = rows_of(engine, CrawlRunRow)
    (rejection,) = rows_of(engine, RejectionRow)
    engine.dispose()
    assert (run["command"], run["outcome"]) == ("crawl zjxw", "finished")
    assert run["counts"] == {"fetched": 2, "stored": 1, "rejected": 1, "rejected/not_article": 1}
    assert run["started_at"] <= run["finished_at"]
    assert (rejection["url"], rejection["reason"], rejection["run_id"]) == (LIST_PAGE.url, "not_article", run["id"])


def test_pages_are_extracted_before_they_are_stored(url):
    fixture = sorted((Path(__file__).parents[1] / "templates" / "system-2014").glob("*.html"))[0]
    page = Page(url="http://zjnews.zjol.com.cn/system/2016/10/01/021319213.shtml", body=fixture.read_bytes())
    broken = Page(url="http://zjnews.zjol.com.cn/system/2016/10/01/021319214.shtml", body=b"<html></html>")
    crawl = Crawl([page, [page], broken], ZJOL_DB=url)
    (article,) = stored_in(url)
    assert article.article_id == "system/2016/10/01/021319213"
    assert crawl.counts["stored"] == 1
    assert crawl.counts["unchanged"] == 1
    assert crawl.counts["rejected"] == 1


def test_what_is_no_page_is_an_error_of_the_spider(url, caplog):
    crawl = Crawl(["a string", [], market()], ZJOL_DB=url)
    assert crawl.counts == {"stored": 1}
    assert crawl.stats["log_count/ERROR"] == 2
    assert "a spider yields pages, a list of pages, rejections or visits, not str" in caplog.text


def test_faults_are_counted_and_the_record_is_stored(url, caplog):
    crawl = Crawl([market(page_count=0)], ZJOL_DB=url)
    assert crawl.counts == {"flagged": 1, "flagged/page_count": 1, "stored": 1}
    assert "page_count: 0 is less than" in caplog.text


def test_without_a_database_records_pass_through():
    crawl = Crawl([market(), LIST_PAGE])
    assert [outcome.record for outcome in crawl.scraped] == [market(), LIST_PAGE]
    assert crawl.counts == {}


def test_a_record_does_not_wait_for_its_batch_to_fill(url):
    seen: list[int] = []

    class WatchingSpider(ItemSpider):
        async def start(self) -> AsyncIterator[Any]:
            yield market()
            for _ in range(100):
                await asyncio.sleep(0.05)
                if stored := self.crawler.stats.get_value("zjol/stored"):
                    seen.append(stored)
                    return

    async def run() -> None:
        runner = AsyncCrawlerRunner(SETTINGS | {"ZJOL_DB": url})
        await runner.crawl(runner.create_crawler(WatchingSpider), items=[])

    asyncio.run(run())
    assert seen == [1]


def test_a_database_that_cannot_be_opened_stops_the_crawl_with_one_line(tmp_path, caplog):
    path = tmp_path / "missing" / "articles.db"
    crawl = Crawl([market()], ZJOL_DB=f"sqlite:///{path}")
    assert crawl.stats["finish_reason"] == "store_failed"
    assert crawl.counts == {"store_error": crawl.stats[STORE_ERROR_STAT]}
    assert f"the directory {path.parent} does not exist" in crawl.stats[STORE_ERROR_STAT]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == [crawl.stats[STORE_ERROR_STAT]]
    assert crawl.scraped == []


def test_a_database_that_fails_stops_the_crawl_and_keeps_whole_batches(url, caplog):
    engine = open_database(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table article_keyword")
    engine.dispose()
    crawl = Crawl([market(), front_page(), harbour()], ZJOL_DB=url, ZJOL_BATCH_SIZE=1)
    assert crawl.stats["finish_reason"] == "store_failed"
    assert crawl.counts["stored"] == 1
    assert crawl.counts["not_stored"] == 2
    assert "article_keyword" in crawl.stats[STORE_ERROR_STAT]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == [crawl.stats[STORE_ERROR_STAT]]
    engine = open_database(url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select article_id from article").scalars().all() == [market().article_id]
        assert connection.exec_driver_sql("select count(*) from page").scalar() == 1
    engine.dispose()


class _Deadly(Page):
    """A page that kills the process it is handed to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _die, ()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_page_that_kills_the_process_costs_itself_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'articles.db'}"
    deadly = _Deadly(url="http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_1990999.shtml", body=b"x")
    crawl = Crawl([market(), deadly, harbour()], ZJOL_DB=url, ZJOL_BACKGROUND="process")
    assert crawl.counts["stored"] == 2
    assert crawl.stats["finish_reason"] == "finished"
    engine = open_database(url)
    with engine.connect() as connection:
        noted = connection.execute(select(PageRow.url, PageRow.state, PageRow.error)).all()
    engine.dispose()
    assert [(row.url, row.state) for row in noted if row.error] == [(deadly.url, "failed")]
    assert "killed" in next(row.error for row in noted if row.error)
