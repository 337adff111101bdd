from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.urls import UrlKind, article_id, canonical_url, is_on_site, page_url, parse_url

TRS = "https://zjnews.zjol.com.cn/zjnews/zjxw/201801/t20180118_6390001"
OLD = "http://jx.zjol.com.cn/system/2016/12/19/021400001"
PAPER = "http://zjrb.zjol.com.cn/html/2016-10/01/content_3000001.htm"


@pytest.mark.parametrize(
    ("url", "expected_id", "page", "day"),
    [
        (f"{TRS}.shtml", "t20180118_6390001", 1, "2018-01-18"),
        (f"{TRS}_1.shtml", "t20180118_6390001", 2, "2018-01-18"),
        (f"{TRS}_12.shtml?from=x#p", "t20180118_6390001", 13, "2018-01-18"),
        (f"{TRS}_ext.shtml", "t20180118_6390001", 1, "2018-01-18"),
        (f"{TRS}_ext_2.shtml", "t20180118_6390001", 3, "2018-01-18"),
        (f"{TRS}.html", "t20180118_6390001", 1, "2018-01-18"),
        ("http://js.zjol.com.cn/T20180118_6390001.SHTML", "t20180118_6390001", 1, "2018-01-18"),
        (f"{OLD}.shtml", "system/2016/12/19/021400001", 1, "2016-12-19"),
        (f"{OLD}_01.shtml", "system/2016/12/19/021400001", 2, "2016-12-19"),
        (
            "http://zjnews.zjol.com.cn/05zjnews/system/2006/05/12/006600001.shtml",
            "system/2006/05/12/006600001",
            1,
            "2006-05-12",
        ),
        (f"{PAPER}?div=-1", "zjrb/2016-10-01/3000001", 1, "2016-10-01"),
        ("https://qjwb.zjol.com.cn/paper/html/2018-02/03/content_1.html", "qjwb/2018-02-03/1", 1, "2018-02-03"),
        ("https://qjwb.thehour.cn/html/2022-02/03/content_4000001.htm", "qjwb/2022-02-03/4000001", 1, "2022-02-03"),
        ("http://a.zjol.com.cn/x/201813/t20181399_6390001.shtml", "t20181399_6390001", 1, None),
    ],
)
def test_article_addresses(url: str, expected_id: str, page: int, day: str | None) -> None:
    parts = parse_url(url)
    assert (parts.kind, parts.article_id, parts.page_number, parts.date) == (UrlKind.ARTICLE, expected_id, page, day)
    assert article_id(url) == expected_id


@pytest.mark.parametrize(
    ("url", "kind", "page"),
    [
        ("http://www.zjol.com.cn", UrlKind.LIST, 1),
        ("http://zjnews.zjol.com.cn/zjxc/index.shtml", UrlKind.LIST, 1),
        ("http://zjnews.zjol.com.cn/zjxc/index_4.shtml", UrlKind.LIST, 5),
        ("http://zjnews.zjol.com.cn/zjxc/", UrlKind.LIST, 1),
        ("http://zjrb.zjol.com.cn/html/2016-10/01/node_18.htm", UrlKind.EPAPER_INDEX, 1),
        ("http://zjrb.zjol.com.cn/html/2016-10/01/zjrbindex.htm", UrlKind.EPAPER_INDEX, 1),
        ("http://zjrb.zjol.com.cn/html/2016-10/01/", UrlKind.EPAPER_INDEX, 1),
        ("http://zjrb.zjol.com.cn/paperindex.htm", UrlKind.EPAPER_INDEX, 1),
        ("https://img.zjol.com.cn/mlf/dzw/zjxw/201801/W0.jpg", UrlKind.OFF_SITE, 1),
        ("https://tidenews.com.cn/news.html?id=3000001", UrlKind.OFF_SITE, 1),
        ("http://notzjol.com.cn/", UrlKind.OFF_SITE, 1),
        ("http://zjnews.zjol.com.cn/about/contact", UrlKind.OTHER, 1),
    ],
)
def test_other_addresses(url: str, kind: UrlKind, page: int) -> None:
    parts = parse_url(url)
    assert (parts.kind, parts.page_number, parts.article_id) == (kind, page, None)
    assert is_on_site(url) == (kind is not UrlKind.OFF_SITE)


def test_an_epaper_tells_its_paper_and_day() -> None:
    assert parse_url("http://zjrb.zjol.com.cn/html/2016-10/01/node_18.htm")[4:] == ("2016-10-01", "zjrb")
    assert parse_url(PAPER).paper == "zjrb"
    assert parse_url(f"{TRS}.shtml").paper is None


