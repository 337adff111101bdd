"""`zjol extract --engine datatrove`: the records of one process, whatever the tasks, the processes and the kills."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.record import Article, to_json
from pipelines.record_parquet import read_records
from tests.cli.test_extract import DATE, page, write_warc, zjol
from tests.crawler.site import article, little_site, url

LATER = "2026-05-01T00:00:00Z"


def second(number):
    return url(number).replace(".shtml", "_1.shtml")


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """Files that share articles: second pages, later captures, a second channel, and what gives no record."""
    folder = tmp_path_factory.mktemp("archive")
    pager = f'<div class="page"><a href="{second(19)}">2</a></div>'
    moved = url(2).replace("/zjnews/", "/ycnews/", 1)
    rest = [(address, answer.body, answer.status, "text/html", DATE) for address, answer in little_site().items()]
    texts = [article(number, text=f"第{number}号的第二页。").body for number in range(30)]
    captures = [
        [(second(19), texts[19], 200, "text/html", DATE), *(page(number) for number in range(20, 40))],
        [page(19, body=article(19, pager=pager).body), page(2), page(25, body=texts[25], date=LATER)],
        [(moved, texts[2], 200, "text/html", LATER), page(21, body=texts[21], date="2025-01-01T00:00:00Z")],
        [*rest, *(page(number) for number in range(40, 70))],
    ]
    paths = [folder / f"{number}.warc.gz" for number in range(len(captures))]
    for path, own in zip(paths, captures, strict=True):
        write_warc(path, own)
    return paths


@pytest.fixture(scope="module")
def expected(archives, tmp_path_factory):
    """What one process gives: records, rejections."""
    folder = tmp_path_factory.mktemp("expected")
    assert zjol("extract", *archives, "-o", folder / "one.jsonl", "--rejects", folder / "rejects.jsonl").returncode == 0
    return [(folder / name).read_text("utf-8").splitlines() for name in ("one.jsonl", "rejects.jsonl")]


def with_datatrove(archives, folder, *more):
    return zjol("extract", *archives, "--engine", "datatrove", "-o", folder, *more)


def results(folder):
    """The records and the rejections of a folder, in the order of its tasks."""
    found = [record for path in sorted((folder / "records").glob("*.parquet")) for record in read_records(path)]
    articles = [to_json(record) for record in found if isinstance(record, Article)]
    return [articles, [to_json(record) for record in found if not isinstance(record, Article)]]


def done_tasks(folder):
    return {path.name for path in (folder / "log" / "completions").glob("*")}


def written(folder, names):
    return {name: (folder / "records" / f"{name}.parquet").stat().st_mtime_ns for name in names}


@pytest.mark.parametrize(("tasks", "workers"), [(1, 1), (5, 2)])
def test_records_are_those_of_one_process(archives, expected, tmp_path, tasks, workers):
    done = with_datatrove(archives, tmp_path / "out", "--tasks", tasks, "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "out") == expected
    records, rejections = expected
    assert f"{len(records)} records" in done.stderr
    assert f"{tasks} of {tasks} tasks done" in done.stderr
    assert rejections
    joined = next(line for line in records if f'"url":"{url(19)}"' in line)
    assert "第19号的第二页。" in joined
    assert sum("第25号的第二页。" in line for line in records) == 1
    assert not any("第2号的第二页。" in line or "第21号的第二页。" in line for line in records)


def test_processes_of_one_machine_change_nothing(archives, expected, tmp_path):
    files = ("-o", tmp_path / "two.jsonl", "--rejects", tmp_path / "two_rejects.jsonl")
    assert zjol("extract", *archives, *files, "--workers", 3).returncode == 0
    found = [(tmp_path / name).read_text("utf-8").splitlines() for name in ("two.jsonl", "two_rejects.jsonl")]
    assert found == expected


def test_killed_and_run_again_it_does_no_finished_task_twice(archives, expected, tmp_path):
    folder = tmp_path / "out"
    options = ("--engine", "datatrove", "-o", folder, "--tasks", 16, "--workers", 2)
    command = [sys.executable, "-m", "zjol_crawler", "extract", *archives, *options]
    running = subprocess.Popen([*map(str, command)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while len(done_tasks(folder)) < 3 and time.monotonic() < deadline:
            time.sleep(0.002)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    time.sleep(0.5)
    before = done_tasks(folder)
    assert 3 <= len(before) < 16
    kept = written(folder, before)
    again = with_datatrove(archives, folder, "--workers", 2)
    assert again.returncode == 0, again.stderr
    assert len(done_tasks(folder)) == 16
    assert written(folder, before) == kept
    assert results(folder) == expected


def test_what_failed_is_named_and_done_by_the_next_run(archives, expected, tmp_path):
    folder = tmp_path / "out"
    archives = [Path(shutil.copy(path, tmp_path)) for path in archives]
    assert with_datatrove(archives, folder, "--tasks", 8, "--plan-only").returncode == 0
    hidden = archives[3].rename(tmp_path / "elsewhere")
    # As large as the file of the plan, and no archive.
    archives[3].write_bytes(b"\0" * hidden.stat().st_size)
    failed = with_datatrove(archives, folder)
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert str(archives[3]) in line
    before = done_tasks(folder)
    assert before
    kept = written(folder, before)
    hidden.rename(archives[3])
    assert with_datatrove(archives, folder).returncode == 0
    assert written(folder, before) == kept
    assert results(folder) == expected


def test_machines_that_share_a_folder_take_parts(archives, expected, tmp_path):
    folder = tmp_path / "out"
    early = with_datatrove(archives, folder, "--part", "1/2")
    assert early.returncode == 1
    assert "--plan-only" in early.stderr
    assert with_datatrove(archives, folder, "--tasks", 5, "--plan-only").returncode == 0
    for part, done in (("2/2", 3), ("1/2", 5)):
        told = with_datatrove(archives, folder, "--part", part)
        assert f"{done} of 5 tasks done" in told.stderr
    assert results(folder) == expected


def test_a_folder_of_other_work_is_refused(archives, tmp_path):
    folder = tmp_path / "out"
    assert with_datatrove(archives, folder, "--tasks", 5, "--plan-only").returncode == 0
    for told in (with_datatrove(archives[:2], folder), with_datatrove(archives, folder, "--tasks", 6)):
        assert told.returncode == 1
        (line,) = told.stderr.splitlines()
        assert str(folder) in line
    assert zjol("extract", *archives, "--engine", "datatrove").returncode == 2
    assert zjol("extract", *archives, "--tasks", 3).returncode == 2
    assert with_datatrove(archives, folder, "--part", "3/2").returncode == 2


def test_without_datatrove_one_line_says_what_to_install(archives, tmp_path):
    code = "import sys; sys.modules['datatrove'] = None; from zjol_crawler.cli import main; main()"
    command = [sys.executable, "-c", code, "extract", *archives, "--engine", "datatrove", "-o", tmp_path / "out"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["zjol: datatrove is not installed; run: pip install 'zjol-crawler[scale]'"]
