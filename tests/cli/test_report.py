"""`zjol report`: one page that needs no network, with the same figures on every engine."""

import json
import re
import shutil
import subprocess

import pytest

from benchmarks import corpus
from pipelines.record import Rejection
from pipelines.store.engine import open_database, write_transaction
from pipelines.store.findings import FindingKey, NewFinding, add_findings
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.writer import Writer
from tests.cli.test_demo import zjol
from tests.store.conftest import empty_url, engine_name  # noqa: F401 - fixtures
from tests.store.examples import all_examples
from zjol_crawler.report.figures import read_figures

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
GONE = "http://zjnews.zjol.com.cn/zjnews/zjxw/201610/t20161001_2000009.shtml"


def fill(url: str) -> None:
    engine = open_database(url)
    run = start_run(engine, "crawl zjxw")
    writer = Writer(engine, run_id=run)
    writer.write([*all_examples(), *corpus.articles(40)])
    writer.write(
        [Rejection(url=GONE, reason="http_error", detail="503 <script>"), Rejection(url=GONE, reason="timeout")]
    )
    counts = {"stored": 43, "host/biz.zjol.com.cn/answers": 40, "host/zjnews.zjol.com.cn/answers": 10}
    waited = {"fetch": 104.0, "fetch/biz.zjol.com.cn": 100.0, "fetch/zjnews.zjol.com.cn": 4.0}
    finish_run(engine, run, RunEnd("finished", counts, seconds=waited))
    with write_transaction(engine) as connection:
        drift = NewFinding(FindingKey("coverage", "trs-2016 zjnews", "source"), "source", "fatal", "0% of 24 < 99%")
        add_findings(connection, [drift], None)
    engine.dispose()


def test_the_figures_are_the_same_on_every_engine(empty_url, tmp_path):  # noqa: F811
    fill(empty_url)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    fill(other)
    found = []
    for url in (empty_url, other):
        engine = open_database(url)
        figures = read_figures(engine)
        engine.dispose()
        assert (figures.articles, figures.first_day, figures.last_day) == (43, "2006-05-12", "2016-10-02")
        assert [row["reason"] for row in figures.rejections] == ["http_error", "timeout"]
        slowest, second = figures.hosts[:2]
        assert (slowest["host"], slowest["seconds"]) == ("biz.zjol.com.cn", 2.5)
        assert (second["host"], second["seconds"], second["failed"]) == ("zjnews.zjol.com.cn", 0.4, 1)
        assert [finding["field"] for finding in figures.findings] == ["source"]
        assert sum(row["articles"] for row in figures.by_month) == 43
        kept = figures._replace(runs=[], rejections=[], findings=[])
        found.append(json.loads(json.dumps(kept._asdict(), default=str)))
    assert json.dumps(found[0], default=str) == json.dumps(found[1], default=str)


def test_the_page_stands_alone(tmp_path):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    fill(db)
    done = zjol("report", "--db", db, "-o", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert done.stdout.strip() == str(tmp_path / "report" / "index.html")
    assert page.count("<svg") == 3
    assert not re.search(r"<script|<link|<img|@import|url\(http|src=", page)
    assert "503 &lt;script&gt;" in page
    assert "渔港醒来 “蓝色粮仓”添新船" in page
    assert "0% of 24 &lt; 99%" in page
    for words in (
        "HTTP 错误 http error",
        "责任编辑 responsible editor",
        "严重 fatal",
        "未收录的原因",
        "Rejections by reason",
    ):
        assert words in page
    assert "浙江日报记者 周以宁/摄" in page
    assert json.loads((tmp_path / "report" / "figures.json").read_text(encoding="utf-8"))["articles"] == 43


def test_an_empty_database_gives_a_page_that_says_so(tmp_path):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    open_database(db).dispose()
    assert zjol("report", "--db", db, "-o", tmp_path / "report").returncode == 0
    assert "no articles yet" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    open_database(db).dispose()
    (tmp_path / "file").write_text("")
    done = zjol("report", "--db", db, "-o", tmp_path / "file" / "report")
    assert done.returncode == 1
    assert "the report cannot be written" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("size", ["400,900", "1200,900"])
def test_in_a_browser(tmp_path, size):
    db = f"sqlite:///{tmp_path / 'news.db'}"
    fill(db)
    zjol("report", "--db", db, "-o", tmp_path)
    command = [_CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={size}"]
    shot = tmp_path / "report.png"
    page = (tmp_path / "index.html").as_uri()
    subprocess.run([*command, f"--screenshot={shot}", page], check=True, capture_output=True, timeout=60)
    assert shot.stat().st_size > 20_000
