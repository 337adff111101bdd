"""`zjol serve`: what a browser gets."""

import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from pipelines.store.engine import open_database
from pipelines.store.writer import write_articles
from tests.store.examples import all_examples, harbour

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_COMMAND = [sys.executable, "-c", "from zjol_crawler.cli import main; main()", "serve"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('serve') / 'articles.db'}"
    engine = open_database(url)
    write_articles(engine, all_examples())
    write_articles(engine, [harbour(keywords=["渔港"])])
    engine.dispose()
    server = subprocess.Popen([*_COMMAND, "--db", url, "--port", "0"], stderr=subprocess.PIPE, text=True)
    found = re.search(r"http://127\.0\.0\.1:\d+/", server.stderr.readline())
    assert found
    yield found[0]
    server.send_signal(signal.SIGINT)
    server.wait(20)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_the_front_page_lists_the_newest_first(address):
    status, page = get(address)
    assert status == 200
    assert page.index("丰收节里看丰收") < page.index("渔港醒来") < page.index("早市搬家")


def test_words_are_searched_for_and_marked(address):
    _, page = get(f"{address}?q={quote('码头')}")
    assert "<mark>码头</mark>" in page
    assert "早市搬家" not in page
    _, page = get(f"{address}?q={quote('渔港')}&until=2015-01-01")
    assert "0 篇" in page
    assert "is no day" in get(f"{address}?q=x&since=yesterday")[1]


def test_an_article_reads_with_its_pictures_and_people(address):
    status, page = get(f"{address}article/t20161001_2000001")
    assert status == 200
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    for part in (
        "海岛一日(二)",
        "渔港醒来 “蓝色粮仓”添新船",
        "清晨的渔港。 浙江日报记者 周以宁/摄",
        "古丽·买买提",
        "修订 1",
    ):
        assert part in text
    status, page = get(f"{address}article/t20990101_1")
    assert status == 404
    assert "There is no article t20990101_1" in page


def test_tables_have_facets_and_lead_to_articles(address):
    _, page = get(f"{address}articles/article_person")
    for facet in ("name", "role", "section", "published_year", "source"):
        assert f'data-column="{facet}"' in page
    assert '<a href="/article/t20161001_2000001">' in page
    assert "A person credited for an article as a whole" in page


def test_nothing_can_be_written(address):
    status, page = get(f"{address}articles?sql={quote('delete from article')}")
    assert status == 400
    assert "must be a SELECT" in page


@pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium is installed")
def test_in_a_browser(address, tmp_path):
    shot = tmp_path / "article.png"
    command = [
        _CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=400,900",
        f"--screenshot={shot}",
    ]
    page = f"{address}article/t20161001_2000001"
    subprocess.run([*command, page], check=True, capture_output=True, timeout=60)
    assert shot.stat().st_size > 10_000
    dump = [_CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=400,900", "--dump-dom", page]
    dom = subprocess.run(dump, check=True, capture_output=True, timeout=60, text=True).stdout
    assert dom.count("<figure>") == 3


def test_what_cannot_be_shown_is_refused_in_one_line(tmp_path):
    for db, words in (
        ("postgresql+psycopg://someone@127.0.0.1/x", "only a SQLite file can be shown"),
        (f"sqlite:///{tmp_path / 'none.db'}", "there is no database yet"),
        ("nonsense", "not a database URL"),
    ):
        run = subprocess.run([*_COMMAND, "--db", db], capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == 1
        assert words in run.stderr
        assert run.stderr.count("\n") == 1
