"""docs/database.md tells the truth: its diagram is the models', its answers are the database's."""

import re

import pytest

from pipelines.record import Rejection
from pipelines.store.schema import Base
from pipelines.store.writer import write_articles
from tests.store.examples import all_examples, market
from tests.store.schema_document import DOCUMENT, ORDER, renewed

TEXT = DOCUMENT.read_text(encoding="utf-8")
QUESTIONS = re.findall(r"\n([^\n]+\?)\n\n```sql\n(.+?)```\n\n(\|.+?)(?=\n\n)", TEXT, re.S)
URL = "http://zjnews.zjol.com.cn/zjnews/"


def test_the_diagram_and_the_tables_are_those_of_the_models():
    assert set(ORDER) == set(Base.metadata.tables)
    assert renewed(TEXT) == TEXT, "stale: run python -m tests.store.schema_document"


def test_every_query_of_the_document_is_found():
    assert len(QUESTIONS) == TEXT.count("```sql") == 15


@pytest.mark.parametrize(("question", "sql", "answer"), QUESTIONS, ids=[question for question, *_ in QUESTIONS])
def test_the_answers_are_those_printed(engine, question, sql, answer):
    write_articles(engine, [market(headline="早市"), *all_examples()])
    write_articles(engine, [Rejection(url=URL, reason="not_article"), Rejection(url=f"{URL}a", reason="redirect_stub")])
    with engine.connect() as connection:
        # The text holds no parameters, so a driver must not read its per cent signs.
        result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
        rows = [list(result.keys()), *([cell(value) for value in row] for row in result)]
    header, _, *lines = answer.splitlines()
    assert rows == [[text.strip() for text in line.strip("|").split("|")] for line in (header, *lines)]


def cell(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value).replace("'", '"') if isinstance(value, list) else str(value)
