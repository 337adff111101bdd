"""`zjol epaper` over real HTTP, with pages of the shape zjrb prints."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.test_crawl import FAST, rows, zjol
from tests.crawler.site import Answer, Site

PAPER = "http://zjrb.zjol.com.cn"
FIXTURE = Path(__file__).parents[1] / "templates" / "epaper" / "01-zjrb.html"


def node(pages: list[str], articles: list[str]) -> Answer:
    """A page of an issue: the list of all pages, the list of its articles, its picture's map."""
    links = "".join(f'<li><a id="pageLink" href="{page}">第0000{n}版：要闻</a></li>' for n, page in enumerate(pages, 1))
    own = "".join(f'<li><a href="{link}"><div>新闻</div></a></li>' for link in articles)
    areas = "".join(f'<area shape="polygon" href="{link}">' for link in articles)
    return Answer(
        f'<html><body><map name="PagePicMap">{areas}</map><ul class="main-ed-articlenav-list">{own}</ul>'
        f"<ul>{links}</ul></body></html>".encode()
    )


def issue(day: str, numbers: list[int], index: str) -> dict[str, Answer]:
    """An issue of two pages, and its index, which leads to the first by a meta refresh."""
    folder = f"{PAPER}/html/{day[:7]}/{day[8:]}/"
    half = len(numbers) // 2
    names = [f"content_{number}.htm?div=-1" for number in numbers]
    pages = ["node_18.htm", "node_19.htm"]
    text = FIXTURE.read_text(encoding="utf-8").replace("2016-10/01", f"{day[:7]}/{day[8:]}")
    answers = {folder + name: Answer(text.encode()) for name in names}
    answers[folder + "node_18.htm"] = node(pages, names[:half])
    answers[folder + "node_19.htm"] = node(pages, names[half:])
    refresh = '<html><head><meta http-equiv="refresh" content="0; url=node_18.htm"></head></html>'
    answers[folder + index] = Answer(refresh.encode())
    return answers


@pytest.fixture
def site():
    answers = issue("2016-10-01", [3007921, 3007922, 3007923], "zjrbindex.htm")
    answers |= issue("2016-10-03", [3007931, 3007932], "paperindex.htm")
    with Site(answers) as running:
        yield running


def test_the_issue_of_a_day(site, tmp_path):
    db = tmp_path / "news.db"
    done = zjol("epaper", "zjrb", "--date", "2016-10-01", "--db", f"sqlite:///{db}", *FAST, site=site)
    assert done.returncode == 0, done.stderr
    assert rows(db, "select article_id, template from article order by 1") == [
        (f"zjrb/2016-10-01/{number}", "epaper") for number in (3007921, 3007922, 3007923)
    ]
    site.requests.clear()
    again = zjol("epaper", "zjrb", "--date", "2016-10-01", "--db", f"sqlite:///{db}", *FAST, site=site)
    assert again.returncode == 0, again.stderr
    assert not [asked for asked in site.asked() if "content_" in asked]


def test_a_window_of_days_with_a_missing_one(site, tmp_path):
    db = tmp_path / "news.db"
    days = ("--since", "2016-10-01", "--until", "2016-10-03")
    done = zjol("epaper", "zjrb", *days, "--db", f"sqlite:///{db}", "--archive", tmp_path / "warc", *FAST, site=site)
    assert done.returncode == 0, done.stderr
    assert rows(db, "select count(*) from article") == [(5,)]
    assert rows(db, "select url, reason, detail from rejection") == [
        (f"{PAPER}/html/2016-10/02/", "not_found", "no issue of this day was found")
    ]
    assert list((tmp_path / "warc").glob("*.warc.gz"))


def test_a_day_without_an_issue_alone_is_a_failure(site, tmp_path):
    done = zjol("epaper", "zjrb", "--date", "2016-10-02", "--db", f"sqlite:///{tmp_path / 'n.db'}", *FAST, site=site)
    assert done.returncode == 1
    assert "no issue of this day was found" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nonsense",), "zjrb"),
        (("zjrb", "--date", "2016-10-01", "--since", "2016-10-01"), "not both"),
        (("zjrb", "--since", "2016-10-03", "--until", "2016-10-01"), "before --since"),
        (("zjrb", "--until", "2016-10-01"), "wants --since"),
        (("zjrb", "--date", "yesterday"), "2016-10-01"),
    ],
)
def test_wrong_usage_is_told(site, arguments, words):
    done = zjol("epaper", *arguments, site=site)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_page_of_an_issue_that_failed_is_read_by_the_next_run_of_another_day(site, tmp_path):
    db = tmp_path / "news.db"
    missing = f"{PAPER}/html/2016-10/01/node_19.htm"
    answer = site.answers[missing]
    site.answers[missing] = Answer(b"broken", 500)
    crawl = ("epaper", "zjrb", "--db", f"sqlite:///{db}", *FAST, "--date")
    assert zjol(*crawl, "2016-10-01", site=site).returncode == 0
    assert rows(db, "select count(*) from article") == [(1,)]
    assert rows(db, "select state, attempts from page where url like '%node_19%'") == [("list", 1)]
    site.answers[missing] = answer
    with sqlite3.connect(db) as connection:
        connection.execute("update page set next_visit = '2001-01-01 00:00:00' where next_visit is not null")
    assert zjol(*crawl, "2016-10-03", site=site).returncode == 0
    assert rows(db, "select count(*) from article") == [(5,)]
