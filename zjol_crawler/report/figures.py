"""The figures of a report: questions to the database whose answers stay small however many articles there are."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text

from pipelines.store.engine import read_transaction, store_errors

Rows = list[dict[str, Any]]

# Fields of the record whose share is followed over time, as `coverage_by_day` counts them, with their Chinese names.
FIELDS = {
    "with_kicker": "引题 kicker",
    "with_source": "来源 source",
    "with_byline": "作者 byline",
    "with_authors": "记者 authors",
    "with_editors": "编辑 editors",
    "with_abstract": "摘要 abstract",
    "with_dateline": "电头 dateline",
    "with_images": "图片 images",
}
_DAYS = 60
_SECTIONS = 8
_MONTHS = 24
_SHOWN = 15
_EXAMPLES = 5


class Figures(NamedTuple):
    """What a report shows.

    Attributes:
        articles, people, images, revisions: how many there are.
        first_day, last_day: days of publication, in Shanghai; None in an empty database.
        by_day: articles a day and section, of the last days there are; small sections are 其他.
        by_month: articles a month and template.
        coverage: the share of articles with a field, by template and month.
        rejections: by reason, how many and the newest examples.
        pages: the ledger by state.
        hosts: pages by host, those that failed among them, the most failures first.
        contributors: who stands on most articles, in which role.
        newest: the newest articles.
        runs: the last runs.
    """

    articles: int
    people: int
    images: int
    revisions: int
    first_day: str | None
    last_day: str | None
    by_day: Rows
    by_month: Rows
    coverage: Rows
    rejections: Rows
    pages: Rows
    hosts: Rows
    contributors: Rows
    newest: Rows
    runs: Rows


def read_figures(engine: Engine) -> Figures:
    """Ask the database for a report's figures, all of one state of it.

    Raises:
        StoreError: the database cannot be read.
    """
    with store_errors(engine), read_transaction(engine) as connection:
        counts = {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("article", "person", "image", "revision")
        }
        span = _rows(connection, "SELECT min(published_on) AS first, max(published_on) AS last FROM article_overview")
        days = _rows(
            connection,
            "SELECT published_on, section, template, sum(articles) AS articles, "
            + ", ".join(f"sum({field}) AS {field}" for field in FIELDS)
            + " FROM coverage_by_day GROUP BY published_on, section, template",
        )
        return Figures(
            articles=counts["article"] or 0,
            people=counts["person"] or 0,
            images=counts["image"] or 0,
            revisions=counts["revision"] or 0,
            first_day=_day(span[0]["first"]),
            last_day=_day(span[0]["last"]),
            by_day=_by_day(days),
            by_month=_by_month(days),
            coverage=_coverage(days),
            rejections=_rejections(connection),
            pages=_rows(
                connection, "SELECT state, count(*) AS pages FROM page GROUP BY state ORDER BY pages DESC, state"
            ),
            hosts=_hosts(connection),
            contributors=_rows(
                connection,
                "SELECT name, role, sum(articles) AS articles FROM contributor_overview "
                f"GROUP BY name, role ORDER BY articles DESC, name, role LIMIT {_SHOWN}",
            ),
            newest=_newest(connection),
            runs=_rows(
                connection,
                f"SELECT id, command, started_at, finished_at, outcome FROM crawl_run ORDER BY id DESC LIMIT {_SHOWN}",
            ),
        )


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    rows = connection.execute(text(query), values).mappings()
    # PostgreSQL and MariaDB give sums as decimals.
    return [{name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows]


def _day(value: object) -> str | None:
    return None if value is None else str(value)[:10]


def _by_day(days: Rows) -> Rows:
    kept = sorted({str(row["published_on"]) for row in days})[-_DAYS:]
    if not kept:
        return []
    totals: dict[str, int] = {}
    for row in days:
        if str(row["published_on"]) >= kept[0]:
            name = row["section"] or "其他"
            totals[name] = totals.get(name, 0) + int(row["articles"])
    largest = set(sorted(totals, key=lambda name: (-totals[name], name))[:_SECTIONS])
    found: dict[tuple[str, str], int] = {}
    for row in days:
        day = str(row["published_on"])
        if day >= kept[0]:
            name = row["section"] if row["section"] in largest else "其他"
            found[day, name] = found.get((day, name), 0) + int(row["articles"])
    return [{"day": day, "section": name, "articles": count} for (day, name), count in sorted(found.items())]


def _by_month(days: Rows) -> Rows:
    found: dict[tuple[str, str], int] = {}
    for row in days:
        key = str(row["published_on"])[:7], row["template"]
        found[key] = found.get(key, 0) + int(row["articles"])
    months = sorted({month for month, _ in found})[-_MONTHS:]
    return [
        {"month": month, "template": template, "articles": count}
        for (month, template), count in sorted(found.items())
        if month in months
    ]


def _coverage(days: Rows) -> Rows:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in days:
        found = counts.setdefault((row["template"], str(row["published_on"])[:7]), dict.fromkeys(FIELDS, 0))
        found["articles"] = found.get("articles", 0) + int(row["articles"])
        for field in FIELDS:
            found[field] += int(row[field])
    months = sorted({month for _, month in counts})[-_MONTHS:]
    return [
        {
            "template": template,
            "month": month,
            "field": label,
            "share": found[field] / found["articles"],
            "articles": found["articles"],
        }
        for (template, month), found in sorted(counts.items())
        if month in months
        for field, label in FIELDS.items()
    ]


def _rejections(connection: Connection) -> Rows:
    reasons = _rows(
        connection,
        "SELECT reason, count(*) AS pages, max(seen_at) AS last FROM rejection "
        "GROUP BY reason ORDER BY pages DESC, reason",
    )
    for row in reasons:
        row["examples"] = _rows(
            connection,
            f"SELECT url, detail FROM rejection WHERE reason = :reason ORDER BY id DESC LIMIT {_EXAMPLES}",
            reason=row["reason"],
        )
    return reasons


def _hosts(connection: Connection) -> Rows:
    """Count pages by host in here: no two engines cut an address the same way."""
    hosts: dict[str, dict[str, Any]] = {}
    for url, state in connection.execution_options(yield_per=5000).execute(text("SELECT url, state FROM page")):
        host = url.partition("://")[2].partition("/")[0]
        row = hosts.setdefault(host, {"host": host, "pages": 0, "failed": 0, "rejected": 0})
        row["pages"] += 1
        if state in ("failed", "rejected"):
            row[state] += 1
    return sorted(hosts.values(), key=lambda row: (-row["failed"], -row["pages"], row["host"]))[:_SHOWN]


def _newest(connection: Connection) -> Rows:
    newest = _rows(
        connection,
        "SELECT article_id, url, published_on, kicker, headline, section, source, authors FROM article_overview "
        f"ORDER BY published_at DESC, article_id LIMIT {_SHOWN}",
    )
    for row in newest:
        row["pictures"] = _rows(
            connection,
            "SELECT caption, credit_raw FROM image_overview WHERE article_id = :article_id ORDER BY position",
            article_id=row["article_id"],
        )
    return newest


def shown_instant(value: object) -> str:
    """Give an instant of the database to the minute."""
    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value or "")[:16]
