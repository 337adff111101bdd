"""Articles by their addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from zjol_crawler.spiders.base import ArticlePagesSpider


class ArticleSpider(ArticlePagesSpider):
    """Fetches the articles at the given addresses, all their pages."""

    name = "article"

    def __init__(self, urls: Sequence[str] | str = (), **arguments: Any) -> None:
        super().__init__(**arguments)
        self.urls = urls.split() if isinstance(urls, str) else list(urls)

    async def start(self) -> AsyncIterator[Any]:
        """Ask for each address once."""
        for url in dict.fromkeys(self.urls):
            yield self.article_request(url)