def test_an_associated_site_has_ids_but_is_off_site() -> None:
    parts = parse_url("http://www.zja.org.cn/zja/system/2017/09/21/030400001.shtml")
    assert (parts.kind, parts.article_id) == (UrlKind.OFF_SITE, "system/2017/09/21/030400001")


def test_a_strangers_trs_number_is_no_id_of_ours() -> None:
    url = "http://www.example.gov.cn/xw/201801/t20180118_6390001.html"
    assert parse_url(url).article_id is None
    assert article_id(url) == "www.example.gov.cn/xw/201801/t20180118_6390001.html"


def test_pages_told_apart_by_their_query_have_ids_of_their_own() -> None:
    one, two = (article_id(f"https://tidenews.com.cn/news.html?id={n}#top") for n in (1, 2))
    assert one == "tidenews.com.cn/news.html?id=1"
    assert one != two


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://ZJnews.Zjol.com.CN:80/a/201801/t20180118_6390001_2.shtml?x=1#y", "a/201801/t20180118_6390001.shtml"),
        ("https://zjnews.zjol.com.cn:443/a/201801/t20180118_6390001_ext.shtml", "a/201801/t20180118_6390001.shtml"),
        ("http://u:p@zjnews.zjol.com.cn./system/2016/12/19/021400001_01.shtml", "system/2016/12/19/021400001.shtml"),
        ("http://zjnews.zjol.com.cn/html/2016-10/01/content_3.htm?div=-1", "html/2016-10/01/content_3.htm"),
        ("http://zjnews.zjol.com.cn", ""),
        ("http://zjnews.zjol.com.cn/A_1.shtml", "A_1.shtml"),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical_url(url) == f"https://zjnews.zjol.com.cn/{expected}"


def test_canonical_keeps_an_unusual_port() -> None:
    assert canonical_url("http://[::1]:8080/a?b") == "https://[::1]:8080/a"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "zjnews.zjol.com.cn/x",
        "//zjnews.zjol.com.cn/x",
        "ftp://zjol.com.cn/",
        "http://",
        "http://[x/",
        "http://a:99999/",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(url: str) -> None:
    for read in (parse_url, canonical_url, article_id):
        with pytest.raises(ValueError, match="no web address") as caught:
            read(url)
        assert "\n" not in str(caught.value)
    assert not is_on_site(url)


@pytest.mark.parametrize(
    ("url", "number", "expected"),
    [
        (f"{TRS}.shtml?x=1", 1, f"{TRS}.shtml"),
        (f"{TRS}_3.shtml", 2, f"{TRS}_1.shtml"),
        (f"{TRS}_ext.shtml", 3, f"{TRS}_2.shtml"),
        (f"{OLD}.shtml", 2, f"{OLD}_01.shtml"),
        (f"{OLD}_01.shtml", 11, f"{OLD}_10.shtml"),
        ("http://zjnews.zjol.com.cn/zjxc/", 2, "http://zjnews.zjol.com.cn/zjxc/index_1.shtml"),
        ("http://zjnews.zjol.com.cn/zjxc/", 1, "http://zjnews.zjol.com.cn/zjxc/"),
        ("http://zjnews.zjol.com.cn/zjxc/index_7.html", 1, "http://zjnews.zjol.com.cn/zjxc/index.html"),
        (PAPER, 1, PAPER),
    ],
)
def test_page_addresses(url: str, number: int, expected: str) -> None:
    assert page_url(url, number) == expected


@pytest.mark.parametrize(("url", "number"), [(f"{TRS}.shtml", 0), (PAPER, 2), ("http://zjnews.zjol.com.cn/a/b", 2)])
def test_pages_that_cannot_be(url: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"page {number} of"):
        page_url(url, number)


@given(st.sampled_from([TRS, OLD]), st.integers(1, 900))
def test_page_addresses_read_back(stem: str, number: int) -> None:
    url = page_url(f"{stem}.shtml", number)
    assert parse_url(url).page_number == number
    assert canonical_url(url) == canonical_url(f"{stem}.shtml")


@given(st.text(max_size=80) | st.from_regex(r"https?://[a-zA-Z0-9.:\[\]@-]{1,20}/[a-z0-9_./?#-]{0,30}", fullmatch=True))
def test_any_text_is_read_or_refused(url: str) -> None:
    try:
        canonical = canonical_url(url)
    except ValueError:
        assert not is_on_site(url)
        return
    assert canonical_url(canonical) == canonical
    assert parse_url(canonical).kind is parse_url(url).kind
    assert article_id(url)
