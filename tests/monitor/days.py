"""Days of a site for the monitor's tests: each with its own volume and mix, all from invented articles."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec

from benchmarks import corpus
from pipelines.record import Article, Rejection

_HOSTS = ("zjnews.zjol.com.cn", "china.zjol.com.cn", "biz.zjol.com.cn")
_SHARES = {"kicker": 0.3, "keywords": 0.8, "subheadline": 0.1, "abstract": 0.15, "images": 0.7, "byline": 0.9}
_REFUSED = 0.03


def day(number: int, chance: random.Random) -> Iterator[Article | Rejection]:
    """Give a day's records: between a handful and some hundred, fields filled as often as that day has it."""
    volume = int(chance.lognormvariate(3.6, 0.8)) + 3
    shares = {field: min(1.0, max(0.0, chance.gauss(share, 0.05))) for field, share in _SHARES.items()}
    weights = [chance.uniform(0.5, 3) for _ in _HOSTS]
    for place in range(volume):
        article = corpus.article(number * 1000 + place)
        host = chance.choices(_HOSTS, weights)[0]
        if chance.random() < _REFUSED:
            yield Rejection(url=f"http://{host}/{place}.shtml", reason="not_article")
            continue
        lacking = {
            field: [] if field in ("keywords", "images") else None
            for field, share in shares.items()
            if chance.random() > share
        }
        filled = {"kicker": "海岛一日", "subheadline": "十二个小时", "abstract": "渔港醒来。"}
        url = article.url.replace(_HOSTS[0], host)
        yield msgspec.structs.replace(article, url=url, **{**filled, **lacking})
