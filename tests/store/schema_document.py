"""The part of docs/database.md that is drawn from the models; run this module to write it anew.

python -m tests.store.schema_document
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Column, Table

from pipelines.store.column_types import UtcInstant
from pipelines.store.schema import Base
from pipelines.store.views import VIEWS

DOCUMENT = Path(__file__).parents[2] / "docs" / "database.md"
BEGIN = "<!-- drawn from the models: python -m tests.store.schema_document -->"
END = "<!-- end of what is drawn from the models -->"

# In the order a reader asks for them.
ORDER = (
    *("article", "article_url", "channel", "person", "organization", "keyword", "contribution"),
    *("dateline_contribution", "article_keyword", "image", "image_contribution", "revision"),
    *("page", "crawl_run", "rejection", "article_search", "article_fingerprint", "change_counter"),
)


def type_name(column: Column) -> str:
    if isinstance(column.type, UtcInstant):
        return "instant"
    return {"BIGINT": "integer", "INTEGER": "integer", "TEXT": "text", "JSON": "json", "DATE": "date"}.get(
        str(column.type), "text"
    )


def diagram(tables: list[Table]) -> Iterator[str]:
    yield "```mermaid"
    yield "erDiagram"
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            many = "o|" if key.parent.nullable else "||"
            yield f"    {key.column.table.name} {many}--o{{ {table.name} : {key.parent.name}"
    for table in tables:
        yield f"    {table.name} {{"
        for column in table.columns:
            marks = ", ".join(mark for mark, is_set in _marks(column) if is_set)
            yield f"        {type_name(column)} {column.name} {marks}".rstrip()
        yield "    }"
    yield "```"


def _marks(column: Column) -> tuple[tuple[str, bool], ...]:
    return ("PK", column.primary_key), ("FK", bool(column.foreign_keys)), ("UK", bool(column.unique))


def described(table: Table) -> Iterator[str]:
    yield f"### {table.name}"
    yield ""
    yield f"{table.comment}."
    yield ""
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in table.columns:
        null = ", or NULL" if column.nullable else ""
        yield f"| `{column.name}` | {type_name(column)}{null} | {column.comment} |"
    yield ""


def render() -> str:
    tables = [Base.metadata.tables[name] for name in ORDER]
    lines = [BEGIN, "", *diagram(tables), ""]
    for table in tables:
        lines += described(table)
    for name, (comment, columns) in VIEWS.items():
        lines += [f"### {name} (view)", "", f"{comment}.", "", "| column | meaning |", "|---|---|"]
        lines += [f"| `{column}` | {meaning} |" for column, meaning in columns.items()]
        lines.append("")
    return "\n".join([*lines, END])


def renewed(text: str) -> str:
    """The document with its drawn part as the models are now."""
    return text[: text.index(BEGIN)] + render() + text[text.index(END) + len(END) :]


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
