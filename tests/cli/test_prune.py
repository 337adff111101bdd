"""`zjol prune`: what later captures replace goes, what anybody may still need stays."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.test_archive import records
from tests.cli.test_demo import zjol
from zjol_crawler.archive import read_capture
from zjol_crawler.archive_pruning import prune_archive
from zjol_crawler.archive_writer import ArchiveWriter, Exchange, archive_files
from zjol_crawler.captures import Captures
from zjol_crawler.doctor.archive import check_archive
from zjol_crawler.doctor.finding import Subject

NOW = datetime.now(UTC).replace(microsecond=0)
LIST, STORY, GONE, STILL = (f"http://zjnews.zjol.com.cn/{name}.shtml" for name in ("list", "story", "gone", "still"))
HTML = (("Content-Type", "text/html"),)


def exchange(url: str, days: float, body: str, status: int = 200) -> Exchange:
    return Exchange(url, "GET", (), status, "OK", HTML, body.encode(), NOW - timedelta(days=days))


@pytest.fixture
def archive(tmp_path):
    """Three files: a year old, half a year old, of today."""
    folder = tmp_path / "archive"
    told = [
        [
            exchange(LIST, 365, "one"),
            exchange(STORY, 365, "first"),
            exchange(GONE, 365, "was"),
            exchange(STILL, 365, "s"),
        ],
        [exchange(LIST, 180, "two"), exchange(STORY, 180, "second"), exchange(GONE, 180, "404", 404)],
        [exchange(LIST, 0, "three"), exchange(STORY, 0, "second")],
    ]
    for exchanges in told:
        with ArchiveWriter(folder) as writer:
            writer._started = exchanges[0].date
            for one in exchanges:
                writer.write(one)
    return folder


def pages(folder):
    with Captures.sort(archive_files(folder), workers=1) as captures:
        found = [capture for group in captures.groups() for capture in group]
    return {capture.url: read_capture(capture).body.decode() for capture in found}


def test_what_is_replaced_goes_and_the_last_of_every_address_stays(archive):
    before = pages(archive)
    dry = zjol("prune", "--archive", archive, "--keep-days", "90", "--dry-run")
    assert "3 captures would be taken out" in dry.stderr
    assert len(records(archive)) == 3 + 2 * 9
    done = zjol("prune", "--archive", archive, "--keep-days", "90")
    assert done.returncode == 0, done.stderr
    assert [line.split(": ")[1].split(",")[0] for line in done.stdout.splitlines()] == [
        "2 captures out",
        "1 captures out",
    ]
    assert pages(archive) == before == {LIST: "three", STORY: "second", GONE: "was", STILL: "s"}
    left = [(kind, url) for kind, url in records(archive) if kind in ("response", "revisit")]
    assert sorted(left) == sorted(
        [("response", url) for url in (LIST, STORY, GONE, GONE, STILL)] + [("revisit", STORY)]
    )
    assert {finding.verdict for finding in check_archive(Subject("", archive, True, {}))} == {"ok"}
    assert "0 captures taken out" in zjol("prune", "--archive", archive).stderr
    # What the crawl goes on to write knows what was kept.
    with ArchiveWriter(archive) as writer:
        writer.write(exchange(STORY, -0.001, "second"))
    assert records(archive)[-2][0] == "revisit"


def test_a_file_of_which_nothing_is_left_goes(tmp_path):
    for days in (400, 200, 0):
        with ArchiveWriter(tmp_path) as writer:
            writer._started = NOW - timedelta(days=days)
            writer.write(exchange(LIST, days, str(days)))
    assert [one.left for one in prune_archive(tmp_path, NOW - timedelta(days=90))] == [0, 0]
    assert len(archive_files(tmp_path)) == 1


@pytest.mark.parametrize("moment", ["before the index", "after the index"])
def test_a_crash_leaves_one_file_too_many_which_the_next_pruning_removes(archive, moment):
    oldest = archive_files(archive)[0]
    kept = oldest.read_bytes()
    rows = sqlite3.connect(archive / "index.sqlite").execute("select rowid, * from capture").fetchall()
    list(prune_archive(archive, NOW - timedelta(days=90)))
    oldest.write_bytes(kept)
    if moment == "before the index":
        with sqlite3.connect(archive / "index.sqlite") as index:
            index.execute("delete from capture where file like ?", (f"{oldest.name.split('.')[0]}%",))
            mine = [row for row in rows if row[6] == oldest.name]
            index.executemany(
                "insert into capture (rowid, url, date, type, status, digest, file, offset) "
                "values (?, ?, ?, ?, ?, ?, ?, ?)",
                mine,
            )
    list(prune_archive(archive, NOW - timedelta(days=90)))
    assert {finding.verdict for finding in check_archive(Subject("", archive, True, {}))} == {"ok"}
    assert pages(archive) == {LIST: "three", STORY: "second", GONE: "was", STILL: "s"}


def test_what_cannot_be_pruned_is_one_line(archive, tmp_path):
    nothing = zjol("prune", "--archive", tmp_path / "nowhere")
    assert (nothing.returncode, len(nothing.stderr.splitlines())) == (1, 1)
    assert "there is no archive" in nothing.stderr
    path = archive_files(archive)[0]
    path.write_bytes(path.read_bytes() + b"more")
    sizes = {one: one.stat().st_size for one in archive_files(archive)}
    strange = zjol("prune", "--archive", archive)
    assert (strange.returncode, len(strange.stderr.splitlines())) == (1, 1)
    assert "zjol doctor" in strange.stderr
    assert {one: one.stat().st_size for one in archive_files(archive)} == sizes
