from __future__ import annotations

import json

import pytest

from pipelines.record import Article, from_json
from tests.templates.fixtures import (
    FOLDER,
    REJECTIONS,
    Fixture,
    corpus_digest,
    differences,
    exact_figures,
    folders,
    load_fixtures,
    load_pins,
)

FIXTURES = load_fixtures()
ARTICLES = [fixture for fixture in FIXTURES if fixture.folder != REJECTIONS]
FEWEST_PAGES = 12


def by_name(fixture: Fixture) -> str:
    return fixture.name


@pytest.mark.parametrize("fixture", FIXTURES, ids=by_name)
def test_page_gives_its_gold(fixture: Fixture) -> None:
    wrong = differences(fixture)
    if wrong:
        pytest.fail("\n".join([f"{fixture.name}: {len(wrong)} wrong", *map(str, wrong)]), pytrace=False)


@pytest.mark.parametrize("fixture", ARTICLES, ids=by_name)
def test_gold_is_a_record_that_agrees_with_itself(fixture: Fixture) -> None:
    gold = fixture.gold()
    record = from_json(json.dumps(gold))
    texts = [block.text for block in record.body if block.text is not None]
    pictures = [block.image for block in record.body if block.type == "image"]

    assert list(gold) == list(Article.__struct_fields__)
    assert gold["template"] == fixture.folder
    assert gold["article_body"] == "\n".join(texts)
    assert pictures == list(range(len(record.images)))
    assert gold["section"] == gold["breadcrumbs"][-1]["name"] if gold["breadcrumbs"] else True
    assert gold["page_urls"] == [url for _, url in fixture.pages]
    assert gold["url"] == gold["page_urls"][0]
    assert gold["page_count"] >= len(gold["page_urls"])


def test_every_template_has_enough_pages() -> None:
    counts = {folder: sum(fixture.folder == folder for fixture in FIXTURES) for folder in folders()}
    assert min(counts.values()) >= FEWEST_PAGES, counts


def test_every_file_is_in_the_index() -> None:
    known = {path for fixture in FIXTURES for path in [fixture.gold_path, *(path for path, _ in fixture.pages)]}
    found = {path for pattern in ("*/*.html", "*/*.json") for path in FOLDER.glob(pattern)}
    assert found == known


def test_pinned_figures_were_measured_on_these_pages() -> None:
    assert load_pins()["digest"] == corpus_digest(), (
        "the fixtures changed since the figures were pinned: review, then python -m tests.templates.regenerate --pin"
    )


@pytest.mark.parametrize("folder", folders())
def test_exactness_is_what_was_pinned(folder: str) -> None:
    pinned, now = load_pins()["exact"][folder], exact_figures()[folder]
    assert now["fields_exact"] >= pinned["fields_exact"], (
        f"{folder}: {now['fields_exact']} of {now['fields']} fields exact, {pinned['fields_exact']} were"
    )
    assert now == pinned, f"{folder} got better: python -m tests.templates.regenerate --pin"
