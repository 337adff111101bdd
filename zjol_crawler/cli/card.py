"""A record as a card to read in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipelines.record import Article, Image, Person

ROLE_NAMES = {
    "author": "作者",
    "photographer": "摄影",
    "editor": "编辑",
    "responsible_editor": "责任编辑",
    "proofreader": "校对",
    "designer": "设计",
    "videographer": "视频",
    "translator": "翻译",
    "provider": "提供",
    "planner": "策划",
}


def card(article: Article) -> RenderableType:
    """Give an article as a card: title block, facts, body with its pictures, notices."""
    parts: list[RenderableType] = []
    if article.kicker:
        parts.append(Text(article.kicker, style="dim"))
    parts.append(Text(article.headline, style="bold"))
    if article.subheadline:
        parts.append(Text(article.subheadline, style="italic"))
    parts += [Text(), _facts(article), Text()]
    if article.abstract:
        parts.append(Panel(escape(article.abstract), title="摘要", title_align="left"))
    if article.editors_note:
        parts.append(Panel(escape(article.editors_note), title="编者按", title_align="left"))
    parts += _body(article)
    if article.copyright_notice:
        parts += [Text(), Text(article.copyright_notice, style="dim")]
    return Panel(Group(*parts), title=article.article_id, subtitle=article.template, padding=(1, 2))


def _facts(article: Article) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    rows = [
        ("时间", article.date_published.replace("T", " ").removesuffix("+08:00")),
        ("来源", article.source),
        ("署名", article.byline),
        *((ROLE_NAMES[role], "、".join(names)) for role, names in _people(article).items()),
        ("位置", " > ".join(crumb.name for crumb in article.breadcrumbs) or article.section),
        ("电头", article.dateline.raw if article.dateline else None),
        ("标签", "; ".join(article.keywords)),
        ("页", f"{len(article.page_urls)} / {article.page_count}" if article.page_count > 1 else None),
        ("网址", article.url),
    ]
    for name, value in rows:
        if value:
            table.add_row(name, escape(value))
    return table


def _people(article: Article) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for person in (*article.authors, *article.photographers, *article.editors, *article.contributors):
        found.setdefault(person.role, []).append(_named(person))
    return found


def _named(person: Person) -> str:
    before = " ".join(filter(None, (person.affiliation, person.title)))
    return f"{person.name}（{before}）" if before else person.name


def _body(article: Article) -> Iterable[RenderableType]:
    for block in article.body:
        if block.image is not None:
            yield _picture(article.images[block.image])
        elif block.type == "heading":
            yield Text(f"\n{block.text}", style="bold")
        elif block.type == "list_item":
            yield Padding(Text(f"• {block.text}"), (0, 0, 0, 2))
        else:
            yield Text(block.text or "")


def _picture(image: Image) -> RenderableType:
    credit = f"（{image.credit.raw}）" if image.credit else ""
    return Padding(Text(f"▣ {image.caption or ''}{credit}\n  {image.url}", style="green"), (0, 0, 0, 2))
