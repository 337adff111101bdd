"""The views consumers ask first: what they say, and how they are made on each engine.

Views hold no data, so they are no migrations: every upgrade makes them anew.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# A list of names in order, and the day in Shanghai of a UTC instant, in each engine's own words.
_LISTS = {
    "sqlite": "(SELECT group_concat(name, '、') FROM (SELECT {name} AS name FROM {tables} ORDER BY {position}))",
    "postgresql": "(SELECT string_agg({name}, '、' ORDER BY {position}) FROM {tables})",
    "mariadb": "(SELECT group_concat({name} ORDER BY {position} SEPARATOR '、') FROM {tables})",
}
_YEARS = {
    "sqlite": "CAST(strftime('%Y', {instant}, '+8 hours') AS INTEGER)",
    "postgresql": "CAST(extract(year FROM {instant} AT TIME ZONE 'Asia/Shanghai') AS integer)",
    "mariadb": "year({instant} + INTERVAL 8 HOUR)",
}
_DAYS = {
    "sqlite": "date({instant}, '+8 hours')",
    "postgresql": "CAST({instant} AT TIME ZONE 'Asia/Shanghai' AS date)",
    "mariadb": "CAST({instant} + INTERVAL 8 HOUR AS date)",
}


def _people(listed_in: str) -> tuple[str, str, str]:
    return (
        "person.name",
        "contribution JOIN person ON person.id = contribution.person_id "
        f"WHERE contribution.article_id = article.id AND contribution.listed_in = '{listed_in}'",
        "contribution.position",
    )


_IMAGE_PEOPLE = (
    "person.name",
    "image_contribution JOIN person ON person.id = image_contribution.person_id "
    "WHERE image_contribution.image_id = image.id",
    "image_contribution.position",
)
_KEYWORDS = (
    "keyword.name",
    "article_keyword JOIN keyword ON keyword.id = article_keyword.keyword_id "
    "WHERE article_keyword.article_id = article.id",
    "article_keyword.position",
)


def _definitions(dialect: str) -> dict[str, str]:
    def names(parts: tuple[str, str, str]) -> str:
        name, tables, position = parts
        return _LISTS[dialect].format(name=name, tables=tables, position=position)

    day = _DAYS[dialect].format(instant="article.published_at")
    year = _YEARS[dialect].format(instant="article.published_at")
    return {
        "article_overview": f"""
            SELECT article.article_id, article.url, {day} AS published_on, {year} AS published_year,
                article.published_at, article.template, article.kicker, article.headline, article.subheadline,
                source.name AS source, channel.name AS section,
                {names(_people("authors"))} AS authors, {names(_people("photographers"))} AS photographers,
                {names(_people("editors"))} AS editors, {names(_KEYWORDS)} AS keywords,
                (SELECT count(*) FROM image WHERE image.article_id = article.id) AS images,
                {"char_length" if dialect != "sqlite" else "length"}(article.article_body) AS characters,
                origin.article_id AS duplicate_of, article.first_seen, article.last_changed
            FROM article
            LEFT JOIN organization AS source ON source.id = article.source_id
            LEFT JOIN channel ON channel.id = article.channel_id
            LEFT JOIN article AS origin ON origin.id = article.duplicate_of_id
        """,
        "article_person": f"""
            SELECT article.article_id, {day} AS published_on, {year} AS published_year, article.headline,
                source.name AS source, channel.name AS section, person.name, contribution.role, contribution.title,
                organization.name AS affiliation
            FROM contribution
            JOIN person ON person.id = contribution.person_id
            JOIN article ON article.id = contribution.article_id
            LEFT JOIN organization ON organization.id = contribution.affiliation_id
            LEFT JOIN organization AS source ON source.id = article.source_id
            LEFT JOIN channel ON channel.id = article.channel_id
        """,
        "contributor_overview": f"""
            SELECT person.name, contribution.role, contribution.title, organization.name AS affiliation,
                count(*) AS articles, min({day}) AS first_published_on, max({day}) AS last_published_on
            FROM contribution
            JOIN person ON person.id = contribution.person_id
            JOIN article ON article.id = contribution.article_id
            LEFT JOIN organization ON organization.id = contribution.affiliation_id
            GROUP BY person.name, contribution.role, contribution.title, organization.name
        """,
        "image_overview": f"""
            SELECT article.article_id, article.headline, {day} AS published_on, image.position, image.url,
                image.caption, image.credit_raw, {names(_IMAGE_PEOPLE)} AS people, giver.name AS giver
            FROM image
            JOIN article ON article.id = image.article_id
            LEFT JOIN organization AS giver ON giver.id = image.credit_organization_id
        """,
        "coverage_by_day": f"""
            SELECT {day} AS published_on, channel.name AS section, article.template, count(*) AS articles,
                count(article.kicker) AS with_kicker, count(article.source_id) AS with_source,
                count(article.byline) AS with_byline, count(article.abstract) AS with_abstract,
                count(article.dateline_raw) AS with_dateline,
                sum(CASE WHEN EXISTS (SELECT 1 FROM contribution WHERE contribution.article_id = article.id
                    AND contribution.listed_in = 'authors') THEN 1 ELSE 0 END) AS with_authors,
                sum(CASE WHEN EXISTS (SELECT 1 FROM contribution WHERE contribution.article_id = article.id
                    AND contribution.listed_in = 'editors') THEN 1 ELSE 0 END) AS with_editors,
                sum(CASE WHEN EXISTS (SELECT 1 FROM image WHERE image.article_id = article.id)
                    THEN 1 ELSE 0 END) AS with_images
            FROM article
            LEFT JOIN channel ON channel.id = article.channel_id
            GROUP BY {day}, channel.name, article.template
        """,
    }


# What each view says, and each of its columns; docs/database.md is drawn from this.
VIEWS: dict[str, tuple[str, dict[str, str]]] = {
    "article_overview": (
        "An article in one row, names instead of keys, lists parted by 、",
        {
            "article_id": "The site's own id",
            "url": "Where it was fetched from",
            "published_on": "Day of publication in Shanghai",
            "published_year": "Year of publication in Shanghai",
            "published_at": "Instant of publication, UTC",
            "template": "Page template that was read",
            "kicker": "引题",
            "headline": "标题",
            "subheadline": "副题",
            "source": "来源",
            "section": "Channel it stands in",
            "authors": "Names of its authors, in order",
            "photographers": "Names of those credited with its pictures as a whole",
            "editors": "Names of its editors",
            "keywords": "Its keywords",
            "images": "How many pictures it has",
            "characters": "Length of its body in characters",
            "duplicate_of": "article_id of the article it reposts; NULL for an original",
            "first_seen": "When it was first stored, UTC",
            "last_changed": "When its record last changed, UTC",
        },
    ),
    "article_person": (
        "A person credited for an article as a whole, in one role, with the article's main facts",
        {
            "article_id": "The article's own id",
            "published_on": "Day of publication in Shanghai",
            "published_year": "Year of publication in Shanghai",
            "headline": "The article's headline",
            "source": "来源",
            "section": "Channel the article stands in",
            "name": "The person",
            "role": "author, photographer, editor ...",
            "title": "Printed job word",
            "affiliation": "Printed organization",
        },
    ),
    "contributor_overview": (
        "A person in a role, with title and affiliation, and how often",
        {
            "name": "The person",
            "role": "author, photographer, editor ...",
            "title": "Printed job word",
            "affiliation": "Printed organization",
            "articles": "How many articles",
            "first_published_on": "Day of the first, in Shanghai",
            "last_published_on": "Day of the last, in Shanghai",
        },
    ),
    "image_overview": (
        "A picture in one row, with its article",
        {
            "article_id": "The article's own id",
            "headline": "The article's headline",
            "published_on": "Day of publication in Shanghai",
            "position": "Place among the article's pictures, from 0",
            "url": "Address of the picture",
            "caption": "Caption without its credit",
            "credit_raw": "Credit as printed",
            "people": "Names in the credit, parted by 、",
            "giver": "Organization in the credit, where no person is named",
        },
    ),
    "coverage_by_day": (
        "What came in on a day, in a section, by a template, and how many articles have each field",
        {
            "published_on": "Day of publication in Shanghai",
            "section": "Channel",
            "template": "Page template",
            "articles": "How many articles",
            "with_kicker": "… with a kicker",
            "with_source": "… with a source",
            "with_byline": "… with a byline",
            "with_abstract": "… with an abstract",
            "with_dateline": "… with a dateline",
            "with_authors": "… with authors",
            "with_editors": "… with editors",
            "with_images": "… with pictures",
        },
    ),
}


def create_views(connection: Connection) -> None:
    """Make all views, inside the caller's transaction."""
    for name, query in _definitions(connection.dialect.name).items():
        connection.execute(text(f"CREATE VIEW {name} AS {' '.join(query.split())}"))


def drop_views(connection: Connection) -> None:
    """Take all views away where there are any."""
    for name in VIEWS:
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
