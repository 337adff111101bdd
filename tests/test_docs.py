"""The documents say what the code does."""

import re
from pathlib import Path
from typing import get_args

import msgspec

from pipelines.record import Article, Person, Reason, Role

ROOT = Path(__file__).parent.parent


def test_fields_are_documented_in_the_order_of_the_record():
    text = (ROOT / "docs" / "fields.md").read_text("utf-8")
    documented = re.findall(r"^\| `(\w+)` \|", text.partition("## Persons")[0], re.M)
    assert documented == [field.name for field in msgspec.structs.fields(Article)]


def test_roles_and_reasons_are_documented():
    text = (ROOT / "docs" / "fields.md").read_text("utf-8")
    for word in (*get_args(Role), *get_args(Reason), *(field.name for field in msgspec.structs.fields(Person))):
        assert f"`{word}`" in text or f"{word}" in re.findall(r"`\{(.*?)\}`", text)[0], word


def test_every_module_of_the_architecture_exists():
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for section, package in (("## pipelines/", "pipelines"), ("## zjol_crawler/", "zjol_crawler")):
        rows = re.findall(r"^\| (`.*?) \|", text.partition(section)[2].partition("\n## ")[0], re.M)
        for name in re.findall(r"`([\w./]+)`", " ".join(rows)):
            assert (ROOT / package / name).exists(), f"{package}/{name}"


def test_every_dependency_has_a_reason():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Dependencies")[2]
    for requirement in project["dependencies"]:
        name = re.split(r"[><=\[ ]", requirement)[0]
        assert f"| {name} |" in text, name
