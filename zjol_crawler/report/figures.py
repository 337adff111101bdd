"""The figures of a report: questions to the database whose answers stay small however many articles there are."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Engine, exists, func, select, text

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.findings import open_findings
from pipelines.store.run_records import answer_seconds
from pipelines.store.schema import ArticleRow, ChannelRow, ContributionRow, ImageRow, PersonRow
from pipelines.store.statements import table_of

Rows = list[dict[str, Any]]

_SHANGHAI = ZoneInfo("Asia/Shanghai")
# Fields of the record whose share is followed over time, with their Chinese names.
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
# More people than this are not looked at to find those on most articles.
_MOST_PEOPLE = 10_000


class Figures(NamedTuple):
    """What a report shows.

    Attributes:
        articles, people, images, revisions, held: how many there are.
        first_day, last_day: days of publication, in Shanghai; None in an empty database.
        by_day: articles a day and section, of the last days there are; small sections are 其他.
        by_month: articles a month and template.
        coverage: the share of articles with a field, by template and month.
        findings: what is amiss now.
        rejections: by reason, how many and the newest examples.
        pages: the ledger by state.
        hosts: seconds an answer takes and pages by host, the slowest first.
        contributors: who stands on most articles, in which role.
        newest: the newest articles.
        runs: the last runs.
    """

    articles: int
    people: int
    images: int
    revisions: int
    held: int
    first_day: str | None
    last_day: str | None
    by_day: Rows
    by_month: Rows
    coverage: Rows
    findings: Rows
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
            table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0
            for table in ("article", "person", "image", "revision", "held")
        }
        first, last = (
            _instant(connection.scalar(text(f"SELECT {side}(published_at) FROM article"))) for side in ("min", "max")
        )
        days = _days(connection, last) if last is not None else []
        return Figures(
            articles=counts["article"],
            people=counts["person"],
            images=counts["image"],
            revisions=counts["revision"],
            held=counts["held"],
            first_day=_day(first),
            last_day=_day(last),
            by_day=_by_day(days),
            by_month=_by_month(days),
            coverage=_coverage(days),
            findings=[finding._asdict() for finding in open_findings(connection)],
            rejections=_rejections(connection),
            pages=_rows(
                connection, "SELECT state, count(*) AS pages FROM page GROUP BY state ORDER BY pages DESC, state"
            ),
            hosts=_hosts(connection),
            contributors=_contributors(connection),
            newest=_newest(connection),
            runs=_rows(
                connection,
                f"SELECT id, command, started_at, finished_at, outcome FROM crawl_run ORDER BY id DESC LIMIT {_SHOWN}",
            ),
        )


def _days(connection: Connection, last: datetime) -> Rows:
    """Count the articles of the months shown by day, section and template, and those with each field.

    The days are put together here: no two engines know the time zone the same way, and an index finds the months.
    """
    article, channel = table_of(ArticleRow), table_of(ChannelRow)
    contribution, image = table_of(ContributionRow), table_of(ImageRow)

    def credited(listed_in: str) -> ColumnElement[bool]:
        return exists().where(contribution.c.article_id == article.c.id, contribution.c.listed_in == listed_in)

    filled = {
        "with_kicker": article.c.kicker.is_not(None),
        "with_source": article.c.source_id.is_not(None),
        "with_byline": article.c.byline.is_not(None),
        "with_authors": credited("authors"),
        "with_editors": credited("editors"),
        "with_abstract": article.c.abstract.is_not(None),
        "with_dateline": article.c.dateline_raw.is_not(None),
        "with_images": exists().where(image.c.article_id == article.c.id),
    }
    query = select(
        article.c.published_at, article.c.channel_id, article.c.template, *(filled[field] for field in FIELDS)
    ).where(article.c.published_at >= _beginning(connection, last))
    sections = {row.id: row.name for row in connection.execute(select(channel.c.id, channel.c.name))}
    found: dict[tuple[str, int | None, str], list[int]] = {}
    for published_at, section, template, *shown in connection.execution_options(yield_per=5000).execute(query):
        key = published_at.astimezone(_SHANGHAI).date().isoformat(), section, template
        counts = found.setdefault(key, [0] * (len(FIELDS) + 1))
        counts[0] += 1
        for place, is_filled in enumerate(shown, 1):
            counts[place] += bool(is_filled)
    return [
        {
            "published_on": on,
            "section": sections.get(section),
            "template": template,
            **dict(zip(("articles", *FIELDS), counts, strict=True)),
        }
        for (on, section, template), counts in sorted(found.items(), key=lambda one: str(one[0]))
    ]


def _beginning(connection: Connection, last: datetime) -> datetime:
    """Give when the first of the months shown begins: the last ones that have articles, a look at an index each."""
    published_at = table_of(ArticleRow).c.published_at
    latest: datetime | None = last
    begins = last
    for _ in range(_MONTHS):
        if latest is None:
            break
        day = latest.astimezone(_SHANGHAI)
        begins = datetime(day.year, day.month, 1, tzinfo=_SHANGHAI).astimezone(UTC)
        latest = connection.scalar(select(func.max(published_at)).where(published_at < begins))
    return begins


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    rows = connection.execute(text(query), values).mappings()
    # PostgreSQL and MariaDB give sums as decimals.
    return [{name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()} for row in rows]


def _instant(value: object) -> datetime | None:
    """Give an instant as the engines give it in plain SQL: a text, one without a zone, or one with it."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _day(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(_SHANGHAI).date().isoformat()


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
    """Give the hosts that answered the last runs, the slowest first, then the others."""
    hosts: dict[str, dict[str, Any]] = {}

    def host(name: str) -> dict[str, Any]:
        return hosts.setdefault(name, {"host": name, "seconds": None, "pages": 0, "failed": 0, "rejected": 0})

    for row in _rows(connection, "SELECT host, state, count(*) AS pages FROM page GROUP BY host, state"):
        one = host(row["host"])
        one["pages"] += row["pages"]
        if row["state"] in ("failed", "rejected"):
            one[row["state"]] += row["pages"]
    for name, seconds in answer_seconds(connection).items():
        host(name)["seconds"] = round(seconds, 2)
    order = sorted(hosts.values(), key=lambda row: (-(row["seconds"] or 0), -row["failed"], -row["pages"], row["host"]))
    return order[:_SHOWN]


