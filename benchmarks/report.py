"""What `zjol report` costs on a large database: some thousand articles written, then multiplied by SQL.

    python -m benchmarks.report [--articles N] [--keep FILE]

The copies stand on the days of twenty years. Times are wall clock, the least of three.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks import corpus
from pipelines.record import Rejection
from pipelines.store.engine import open_database
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.writer import Writer
from zjol_crawler.report import write_report

_WRITTEN = 2000
_DAYS = 20 * 365
_PUBLISHED = f"datetime('2026-03-01', '-' || abs((id * 7919 + :copy * 104729) % {_DAYS}) || ' days')"
_NEW = "id + :copy * 1000000"


def fill(path: Path, articles: int) -> None:
    """Make a database of so many articles, a page each and a rejection to every tenth."""
    engine = open_database(f"sqlite:///{path}")
    run = start_run(engine, "crawl")
    writer = Writer(engine, run_id=run)
    records = list(corpus.articles(_WRITTEN))
    for at in range(0, _WRITTEN, 200):
        writer.write(records[at : at + 200])
    writer.write(
        [
            Rejection(url=f"{record.url}?{number}", reason=("not_article", "no_date", "timeout")[number % 3])
            for number, record in enumerate(records[::10])
        ]
    )
    hosts = {"zjnews.zjol.com.cn": (812.4, 1800), "biz.zjol.com.cn": (95.1, 40), "zjrb.zjol.com.cn": (12.0, 90)}
    seconds = {f"fetch/{host}": waited for host, (waited, _) in hosts.items()}
    finish_run(
        engine, run, RunEnd("finished", {f"host/{host}/answers": n for host, (_, n) in hosts.items()}, seconds=seconds)
    )
    engine.dispose()
    copies = range(1, articles // _WRITTEN)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        columns = {
            table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            for table in ("article", "contribution", "image", "image_contribution", "page", "rejection")
        }
        changed = {
            "article": {
                "id": _NEW,
                "article_id": "article_id || '_' || :copy",
                "published_at": _PUBLISHED,
            },
            "contribution": {"article_id": "article_id + :copy * 1000000"},
            "image": {"id": _NEW, "article_id": "article_id + :copy * 1000000"},
            "image_contribution": {"image_id": "image_id + :copy * 1000000"},
            "page": {"id": _NEW, "url": "url || '_' || :copy"},
            "rejection": {"id": _NEW},
        }
        for copy in copies:
            for table, names in columns.items():
                chosen = ", ".join(changed[table].get(name, name) for name in names)
                where = f"WHERE {'id' if 'id' in names else names[0]} < 1000000"
                connection.execute(
                    f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} {where}", {"copy": copy}
                )
        connection.commit()
        connection.execute("ANALYZE")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="Use this database, and make it where it is missing.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.keep or Path(folder) / "news.db"
        if not path.exists():
            fill(path, arguments.articles)
        engine = open_database(f"sqlite:///{path}")
        times = []
        for _ in range(3):
            began = time.perf_counter()
            write_report(engine, Path(folder) / "report")
            times.append(time.perf_counter() - began)
        engine.dispose()
        size = path.stat().st_size / 1e9
        print(f"{size:.1f} GB: {min(times):.1f} s (first {times[0]:.1f} s)")


if __name__ == "__main__":
    main()
