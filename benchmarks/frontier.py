"""What the frontier costs a page: leases and draws over a ledger of many pages.

    python -m benchmarks.frontier [--pages N] [--database URL]

Fills a ledger with pages of eight hosts, a tenth of them due, and measures what a crawl asks of it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from pipelines.store.engine import open_database, read_transaction, write_transaction
from pipelines.store.frontier import draw, due_hosts, queue_lengths
from pipelines.store.hosts import hold_hosts, take_host
from pipelines.store.schema import PageRow
from pipelines.store.statements import table_of

_HOSTS = [f"h{number}.zjol.com.cn" for number in range(8)]
_WINDOW = 32


def _milliseconds(work: Callable[[], object], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=500_000)
    parser.add_argument("--database", help="an empty one; a new SQLite file otherwise")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(given.database or f"sqlite:///{folder}/news.db")
        now = datetime.now(UTC)
        scope = [f"http://{host}/news/" for host in _HOSTS]
        for start in range(0, given.pages, 10_000):
            rows = [
                {
                    "url": f"http://{_HOSTS[number % 8]}/news/201610/t20161001_{number}.shtml",
                    "host": _HOSTS[number % 8],
                    "state": "stored" if number % 10 else "found",
                    "attempts": 0,
                    "found_at": now,
                    "found_on": scope[number % 8],
                    "next_visit": now + timedelta(days=1) if number % 10 else now,
                }
                for number in range(start, min(start + 10_000, given.pages))
            ]
            with write_transaction(engine) as connection:
                connection.execute(insert(table_of(PageRow)), rows)

        def read(function: Callable[..., object], *arguments: object, **options: object) -> Callable[[], object]:
            def work() -> object:
                with read_transaction(engine) as connection:
                    return function(connection, *arguments, **options)

            return work

        one = _milliseconds(read(draw, _HOSTS[0], scope, now, most=_WINDOW, under_way=set()))
        take = _milliseconds(lambda: take_host(engine, _HOSTS[0], "me", now))
        hold = _milliseconds(lambda: hold_hosts(engine, _HOSTS, "me", now))
        hosts = _milliseconds(read(due_hosts, scope, now), 5)
        queues = _milliseconds(read(queue_lengths, scope, now), 5)
        print(f"{given.pages} pages, a tenth due, on {engine.dialect.name}")
        print(f"  draw {_WINDOW} pages: {one:.2f} ms, {one / _WINDOW:.3f} ms a page")
        print(f"  take a host: {take:.2f} ms; hold eight, every 20 s: {hold:.2f} ms")
        print(f"  hosts with something due: {hosts:.1f} ms; queue lengths: {queues:.1f} ms")
        engine.dispose()


if __name__ == "__main__":
    main()