def _contributors(connection: Connection) -> Rows:
    """Give who stands on most articles, by role: people are counted from an index, roles for the first of them alone.

    Nobody has more articles in one role than in all, so enough people are looked at when the last one shown has no
    fewer than the last person has in all.
    """
    contribution, person = table_of(ContributionRow), table_of(PersonRow)
    articles = func.count().label("articles")
    people = select(contribution.c.person_id, articles).group_by(contribution.c.person_id)
    most = 4 * _SHOWN
    while True:
        first = connection.execute(people.order_by(articles.desc(), contribution.c.person_id).limit(most)).all()
        keys = [row.person_id for row in first]
        roles = (
            select(person.c.name, contribution.c.role, articles)
            .join(person, person.c.id == contribution.c.person_id)
            .where(contribution.c.person_id.in_(keys))
            .group_by(person.c.name, contribution.c.role)
            .order_by(articles.desc(), person.c.name, contribution.c.role)
            .limit(_SHOWN)
        )
        found = [dict(row) for row in connection.execute(roles).mappings()]
        if (
            len(first) < most
            or most > _MOST_PEOPLE
            or (len(found) == _SHOWN and found[-1]["articles"] >= first[-1].articles)
        ):
            return found
        most *= 4


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
    """Give an instant of the database to the minute, in Shanghai."""
    moment = _instant(value)
    return "" if moment is None else moment.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")
