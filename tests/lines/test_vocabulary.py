"""The word lists as their grammars use them: each word does what its list promises."""

from __future__ import annotations

from typing import get_args

import pytest

from pipelines.lines.names import COMMON_SURNAMES, COMPOUND_SURNAMES, NOT_NAMES, has_surname, is_name, is_plain_name
from pipelines.lines.people import read_people
from pipelines.lines.vocabulary import (
    AGENCIES,
    PICTURE_LIBRARIES,
    ROLES,
    ROLES_AFTER_NAMES,
    ROLES_BEFORE_NAMES,
    TITLES_ALONE,
    is_medium,
    is_organization,
    load,
    split_agency,
)
from pipelines.record import Role

TITLES = load("titles")


@pytest.mark.parametrize("word", ROLES)
def test_role_word_labels_the_name_behind_it(word: str) -> None:
    role = ROLES[word]
    reading = read_people(f"{word}：林一舟", default_role="author")
    expected = ("author",) if role.is_default else role.roles
    assert tuple(person.role for person in reading.people) == expected
    assert bool(reading.unread) == (not expected)


@pytest.mark.parametrize("word", [word for word, role in ROLES.items() if role.position != "after" and role.roles])
def test_role_word_follows_its_name(word: str) -> None:
    reading = read_people(f"记者 林一舟/{word}")
    assert [(person.name, person.title, person.role) for person in reading.people] == [
        ("林一舟", "记者", role) for role in ROLES[word].roles
    ]


@pytest.mark.parametrize("word", sorted(ROLES_AFTER_NAMES))
def test_role_word_sticks_behind_its_name(word: str) -> None:
    assert [(person.name, person.role) for person in read_people(f"林一舟{word}").people] == [
        ("林一舟", role) for role in ROLES[word].roles
    ]


@pytest.mark.parametrize("word", sorted(word for word in ROLES_BEFORE_NAMES if len(word) > 1))
def test_role_word_sticks_before_its_name(word: str) -> None:
    assert [(person.name, person.role) for person in read_people(f"{word}林一舟").people] == [
        ("林一舟", role) for role in ROLES[word].roles
    ]


def test_every_role_of_the_record_has_a_word() -> None:
    assert {role for word in ROLES.values() for role in word.roles} == set(get_args(Role))


@pytest.mark.parametrize("base", TITLES["bases"])
@pytest.mark.parametrize("prefix", ["", "见习", "特约"])
def test_title_is_read_glued_and_apart(base: str, prefix: str) -> None:
    title = prefix + base
    for text in (f"{title} 林一舟", f"{title}林一舟", f"{title}：林一舟", f"{title}/林一舟"):
        assert [(person.name, person.title) for person in read_people(text).people] == [("林一舟", title)]


@pytest.mark.parametrize("group", TITLES["groups"])
def test_group_takes_what_stands_before_it(group: str) -> None:
    person = read_people(f"永嘉县委{group} 林一舟").people[0]
    assert (person.title, person.affiliation) == (f"永嘉县委{group}", None)


@pytest.mark.parametrize("title", sorted(TITLES_ALONE))
def test_title_alone(title: str) -> None:
    assert [(person.name, person.title) for person in read_people(f"{title} 林一舟").people] == [("林一舟", title)]


@pytest.mark.parametrize("agency", sorted(AGENCIES | PICTURE_LIBRARIES))
def test_agency_is_an_affiliation(agency: str) -> None:
    assert is_organization(agency)
    if " " not in agency:
        person = read_people(f"{agency} 林一舟 摄").people[0]
        assert (person.name, person.affiliation, person.role) == ("林一舟", agency, "photographer")


@pytest.mark.parametrize(
    "word",
    ["遂昌日报", "遂昌县融媒体中心", "遂昌电视台", "遂昌新闻网", "遂昌发布", "潮新闻·遂昌日报", "市文旅局", "药剂科"],
)
def test_organization_by_its_ending(word: str) -> None:
    assert is_organization(word)


@pytest.mark.parametrize("word", ["林一舟", "李建社", "王小科", "陈网", "欧阳若溪", "张玉台"])
def test_name_is_no_organization(word: str) -> None:
    assert not is_organization(word)


def test_medium_is_told_from_other_bodies() -> None:
    assert is_medium("遂昌日报")
    assert not is_medium("遂昌文旅局")


def test_agency_parts_from_the_name_stuck_to_it() -> None:
    assert split_agency("中新社林一舟") == ("中新社", "林一舟")
    assert split_agency("林一舟") is None


def test_surnames_open_names() -> None:
    assert all(has_surname(surname + "一") for surname in COMMON_SURNAMES)
    assert all(is_plain_name(surname + "若溪") for surname in COMPOUND_SURNAMES)
    assert not has_surname("林")


def test_words_that_look_like_names_need_a_title() -> None:
    assert not any(is_plain_name(word) for word in NOT_NAMES)
    assert is_name("江山")
    assert not is_name("林舟何田")
    assert not is_name("他说的是")
