"""What a later run looks at again: what is due, conditionally, and nothing else."""

import gzip
import sqlite3

import pytest

from tests.cli.test_crawl import FAST, rows, zjol
from tests.crawler.site import HOST, LIST, Answer, Site, article, listing, url


def tagged(answer: Answer, tag: str) -> Answer:
    return answer._replace(headers=(*answer.headers, ("ETag", f'"{tag}"')))


@pytest.fixture
def site():
    answers = {url(number): tagged(article(number), f"a{number}") for number in (1, 2, 3)}
    answers[LIST] = tagged(listing(list(answers)), "list")
    with Site(answers) as running:
        yield running


@pytest.fixture
def db(tmp_path):
    return tmp_path / "news.db"


def crawl(site, db, *more):
    site.forget()
    done = zjol("crawl", "--start", LIST, "--db", f"sqlite:///{db}", *FAST, *more, site=site)
    assert done.returncode == 0, done.stderr
    return done


def make_due(db, condition="1"):
    with sqlite3.connect(db) as connection:
        connection.execute(
            f"update page set next_visit = '2001-01-01 00:00:00' where next_visit not null and {condition}"
        )


def test_a_second_run_over_an_unchanged_site_asks_for_the_list_alone_and_conditionally(site, db):
    crawl(site, db)
    assert site.conditional() == []
    crawl(site, db)
    assert site.asked() == [LIST]
    assert site.conditional() == [LIST]


@pytest.mark.parametrize("window", [("--limit", "1"), ("--until", "2016-09-01"), ("--since", "2016-10-02")])
def test_a_run_that_took_part_of_a_list_does_not_make_the_next_one_pass_over_it(site, db, window):
    first = site.answers[LIST]
    site.answers[LIST] = tagged(listing([url(1)]), "short")
    crawl(site, db)
    site.answers[LIST] = first
    crawl(site, db, *window)
    crawl(site, db)
    assert rows(db, "select count(*) from article") == [(3,)]


def test_a_stored_article_is_looked_at_four_times_more(site, db):
    crawl(site, db)
    first = rows(db, "select visited_at, next_visit, visits, etag from page where url like '%1990001%'")[0]
    assert first[2:] == (1, '"a1"')
    hours = "select round((julianday(next_visit) - julianday(visited_at)) * 24) from page where url like '%1990001%'"
    waits = [rows(db, hours)[0][0]]
    for _ in range(4):
        make_due(db)
        done = crawl(site, db)
        assert sorted(site.conditional()) == sorted([LIST, url(1), url(2), url(3)])
        assert "as they were" in done.stderr
        waits.append(rows(db, hours)[0][0])
    assert waits == [1, 23, 6 * 24, 23 * 24, None]
    assert rows(db, "select count(*) from revision") == [(0,)]
    make_due(db)
    crawl(site, db)
    assert site.asked() == [LIST]


def test_a_changed_article_becomes_a_revision(site, db):
    crawl(site, db)
    site.answers[url(2)] = tagged(article(2, text="更正后的正文。"), "b2")
    make_due(db)
    done = crawl(site, db)
    assert "changed                1" in done.stderr
    assert rows(db, "select changed_fields from revision") == [('["body","article_body"]',)]
    assert rows(db, "select etag from page where url like '%1990002%'") == [('"b2"',)]


@pytest.mark.parametrize("status", [404, 410])
def test_an_article_the_site_has_no_more_is_marked_and_kept(site, db, status):
    crawl(site, db)
    site.answers[url(3)] = Answer("没有了".encode(), status)
    make_due(db)
    done = crawl(site, db)
    assert "gone" in done.stderr
    assert rows(db, "select state, next_visit from page where url like '%1990003%'") == [("gone", None)]
    assert rows(db, "select count(*) from article") == [(3,)]
    assert rows(db, "select count(*) from rejection") == [(0,)]
    crawl(site, db)
    assert site.asked() == [LIST]


def test_what_a_redirect_led_to_is_not_fetched_again(site, db):
    old = f"{HOST}/zjnews/zjxw/201610/t20161001_1880001.shtml"
    site.answers[old] = Answer(status=301, headers=(("Location", url(1)),))
    site.answers[LIST] = listing([old])
    crawl(site, db)
    assert rows(db, "select url, state from page where state != 'list' order by 1") == [
        (old, "stored"),
        (url(1), "stored"),
    ]
    crawl(site, db)
    assert site.asked() == [LIST]


def test_what_was_found_and_not_fetched_is_fetched_although_no_list_shows_it(site, db):
    crawl(site, db, "--limit", "1")
    site.answers[LIST] = listing([url(1)])
    crawl(site, db)
    assert rows(db, "select count(*) from article") == [(3,)]


