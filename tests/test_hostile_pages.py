"""Any bytes whatever end in a record or a rejection, in bounded time."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import Article, Page, Rejection, extract

URL = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_1990123.shtml"
FIXTURES = sorted(Path(__file__).parent.glob("templates/*/*.html"))
ARTICLE = (
    '<html><head><title>标题在此-浙江在线</title></head><body><div class="contTit"><h1>标题在此</h1></div>'
    '<div class="time"><span id="pubtime_baidu">2016-10-01 18:21</span></div>'
    '<div class="contTxt">{}</div></body></html>'
)


def read(body: bytes) -> Article | Rejection:
    # Of this process alone: what others take of a busy machine says nothing of the page.
    start = time.process_time()
    result = extract(Page(url=URL, body=body))
    assert time.process_time() - start < 2
    return result


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mutated_pages_end_in_a_record_or_a_rejection(data):
    body = data.draw(st.sampled_from(FIXTURES)).read_bytes()
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        size = data.draw(st.integers(0, 40))
        body = body[:at] + data.draw(st.binary(max_size=24)) + body[at + size :]
    assert isinstance(read(body), Article | Rejection)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_end_in_a_record_or_a_rejection(body):
    assert isinstance(read(body), Article | Rejection)


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("path", FIXTURES[::9], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_page_cut_anywhere_gives_an_answer(path, part):
    body = path.read_bytes()
    assert isinstance(read(body[: int(len(body) * part)]), Article | Rejection)


@pytest.mark.parametrize("tag", ["div", "font", "p", "table", "b", "section", "span", "ul"])
def test_a_hundred_thousand_nested_tags(tag):
    result = read(ARTICLE.format("<p>正文一段。</p>" + f"<{tag}>" * 100_000).encode())
    assert isinstance(result, Article | Rejection)


def test_elements_nested_deeper_than_the_parser_follows_are_no_record():
    result = read(ARTICLE.format("<div>" * 5000 + "正文一段。").encode())
    assert isinstance(result, Rejection)
    assert result.reason == "truncated"


def test_a_page_over_twenty_megabytes_is_too_large():
    result = read(ARTICLE.format("<p>" + "字" * 10_000_000 + "</p>").encode())
    assert isinstance(result, Rejection)
    assert result.reason == "too_large"


def test_one_enormous_paragraph_is_read():
    result = read(ARTICLE.format("<p>" + "这是一个句子。" * 100_000 + "</p>").encode())
    assert isinstance(result, Article)
    assert len(result.article_body) == 700_000


def test_many_pictures_and_lines_are_read_in_time():
    rows = "".join(
        f'<p><img src="./W02016{n:06}.jpg"></p><p align="center">图 {n} 张三 摄</p><p>一段。</p>' for n in range(2000)
    )
    result = read(ARTICLE.format(rows).encode())
    assert isinstance(result, Article)
    assert len(result.images) == 2000


def test_one_block_of_many_pictures_is_read_in_time():
    result = read(ARTICLE.format("<p>" + '<img src="./a.jpg">图一<br>' * 4000 + "</p>").encode())
    assert isinstance(result, Article)
    assert len(result.images) == 4000


@pytest.mark.parametrize(
    "item", ["<p>这是一个很长的段落，讲的是一座城市的故事。</p>", "<h1>一座城市</h1>", "<td align=center>一</td>"]
)
def test_unknown_pages_of_many_elements_are_answered_in_time(item):
    assert isinstance(read(f"<title>一座城市的故事</title>{'<div>' * 100}{item * 20_000}".encode()), Rejection)


def test_a_page_of_more_elements_than_any_article_has_is_too_large():
    result = read(ARTICLE.format("<span>一</span>" * 400_000).encode())
    assert isinstance(result, Rejection)
    assert (result.reason, result.detail) == ("too_large", "over 300,000 tags")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<",
        b"<html",
        b"\x00" * 1000,
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>]><html><body>&b;&b;</body></html>",
        b"<?xml version='1.0' encoding='utf-8'?><html><body><p>x</p></body></html>",
        b"<html><head><base href='http://[bad'></head><body><h1>x</h1><a href='http://[bad'>x</a></body></html>",
    ],
)
def test_odd_little_pages(body):
    assert isinstance(read(body), Rejection)
