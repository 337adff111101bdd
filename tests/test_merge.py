"""The pages of one article become one record."""

import pytest

from pipelines import Article, Page, Rejection, extract_article
from tests.crawler.site import article, url


def page(number, text, *, address=None):
    pager = f'<div class="news_more_page"><a href="{url(1)}">1</a> <a href="{url(1)[:-6]}_1.shtml">2</a></div>'
    suffix = "" if number == 1 else f"_{number - 1}"
    return Page(url=address or f"{url(1)[:-6]}{suffix}.shtml", body=article(1, text=text, pager=pager).body)


def test_pages_are_merged_in_order_whatever_the_order_of_input():
    forward = extract_article([page(1, "这是开头。"), page(2, "这是结尾。")])
    backward = extract_article([page(2, "这是结尾。"), page(1, "这是开头。")])
    assert forward == backward
    assert isinstance(forward, Article)
    assert forward.article_body == "这是开头。\n这是结尾。"
    assert forward.page_count == 2


def test_a_page_met_under_two_addresses_counts_once():
    record = extract_article(
        [page(1, "这是开头。"), page(1, "这是开头。", address=url(1).replace("http:", "https:")), page(2, "这是结尾。")]
    )
    assert isinstance(record, Article)
    assert record.article_body == "这是开头。\n这是结尾。"
    assert record.page_urls == [url(1), url(1)[:-6] + "_1.shtml"]


def test_a_missing_page_shows_in_the_count():
    record = extract_article([page(1, "这是开头。")])
    assert isinstance(record, Article)
    assert (record.page_count, len(record.page_urls)) == (2, 1)


def test_a_further_page_that_cannot_be_read_is_left_out():
    broken = Page(url=url(1)[:-6] + "_1.shtml", body=b"", status=500)
    record = extract_article([page(1, "这是开头。"), broken])
    assert isinstance(record, Article)
    assert record.page_urls == [url(1)]


def test_a_first_page_that_cannot_be_read_is_the_answer():
    broken = Page(url=url(1), body=b"", status=404)
    assert extract_article([broken, page(2, "这是结尾。")]) == Rejection(url=url(1), reason="not_found")


def test_no_pages_are_no_article():
    with pytest.raises(ValueError, match="at least one"):
        extract_article([])