def test_a_page_that_failed_is_tried_again_when_its_time_has_come(site, db):
    answer = site.answers[url(2)]
    site.answers[url(2)] = Answer(b"broken", 500)
    crawl(site, db)
    assert rows(db, "select state, attempts from page where url like '%1990002%'") == [("failed", 1)]
    assert rows(db, "select next_visit > visited_at from page where url like '%1990002%'") == [(1,)]
    site.answers[LIST] = listing([url(1)])
    make_due(db, "state = 'failed'")
    crawl(site, db)
    assert rows(db, "select attempts from page where url like '%1990002%'") == [(2,)]
    site.answers[url(2)] = answer
    make_due(db, "state = 'failed'")
    crawl(site, db)
    assert rows(db, "select state, attempts from page where url like '%1990002%'") == [("stored", 0)]


def test_rejected_pages_are_fetched_again_on_request(site, db):
    answer = site.answers[url(2)]
    site.answers[url(2)] = Answer(b"<html><body><h1>404 Not Found</h1></body></html>")
    crawl(site, db)
    site.answers[url(2)] = answer
    crawl(site, db)
    assert rows(db, "select count(*) from article") == [(2,)]
    crawl(site, db, "--retry-rejected")
    assert rows(db, "select count(*) from article") == [(3,)]


def test_another_list_does_not_look_at_what_this_one_found(site, db):
    crawl(site, db)
    make_due(db)
    other = f"{HOST}/zjnews/ycxw/"
    site.answers[other] = listing([])
    site.forget()
    assert zjol("crawl", "--start", other, "--db", f"sqlite:///{db}", *FAST, site=site).returncode == 0
    assert site.asked() == [other]


def test_a_page_of_an_article_that_was_missed_is_fetched_at_the_next_look(site, db):
    second = url(1)[:-6] + "_1.shtml"
    pager = f'<div class="news_more_page"><a href="{url(1)}">1</a> <a href="{second}">2</a></div>'
    site.answers[url(1)] = tagged(article(1, pager=pager), "a1")
    site.answers[second] = Answer(b"broken", 500)
    crawl(site, db)
    site.answers[second] = article(1, text="这是第二页。", pager=pager)
    make_due(db, "state = 'stored'")
    crawl(site, db)
    assert second in site.asked()
    assert rows(db, "select article_body like '%第二页%' from article where article_id like '%1990001'") == [(1,)]


def test_an_article_that_leads_to_its_list_says_nothing_of_the_list(site, db):
    site.answers[url(3)] = Answer(status=302, headers=(("Location", LIST),))
    crawl(site, db)
    assert rows(db, "select state, error from page where url like '%1990003%'") == [("rejected", "not_article")]
    ((state, attempts, error, minutes),) = rows(
        db,
        "select state, attempts, error, (julianday(next_visit) - julianday(visited_at)) * 1440 from page "
        f"where url = '{LIST}'",
    )
    assert (state, attempts, error) == ("list", 0, None)
    assert minutes < 30


def test_what_failed_is_tried_again_at_its_time_although_a_list_names_it(site, db):
    site.answers[url(2)] = Answer(b"broken", 500)
    crawl(site, db)
    site.answers[LIST] = tagged(listing([url(1), url(2), url(3)]), "new")
    crawl(site, db)
    assert site.asked() == [LIST]
    site.answers[url(2)] = article(2)
    crawl(site, db, "--retry-rejected")
    assert rows(db, "select count(*) from article") == [(3,)]


def test_the_parts_of_a_site_map_come_round_by_themselves(site, db):
    index, part = f"{HOST}/sitemap.xml", f"{HOST}/sitemap_1.xml.gz"
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

    def xml(text: str, tag: str) -> Answer:
        return Answer(text.encode(), headers=(("Content-Type", "application/xml"), ("ETag", f'"{tag}"')))

    def part_of(numbers: list[int], tag: str) -> Answer:
        entries = "".join(f"<url><loc>{url(number)}</loc></url>" for number in numbers)
        body = gzip.compress(f'<?xml version="1.0"?><urlset {space}>{entries}</urlset>'.encode())
        return Answer(body, headers=(("Content-Type", "application/gzip"), ("ETag", f'"{tag}"')))

    site.answers[index] = xml(f"<sitemapindex {space}><sitemap><loc>{part}</loc></sitemap></sitemapindex>", "index")
    site.answers[part] = part_of([1, 2], "one")
    first = ("crawl", "--start", index, "--db", f"sqlite:///{db}", *FAST)
    assert zjol(*first, site=site).returncode == 0
    assert rows(db, "select count(*) from article") == [(2,)]
    site.answers[part] = part_of([1, 2, 3], "two")
    site.forget()
    assert zjol(*first, site=site).returncode == 0
    assert site.asked() == [index, part, url(3)]
    assert sorted(site.conditional()) == [index, part]
    site.forget()
    assert zjol(*first, site=site).returncode == 0
    assert site.asked() == site.conditional() == [index, part]
