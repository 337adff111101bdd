"""`zjol demo` end to end, and what the other commands make of its rows."""

import json
import os
import sqlite3

import pytest

from tests.cli import warm


def zjol(*arguments):
    return warm.run(arguments, environment={**os.environ, "http_proxy": "http://127.0.0.1:9"}, timeout=120)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "news.db"
    done = zjol("demo", "--db", f"sqlite:///{path}")
    assert done.returncode == 0, done.stderr
    return path, done


def test_the_demo_shows_what_landed(demo):
    path, done = demo
    assert "what landed" in done.stdout
    assert "42 article" in done.stdout
    assert "system-2014" in done.stdout
    assert "stored new            42" in done.stderr
    assert "Traceback" not in done.stderr
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from article").fetchone() == (42,)
        # The article under two channels is one row with two addresses.
        query = """select count(*) from article_url join article on article.id = article_url.article_id
            where article.article_id = ?"""
        assert connection.execute(query, ("t20160920_1990123",)).fetchone()[0] >= 2


def test_a_second_demo_stores_nothing_and_changes_nothing(demo):
    path, _ = demo
    before = zjol("export", "--db", f"sqlite:///{path}").stdout
    again = zjol("demo", "--db", f"sqlite:///{path}")
    assert again.returncode == 0
    assert "stored new             0" in again.stderr
    assert zjol("export", "--db", f"sqlite:///{path}").stdout == before


def test_the_query_of_the_readme_runs(demo):
    import re
    from pathlib import Path

    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    query = re.findall(r"^```sql\n(.*?)^```", text, re.M | re.S)[0]
    with sqlite3.connect(demo[0]) as connection:
        rows = connection.execute(query).fetchall()
    assert len(rows) == 5
    assert rows[0][2] >= 2


def test_export_gives_records_back_by_channel_and_day(demo):
    path, _ = demo
    everything = zjol("export", "--db", f"sqlite:///{path}").stdout.splitlines()
    assert len(everything) == 42
    some = zjol("export", "--db", f"sqlite:///{path}", "--channel", "浙江新闻", "--since", "2016-09-25").stdout
    records = [json.loads(line) for line in some.splitlines()]
    assert 0 < len(records) < 14
    assert all(record["date_published"] >= "2016-09-25" for record in records)
