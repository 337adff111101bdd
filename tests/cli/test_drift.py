"""A site that changes its template in the middle of a crawl: found, held back, read again, closed."""

import json
from collections import Counter

import pytest

from pipelines.monitor.watch import close_reparsed
from pipelines.store.engine import open_database
from pipelines.store.runs import recorded_run
from pipelines.templates.trs_2016 import Trs2016
from tests.cli.test_crawl import FAST, rows, zjol
from tests.crawler.site import LIST, Site, article, listing, url
from zjol_crawler.reparsing import reparse

_BEFORE = 60


def renamed(page):
    """A page whose headline, meta line and body have other names than any template knows."""
    answer = article(page, text="渔港清晨的码头上停满了船,船队出海之前大家都在忙碌,岸上的人也没有闲着。" * 4)
    body = answer.body.decode()
    for number, name in enumerate(
        ("contTit", "contTxt", "pubtime_baidu", "source_baidu", "author_baidu", "CurrChnlCls")
    ):
        body = body.replace(name, f"a{number}")
    return answer._replace(body=body.encode())


def moved(number):
    """A page whose source stands under another name, without its label."""
    answer = article(number)
    body = answer.body.decode().replace('<span id="source_baidu">来源：浙江在线</span>', "")
    body = body.replace("</body>", '<i class="from-whom">浙江在线</i></body>')
    return answer._replace(body=body.encode())


def recoded(number):
    """A page in another charset, which it declares."""
    answer = article(number, text="渔港清晨的码头上停满了船,船队出海之前大家都在忙碌,岸上的人也没有闲着。" * 4)
    return answer._replace(body=answer.body.decode().replace('charset="utf-8"', 'charset="gbk"').encode("gb18030"))


@pytest.fixture
def crawled(tmp_path):
    """A site that three runs have read without a finding, and what crawls it."""
    with Site() as site:

        def crawl(numbers, change=article):
            first = len(numbers) // 3
            site.answers |= {
                url(number): (change if place >= first else article)(number) for place, number in enumerate(numbers)
            }
            site.answers[LIST] = listing([url(number) for number in numbers])
            folder = ("--archive", tmp_path / "warc")
            done = zjol(
                "crawl", "--start", LIST, "--db", f"sqlite:///{tmp_path / 'news.db'}", *folder, *FAST, site=site
            )
            assert done.returncode == 0, done.stderr
            return done

        for at in range(0, _BEFORE, 20):
            crawl(range(at, at + 20))
        crawl.site = site
        yield crawl


def command(crawled, tmp_path, *words):
    return zjol(*words, "--db", f"sqlite:///{tmp_path / 'news.db'}", site=crawled.site)


def test_a_moved_meta_line_is_named_held_back_and_mended_by_reparse(crawled, tmp_path, monkeypatch):
    db = tmp_path / "news.db"
    crawled(range(100, 145), moved)
    listed = command(crawled, tmp_path, "findings", "--json")
    assert listed.returncode == 1
    (finding,) = map(json.loads, listed.stdout.splitlines())
    assert (finding["subject"], finding["field"], finding["severity"]) == (
        "trs-2016 zjnews.zjol.com.cn",
        "source",
        "fatal",
    )
    assert rows(db, "select count(*) from article where source_id is null") == [(0,)]
    assert rows(db, "select count(*) from article") == [(_BEFORE + 15,)]
    assert len(command(crawled, tmp_path, "held").stdout.splitlines()) == 30
    crawled.site.forget()
    crawled(range(100, 145), moved)
    assert crawled.site.asked() == [LIST]

    unmended = command(crawled, tmp_path, "reparse", "--archive", tmp_path / "warc")
    assert "30 still held back" in unmended.stderr
    assert rows(db, "select count(*) from article") == [(_BEFORE + 15,)]

    monkeypatch.setattr(Trs2016, "source", (".from-whom", *Trs2016.source))
    engine = open_database(f"sqlite:///{db}")
    with recorded_run(engine, "reparse") as run:
        for _ in reparse(engine, tmp_path / "warc", workers=1, run=run, skipped=Counter()):
            pass
    assert [one.id for one in close_reparsed(engine)] == [finding["id"]]
    engine.dispose()
    assert rows(db, "select count(*) from article where source_id is not null") == [(_BEFORE + 45,)]
    assert command(crawled, tmp_path, "held").stdout == ""
    assert command(crawled, tmp_path, "findings").returncode == 0


def test_a_renamed_container_is_named_and_its_rows_are_released_on_request(crawled, tmp_path):
    crawled(range(100, 145), renamed)
    (finding,) = map(json.loads, command(crawled, tmp_path, "findings", "--json").stdout.splitlines())
    assert (finding["kind"], finding["field"]) == ("template", "template")
    assert "its pages were trs-2016" in finding["detail"]
    db = tmp_path / "news.db"
    assert rows(db, "select count(*) from article where template = 'fallback'") == [(0,)]
    assert command(crawled, tmp_path, "held", "release", finding["id"]).returncode == 0
    assert rows(db, "select count(*) from article where template = 'fallback'") == [(30,)]
    refused = command(crawled, tmp_path, "held", "discard", finding["id"])
    assert refused.returncode == 1
    assert "holds no records back" in refused.stderr


def test_a_new_charset_is_named_and_what_it_says_is_stored(crawled, tmp_path):
    crawled(range(100, 145), recoded)
    listed = command(crawled, tmp_path, "findings", "--json")
    (finding,) = map(json.loads, listed.stdout.splitlines())
    assert (finding["kind"], finding["subject"], finding["field"], finding["severity"]) == (
        "charset",
        "trs-2016 zjnews.zjol.com.cn",
        "encoding",
        "warning",
    )
    assert "gb18030" in finding["detail"]
    db = tmp_path / "news.db"
    assert rows(db, "select count(*) from article where encoding = 'gb18030' and byline = '记者 方砚舟'") == [(30,)]


def test_a_list_that_names_nothing_any_more_is_told(crawled, tmp_path):
    crawled([])
    listed = command(crawled, tmp_path, "findings", "--json")
    (finding,) = map(json.loads, listed.stdout.splitlines())
    assert (finding["kind"], finding["subject"]) == ("empty_list", LIST)
