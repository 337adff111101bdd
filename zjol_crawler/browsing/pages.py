"""The pages that are ours: the newest articles, the search, and an article to read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from datasette.app import Datasette
from datasette.utils.asgi import Request, Response
from markupsafe import Markup, escape
from sqlalchemy import Engine, select

from pipelines.record import Article, Person
from pipelines.store.engine import read_transaction
from pipelines.store.reader import read_article
from pipelines.store.schema import ArticleRow, RevisionRow
from pipelines.store.search.find import Hits, Snippet, search
from pipelines.store.search.query import QueryError
from pipelines.store.statements import table_of
from zjol_crawler.cli.options import shanghai_instant

_SHOWN = 50
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ROLES = {
    "author": "文",
    "photographer": "摄",
    "editor": "编辑",
    "responsible_editor": "责任编辑",
    "proofreader": "校对",
    "designer": "制图",
    "videographer": "视频",
    "translator": "翻译",
    "provider": "供图",
    "planner": "策划",
}
_article = table_of(ArticleRow)
_revision = table_of(RevisionRow)


class Pages:
    """Our pages of one site."""

    def __init__(self, site: Datasette, engine: Engine, database: str) -> None:
        """Show `engine` on `site`, whose tables stand under the name `database`."""
        self._site = site
        self._engine = engine
        self._common = {"tables": site.urls.database(database), "roles": _ROLES}

    def routes(self) -> list[tuple[str, Callable[..., Any]]]:
        """Give the addresses that are ours and what answers them."""
        return [(r"^/$", self.front), (r"^/article/(?P<article_id>.+)$", self.article)]

    async def front(self, request: Request) -> Response:
        """Answer with the newest articles, or with what was searched for."""
        given = {name: (request.args.get(name) or "").strip() for name in ("q", "since", "until", "channel", "person")}
        error, hits = None, None
        if given["q"]:
            try:
                hits = await asyncio.to_thread(self._search, given)
            except QueryError as refused:
                error = str(refused)
        view = {**self._common, "given": given, "hits": hits, "error": error, "marked": marked}
        if hits is None:
            view["newest"] = await self._newest()
        return Response.html(await self._site.render_template("zjol_front.html", view, request=request))

    async def article(self, request: Request) -> Response:
        """Answer with an article as it reads."""
        article_id = request.url_vars["article_id"]
        article = await asyncio.to_thread(read_article, self._engine, article_id)
        if article is None:
            view = {**self._common, "given": {}, "error": f"There is no article {article_id} in the database."}
            page = await self._site.render_template("zjol_front.html", view, request=request)
            return Response.html(page, status=404)
        view = {
            **self._common,
            "article": article,
            "people": people_by_role(article),
            **await asyncio.to_thread(self._history, article_id),
        }
        return Response.html(await self._site.render_template("zjol_article.html", view, request=request))

    def _search(self, given: dict[str, str]) -> Hits:
        for name in ("since", "until"):
            if given[name] and not _DAY.fullmatch(given[name]):
                raise QueryError(f"{given[name]!r} is no day; write it as 2016-10-01")
        return search(
            self._engine,
            given["q"],
            since=shanghai_instant(given["since"] or None),
            until=shanghai_instant(given["until"] or None, days=1),
            channel=given["channel"] or None,
            person=given["person"] or None,
            limit=_SHOWN,
        )

    async def _newest(self) -> list[dict[str, Any]]:
        found = await self._site.get_database(self._common["tables"].rpartition("/")[2]).execute(
            "SELECT article_id, published_on, kicker, headline, section, source, authors, images "
            "FROM article_overview ORDER BY published_at DESC, article_id LIMIT ?",
            [_SHOWN],
        )
        return [dict(row) for row in found]

    def _history(self, article_id: str) -> dict[str, Any]:
        own = _article.c.article_id == article_id
        origin = _article.alias()
        with read_transaction(self._engine) as connection:
            of = select(origin.c.article_id).join(_article, _article.c.duplicate_of_id == origin.c.id).where(own)
            told = select(_revision.c.number, _revision.c.seen_at, _revision.c.changed_fields).join(_article).where(own)
            reposts = select(_article.c.article_id).join(origin, _article.c.duplicate_of_id == origin.c.id)
            return {
                "duplicate_of": connection.scalar(of),
                "reposts": list(connection.scalars(reposts.where(origin.c.article_id == article_id))),
                "revisions": connection.execute(told.order_by(_revision.c.number)).all(),
            }


def marked(snippet: Snippet) -> Markup:
    """Give a snippet with the words found in `<mark>`."""
    shown, end = Markup(), 0
    for start, stop in snippet.matches:
        shown += escape(snippet.text[end:start]) + Markup("<mark>") + escape(snippet.text[start:stop])
        shown += Markup("</mark>")
        end = stop
    return shown + escape(snippet.text[end:])


def people_by_role(article: Article) -> list[tuple[str, list[Person]]]:
    """Give everyone credited for the article as a whole, gathered by role in the record's order."""
    gathered: dict[str, list[Person]] = {}
    for person in (*article.authors, *article.photographers, *article.editors, *article.contributors):
        gathered.setdefault(person.role, []).append(person)
    return list(gathered.items())
