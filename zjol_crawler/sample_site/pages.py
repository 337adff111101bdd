"""The sample site's pages: articles in the frames of their generation, lists, and the oddities of a real site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jinja2

from zjol_crawler.sample_site.articles import (
    ArticleText,
    Block,
    Channel,
    SiteFacts,
    data_directory,
    parse_pages,
    read_articles,
    read_site,
)

_FIRST_DAY = datetime(2016, 9, 20, 8, 21, 4)
_LIST_SIZE = 8
_ROBOTS = "User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n"


class Answer(NamedTuple):
    """What the server says to one address."""

    body: bytes
    content_type: str = "text/html"
    status: int = 200


class SampleArticle(NamedTuple):
    """An article as printed: the addresses of its pages, its template and charset, and its facts."""

    urls: list[str]
    template: str
    charset: str
    published: datetime
    text: ArticleText


class SamplePages(NamedTuple):
    """The whole site: what each address answers, the articles, the first pages of the lists."""

    answers: dict[str, Answer]
    articles: list[SampleArticle]
    channel_urls: list[str]


def render_site() -> SamplePages:
    """Render every page of the sample site."""
    facts = read_site()
    frames = jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_directory() / "frames"), autoescape=False, undefined=jinja2.StrictUndefined
    )
    channels = {channel.name: channel for channel in facts.channel}
    articles = [_place(number, text, channels[text.channel]) for number, text in enumerate(read_articles())]
    sidebar = [(article.text.headline, article.urls[0]) for article in articles]
    site = {"hosts": facts.hosts, "words": facts.words, "folders": facts.folders}
    answers: dict[str, Answer] = {}
    for number, article in enumerate(articles):
        # Other articles of the site, never the ones nearest by, as a real page's boxes would have.
        site["sidebar"] = [sidebar[(number * 11 + step * 5 + 3) % len(sidebar)] for step in range(20)]
        for url, page in zip(article.urls, _render(frames, article, channels[article.text.channel], site), strict=True):
            answers[url] = _encode(page, article.charset)
    for channel in facts.channel:
        own = [article for article in articles if article.text.channel == channel.name]
        site["sidebar"] = sidebar[:20]
        answers.update(_lists(frames, channel, own, site))
    answers.update(_oddities(facts, articles, answers))
    return SamplePages(answers, articles, [channel.url for channel in facts.channel])


def _place(number: int, text: ArticleText, channel: Channel) -> SampleArticle:
    """Give an article its day, template, charset and addresses, by its order."""
    published = _FIRST_DAY + timedelta(hours=19 * number, minutes=7 * number)
    template = "system-2014" if number % 2 else "trs-2016"
    charset = "gb2312" if number % 3 == 1 else "utf-8"
    parts = urlsplit(channel.url)
    pages = len(parse_pages(text.body))
    if template == "trs-2016":
        stem = f"{channel.url}{published:%Y%m}/t{published:%Y%m%d}_{1990123 + number * 413}"
        urls = [f"{stem}.shtml", *(f"{stem}_{page}.shtml" for page in range(1, pages))]
    else:
        stem = f"http://{parts.netloc}/system/{published:%Y/%m/%d}/{21319213 + number * 977:09}"
        urls = [f"{stem}.shtml", *(f"{stem}_{page:02}.shtml" for page in range(1, pages))]
    return SampleArticle(urls, template, charset, published, text)


def _render(frames: jinja2.Environment, article: SampleArticle, channel: Channel, site: dict[str, Any]) -> list[str]:
    text, published = article.text, article.published
    pages = parse_pages(text.body)
    dateline = text.dateline.replace("{day}", f"{published.month}月{published.day}日")
    picture = 0
    for page in pages:
        for block in page:
            block.text = block.text.replace("{dateline}", dateline)
            if block.kind == "picture":
                picture += 1
                _illustrate(block, article, picture)
    view = {
        **{name: getattr(text, name) for name in text.__struct_fields__},
        "urls": article.urls,
        "charset": article.charset,
        "breadcrumbs": channel.breadcrumbs,
        "printed_time": f"{published:%Y年%m月%d日 %H:%M:%S}",
        "pages": pages,
        "has_failed_include": len(text.headline) % 5 == 0,
    }
    frame = frames.get_template(f"{article.template}.html")
    return [frame.render(article=view, page=page, number=number, site=site) for number, page in enumerate(pages)]


def _illustrate(block: Block, article: SampleArticle, number: int) -> None:
    stamp = f"{article.published:%Y%m%d%H%M%S}"
    if article.template == "trs-2016":
        block.src, block.oldsrc = f"./W0{stamp}{number:05}.jpg", f"W0{stamp}{number:05}.jpg"
    else:
        block.src = f"http://img.zjol.com.cn/pic/0/07/11/20/71120{number:02}_{stamp[-6:]}.jpg"


def _lists(
    frames: jinja2.Environment, channel: Channel, articles: list[SampleArticle], site: dict[str, Any]
) -> dict[str, Answer]:
    newest = sorted(articles, key=lambda article: article.published, reverse=True)
    entries = [
        {
            # Links of lists have no scheme.
            "link": article.urls[0].removeprefix("http:"),
            "headline": article.text.headline,
            "hour": f"{article.published:%Y年%m月%d日%H时}",
        }
        for article in newest
    ]
    host = f"//{urlsplit(channel.url).netloc}"
    entries += [
        {"link": f"{host}/zjnews/201610/t20161001_199900{number}.shtml", "headline": name, "hour": "2016年10月01日08时"}
        for number, name in enumerate(("已经搬走的页面", "已经删除的新闻", "断掉的链接"))
    ]
    entries.append({"link": f"{host}/private/201610/t20161001_1999009.shtml", "headline": "内部页面", "hour": ""})
    if channel.url in articles[0].urls[0] and "/zjnews/zjxw/" in channel.url:
        entries.append({**entries[-5], "link": _under_second_channel(articles[0].urls[0]).removeprefix("http:")})
    chunks = [entries[at : at + _LIST_SIZE] for at in range(0, len(entries), _LIST_SIZE)]
    answers = {}
    for number, chunk in enumerate(chunks):
        following = f"index_{number + 1}.shtml" if number + 1 < len(chunks) else ""
        page = frames.get_template("list.html").render(channel=channel, entries=chunk, following=following, site=site)
        answers[channel.url + (f"index_{number}.shtml" if number else "")] = _encode(page, channel.charset)
    answers[channel.url + "index.shtml"] = answers[channel.url]
    return answers


def _under_second_channel(url: str) -> str:
    return url.replace("/zjnews/zjxw/", "/zjnews/ycxw/")


def _oddities(facts: SiteFacts, articles: list[SampleArticle], answered: dict[str, Answer]) -> dict[str, Answer]:
    """Give what every real site has: robots.txt, a stub that leads on, a 404 with status 200, one number twice."""
    answers: dict[str, Answer] = {}
    gone = "<html><head><title>404</title></head><body><h1>404 Not Found</h1><p>您访问的页面不存在。</p></body></html>"
    # The first article stands under a second channel too, with the same TRS number.
    first = articles[0].urls[0]
    answers[_under_second_channel(first)] = answered[first]
    for channel in facts.channel:
        home = f"http://{urlsplit(channel.url).netloc}"
        target = next(article.urls[0] for article in articles if article.text.channel == channel.name)
        stub = f'<html><head><script>window.location.replace("{target}");</script></head><body></body></html>'
        answers[f"{home}/robots.txt"] = Answer(_ROBOTS.encode(), "text/plain")
        answers[f"{home}/zjnews/201610/t20161001_1999000.shtml"] = _encode(stub, "utf-8")
        answers[f"{home}/zjnews/201610/t20161001_1999001.shtml"] = _encode(gone, "utf-8")
        answers[f"{home}/private/201610/t20161001_1999009.shtml"] = _encode(gone, "utf-8")
    return answers


def _encode(page: str, charset: str) -> Answer:
    codec = "gb18030" if charset == "gb2312" else charset
    return Answer(page.encode(codec))
