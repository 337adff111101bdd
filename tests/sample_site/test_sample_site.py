"""The sample site answers like a real one, and is read exactly."""

import http.client
from collections import Counter

import pytest

from pipelines import Article, Page, extract_article
from pipelines.decode import decode
from zjol_crawler.links import listed_articles, next_list_pages
from zjol_crawler.sample_site import SampleSite
from zjol_crawler.sample_site.articles import parse_pages


@pytest.fixture(scope="module")
def site():
    with SampleSite() as running:
        yield running


def get(site, url, **headers):
    connection = http.client.HTTPConnection(site.proxy_url.removeprefix("http://"), timeout=10)
    connection.request("GET", url, headers=headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def test_it_is_a_site_of_three_channels_two_templates_and_two_charsets(site):
    assert len(site.articles) >= 40
    assert len(site.channel_urls) == 3
    assert set(Counter(article.template for article in site.articles).values()) == {21}
    assert {article.charset for article in site.articles} == {"utf-8", "gb2312"}
    assert sum(len(article.urls) > 1 for article in site.articles) >= 3


def test_pages_are_full_pages(site):
    sizes = [len(site.answer(url).body) for article in site.articles for url in article.urls]
    assert min(sizes) > 20_000
    assert max(sizes) < 60_000


def test_it_answers_for_its_hosts_and_for_no_other(site):
    url = site.articles[0].urls[0]
    status, headers, body = get(site, url)
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert get(site, url, **{"If-None-Match": headers["ETag"]})[0] == 304
    assert get(site, url.replace("t2016", "t2015"))[0] == 404
    assert get(site, "http://example.org/")[0] == 502
    assert get(site, "http://img.zjol.com.cn/pic/1.jpg")[1]["Content-Type"] == "image/gif"
    assert ("GET", url) in site.requests
    assert len(body) > 20_000


def test_every_article_is_reached_from_the_lists(site):
    from scrapy.http import HtmlResponse

    found = set()
    for start in site.channel_urls:
        url = start
        while url:
            response = HtmlResponse(url, body=site.answer(url).body, encoding=decode(site.answer(url).body).encoding)
            found |= {article.url for article in listed_articles(response)}
            url = next(iter(next_list_pages(response)), None)
    assert {article.urls[0] for article in site.articles} <= found


def test_every_article_is_read_as_it_was_written(site):
    for article in site.articles:
        record = extract_article([Page(url=url, body=site.answer(url).body) for url in article.urls])
        assert isinstance(record, Article), (article.urls[0], record)
        text = article.text
        assert record.template == article.template, record.url
        assert record.encoding == ("gb18030" if article.charset == "gb2312" else "utf-8")
        byline = text.byline.partition(" 编辑")[0]
        printed = (text.headline, text.kicker, text.subheadline, text.source, byline, text.abstract)
        read = (record.headline, record.kicker, record.subheadline, record.source, record.byline, record.abstract)
        assert tuple(value or None for value in printed) == read, record.url
        assert record.date_published == f"{article.published:%Y-%m-%dT%H:%M:%S}+08:00"
        assert bool(record.editors) == ("编" in text.editor or "编辑" in text.byline), record.url
        assert bool(record.keywords) == bool(text.tags)
        assert bool(record.dateline) == (bool(text.dateline) or "本报讯" in text.body), record.url
        assert (record.copyright_notice or "") == "\n".join(text.copyright)
        blocks = [block for page in parse_pages(text.body) for block in page]
        pictures = [block for block in blocks if block.kind == "picture"]
        assert [image.caption for image in record.images] == [picture.caption for picture in pictures], record.url
        assert [bool(image.credit) for image in record.images] == [bool(picture.credit) for picture in pictures]
        headings = [block.text for block in blocks if block.kind == "heading"]
        assert [block.text for block in record.body if block.type == "heading"] == headings, record.url
        paragraphs = [block.text for block in blocks if block.kind == "paragraph"]
        assert sum(block.type == "paragraph" for block in record.body) == len(paragraphs), record.url
        assert record.page_urls == article.urls
