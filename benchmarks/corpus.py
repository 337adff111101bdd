"""Generated articles for the benchmarks: as many as asked for, each different, all invented.

The words are those of the sample site; sentences are drawn at random, so that two articles share no text by chance, and
the same number always gives the same article.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from pipelines.record import Article, Block, Breadcrumb, Credit, Image, Person
from zjol_crawler.sample_site.articles import parse_pages, read_articles

_FIRST_DAY = datetime(2012, 1, 1, 6, 0, 0)
_SURNAMES = (
    "方陆顾沈林周金苏叶何钱孙李吴郑王冯陈褚卫蒋韩杨朱秦许吕施张孔曹严华魏陶姜戚谢邹喻柏章云葛范彭鲁韦昌马苗凤花俞任袁柳"
)
_GIVEN = "砚舟知遥闻笙溪亭青梧临安以宁若一航景行望舒明远嘉木清和书言南星北辰怀瑾思齐子衿"
_PAPERS = ["浙江在线", "浙江日报", "钱江晚报", "今日早报", "新华社", "杭州日报", "宁波日报", "温州晚报"]
_CHANNELS = [
    ("最新突发", "zjxw"),
    ("经济报道", "jjbd"),
    ("文化新闻", "whxw"),
    ("社会新闻", "shxw"),
    ("教育在线", "jyzx"),
]


@cache
def _sentences() -> list[str]:
    texts = [block.text for article in read_articles() for page in parse_pages(article.body) for block in page]
    found = {part for text in texts for part in re.findall(r"[^。]{6,}。", text) if "{" not in part}
    return sorted(found)


def article(number: int) -> Article:
    """Give the article of a number."""
    chance = random.Random(number)
    published = _FIRST_DAY + timedelta(minutes=37 * number, seconds=number % 60)
    name, folder = chance.choice(_CHANNELS)
    url = f"http://zjnews.zjol.com.cn/zjnews/{folder}/{published:%Y%m}/t{published:%Y%m%d}_{1_000_000 + number}.shtml"
    paper = chance.choice(_PAPERS)
    author = _person(chance, "记者", paper, "author")
    correspondent = _person(chance, "通讯员", None, "author")
    paragraphs = ["".join(_sentence(chance) for _ in range(chance.randint(2, 5))) for _ in range(chance.randint(5, 9))]
    images = [_image(chance, paper, number, position) for position in range(chance.randint(0, 3))]
    blocks = [Block(type="image", image=position) for position in range(len(images))]
    blocks += [Block(type="paragraph", text=text) for text in paragraphs]
    crumbs = [("浙江在线", "http://www.zjol.com.cn/"), ("浙江新闻", "http://zjnews.zjol.com.cn/"), (name, None)]
    return Article(
        url=url,
        canonical_url="https" + url[4:],
        article_id=f"t{published:%Y%m%d}_{1_000_000 + number}",
        template="trs-2016",
        encoding="utf-8",
        headline=f"{_sentence(chance)[:18]}({number})",
        date_published=f"{published.isoformat()}+08:00",
        source=paper,
        byline=f"记者 {author.name} 通讯员 {correspondent.name}",
        authors=[author, correspondent],
        editors=[_person(chance, None, None, "responsible_editor")],
        breadcrumbs=[Breadcrumb(name=crumb, url=address) for crumb, address in crumbs],
        section=name,
        body=blocks,
        article_body="\n".join(paragraphs),
        images=images,
        keywords=sorted({_sentence(chance)[:3] for _ in range(chance.randint(0, 4))}),
        page_urls=[url],
        page_count=1,
    )


def articles(count: int, first: int = 0) -> Iterator[Article]:
    """Give `count` articles from the number `first` on."""
    return map(article, range(first, first + count))


def _sentence(chance: random.Random) -> str:
    return re.sub(r"\d", lambda _: chance.choice("0123456789"), chance.choice(_sentences()))


def _person(chance: random.Random, title: str | None, affiliation: str | None, role: str) -> Person:
    name = chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, 2))
    return Person(name=name, title=title, affiliation=affiliation, role=role)  # type: ignore[arg-type]


def _image(chance: random.Random, paper: str, number: int, position: int) -> Image:
    person = _person(chance, "记者", paper, "photographer")
    return Image(
        url=f"http://img.zjol.com.cn/mlf/dzw/zjxw/{number:08}{position:02}.jpg",
        caption=_sentence(chance),
        credit=Credit(raw=f"{paper}记者 {person.name} 摄", people=[person]),
    )
