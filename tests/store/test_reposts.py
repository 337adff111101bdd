"""The same text under another number is linked to the first."""

import random

import pytest
from sqlalchemy import select

from pipelines.record import Article, from_json
from pipelines.store.near_duplicates import are_near_duplicates
from pipelines.store.schema import ArticleRow
from pipelines.store.writer import write_articles
from tests.store.examples import market
from tests.store.test_search import article


def text(seed: int, length: int = 800) -> str:
    chooser = random.Random(seed)
    return "".join(chr(chooser.randrange(0x4E00, 0x9FA5)) for _ in range(length))


def links(engine) -> dict[str, str | None]:
    table = ArticleRow.__table__
    with engine.connect() as connection:
        rows = connection.execute(select(table.c.id, table.c.article_id, table.c.duplicate_of_id)).all()
    names = {row.id: row.article_id for row in rows}
    return {row.article_id: names.get(row.duplicate_of_id) for row in rows}


def edited(body: str, seed: int, share: float = 0.01) -> str:
    chooser = random.Random(seed)
    characters = list(body)
    for place in chooser.sample(range(len(body)), max(1, int(len(body) * share))):
        characters[place] = chr(chooser.randrange(0x4E00, 0x9FA5))
    return "".join(characters)


def test_a_repost_to_the_letter_is_linked_to_the_first(engine):
    write_articles(engine, [article(1, "标题", text(1)), article(2, "标题", text(1)), article(3, "别的", text(2))])
    write_articles(engine, [article(4, "标题", text(1))])
    assert links(engine) == {
        "t20170101_1": None, "t20170101_2": "t20170101_1", "t20170101_3": None, "t20170101_4": "t20170101_1"
    }  # fmt: skip


def test_near_reposts_are_linked_and_nothing_else(engine):
    originals = [article(number, f"原文{number}", text(number)) for number in range(100)]
    reposts = [article(1000 + number, f"转载{number}", edited(text(number), number)) for number in range(100)]
    write_articles(engine, originals)
    write_articles(engine, reposts)
    found = links(engine)
    right = sum(found[f"t20170101_{1000 + number}"] == f"t20170101_{number}" for number in range(100))
    assert right >= 95
    assert sum(origin is not None for origin in found.values()) == right


def test_another_closing_line_is_near(engine):
    write_articles(engine, [article(1, "甲", text(1)), article(2, "乙", text(1) + "\n（来源：浙江在线 编辑：沈若溪）")])
    assert links(engine)["t20170101_2"] == "t20170101_1"


def test_a_chain_ends_at_its_first(engine):
    steps = [text(1)]
    for seed in range(5):
        steps.append(edited(steps[-1], seed, 0.02))
    write_articles(engine, [article(number, f"第{number}版", body) for number, body in enumerate(steps)])
    assert set(links(engine).values()) <= {None, "t20170101_0"}


def test_a_correction_undoes_the_link(engine):
    write_articles(engine, [article(1, "标题", text(1)), article(2, "标题", text(1))])
    write_articles(engine, [article(2, "标题", text(2))])
    assert links(engine)["t20170101_2"] is None


def test_galleries_without_text_are_not_linked(engine):
    write_articles(engine, [article(1, "组图", ""), article(2, "组图", "")])
    assert set(links(engine).values()) == {None}


def test_no_two_fixtures_are_taken_for_one(engine, fixture_articles: list[Article]):
    distinct = list({record.article_id: record for record in fixture_articles}.values())
    write_articles(engine, distinct)
    bodies = {record.article_id: record.article_body for record in distinct}
    linked = [(one, other) for one, other in links(engine).items() if other is not None]
    assert all(bodies[one] == bodies[other] or are_near_duplicates(bodies[one], bodies[other]) for one, other in linked)
    assert len(linked) == 0


@pytest.fixture
def fixture_articles() -> list[Article]:
    from pathlib import Path

    golds = sorted((Path(__file__).parents[1] / "templates").glob("*/*.json"))
    texts = [path.read_text("utf-8") for path in golds]
    return [from_json(text) for text in texts if '"article_id"' in text and '"schema_version"' in text]


def test_there_are_fixtures(fixture_articles):
    assert len(fixture_articles) > 90
    assert market().article_id not in {record.article_id for record in fixture_articles}
