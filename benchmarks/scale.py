"""What more processes bring: the process pool and datatrove at 1 and 2 workers, beside a pool that only parses.

    pip install 'zjol-crawler[scale,benchmarks]'
    python -m benchmarks.scale [--pages N] [--workers N]... [--folder DIR] [--json]

The archive is generated (`benchmarks/archives.py`) and kept in the folder for the next time. Each line is one run of
the command, or of a pool of processes that reads the same captures and parses them with lxml, nothing more. Efficiency
is given twice: `wall` is the time of one worker over the time of so many, times their number; `cpu` is the processor
time of one worker over that of so many. The wall is that of a machine with nothing else to do: what the working
processes waited for a processor (Linux tells) is taken off. Start-up is a run over a handful of pages. Memory is the
largest sum over all processes, what they share counted once (PSS).

The last lines foretell ten million pages on more workers: planning as measured, and tasks of the durations measured
with one worker, given to whichever worker is free.
"""

from __future__ import annotations

import argparse
import hashlib
import heapq
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import psutil
from lxml import etree

from benchmarks.archives import write_archive
from pipelines.record import Article, to_json
from zjol_crawler.archive import find_captures, read_capture
from zjol_crawler.captures import Captures, Group
from zjol_crawler.processes import map_in_processes

_CHUNK = 32
_FEW = 40
_MANY = 10_000_000
_FORETOLD = (1, 2, 8, 64, 256)
ENGINES = ("bare parse", "processes", "datatrove")


class Run(NamedTuple):
    """One run: seconds by the wall less those waited for a processor, and as they were, seconds of the processor, the
    peak of memory in MB, the records' digest, the seconds of each task.
    """

    wall: float
    clock: float
    cpu: float
    memory: float
    digest: str
    tasks: tuple[float, ...]


def parse_archive(paths: Sequence[Path], workers: int) -> None:
    """Read and parse every page with a pool as the command's own."""
    with Captures.sort(paths, workers=workers) as captures:
        chunks = _chunks(captures.groups())
        for _ in map(_parse, chunks) if workers == 1 else map_in_processes(_parse, chunks, workers=workers):
            pass


def _chunks(groups: Iterator[Group]) -> Iterator[list[Group]]:
    while chunk := list(islice(groups, _CHUNK)):
        yield chunk


def _parse(chunk: list[Group]) -> None:
    for group in chunk:
        for capture in group:
            etree.fromstring(read_capture(capture).body, etree.HTMLParser())


def measure(engine: str, paths: Sequence[Path], workers: int) -> Run:
    """Run an engine in a process of its own and watch it and its children."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        own = [str(path) for path in paths]
        if engine == "bare parse":
            command = ["-m", "benchmarks.scale", "--parse", str(workers), *own]
        else:
            command = ["-m", "zjol_crawler", "extract", *own, "-o", str(output), "--workers", str(workers)]
            command += ["--engine", engine]
        begun = time.monotonic()
        running = psutil.Popen([sys.executable, *command], stderr=subprocess.PIPE)
        cpu, memory, waited = watch(running, workers)
        clock = time.monotonic() - begun
        if running.wait():
            raise SystemExit(f"{engine}: {running.stderr.read().decode()}")
        stats = sorted((output / "log" / "stats").glob("*.json"))
        tasks = tuple(json.loads(path.read_bytes())[0]["time_stats"]["total"] for path in stats)
        return Run(clock - waited, clock, cpu, memory, "" if engine == "bare parse" else digest(output), tasks)


def watch(running: psutil.Popen, workers: int) -> tuple[float, float, float]:
    """Give the processor seconds and the peak memory of a process and its children, until it ends.

    And how long the processes that work waited for a processor, shared among the workers.
    """
    seconds: dict[int, float] = {}
    waits: dict[int, float] = {}
    peak = 0.0
    while running.poll() is None:
        memory = 0
        for process in [running, *running.children(recursive=True)] if running.is_running() else []:
            try:
                times = process.cpu_times()
                seconds[process.pid] = times.user + times.system
                waits[process.pid] = int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[1]) / 1e9
                memory += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied, OSError):
                continue
        peak = max(peak, memory / 2**20)
        time.sleep(0.1)
    if workers > 1:
        # The command itself only hands out work, which others do.
        waits.pop(running.pid, None)
    return sum(seconds.values()), peak, sum(waits.values()) / workers


def digest(output: Path) -> str:
    """Give a digest of the records, in their order."""
    found = hashlib.sha256()
    if output.is_file():
        found.update(output.read_bytes())
    else:
        from pipelines.record_parquet import read_records

        for path in sorted((output / "records").glob("*.parquet")):
            for record in read_records(path):
                if isinstance(record, Article):
                    found.update(f"{to_json(record)}\n".encode())
    return found.hexdigest()


def seconds_of_planning(paths: Sequence[Path]) -> tuple[float, float]:
    """Give the processor seconds of scanning archives, done a file a worker, and of sorting, which one does."""
    begun = time.process_time()
    for path in paths:
        for _ in find_captures(path, Counter()):
            pass
    scanned = time.process_time()
    Captures.sort(paths, workers=1).close()
    return scanned - begun, time.process_time() - scanned - (scanned - begun)


def foretell(tasks: Sequence[float], planning: tuple[float, float], scale: float, files: int, workers: int) -> float:
    """Give the seconds that `scale` times the tasks take on so many workers."""
    free = [0.0] * workers
    for number in range(round(len(tasks) * scale)):
        heapq.heapreplace(free, free[0] + tasks[number % len(tasks)])
    scanning, sorting = planning
    return scale * (scanning / min(workers, files * scale) + sorting) + max(free)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--workers", type=int, action="append", help="default: 1 and 2")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "zjol-scale")
    parser.add_argument("--json", action="store_true", help="print a line of JSON a run too")
    parser.add_argument("--parse", type=int, help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parse:
        parse_archive(options.paths, options.parse)
        return
    workers = options.workers or [1, 2]
    paths = write_archive(options.folder / str(options.pages), options.pages, files=max(4, options.pages // 5_000))
    few = write_archive(options.folder / str(_FEW), _FEW, files=2)
    size = sum(path.stat().st_size for path in paths)
    with Captures.sort(paths, workers=1) as captures:
        pages = sum(map(len, captures.groups()))
        print(f"{pages} pages in {captures.articles} articles, {size / pages:.0f} bytes of archive a page")
    digests: Counter[str] = Counter()
    print(f"{'':22} {'pages/s':>8} {'ms cpu/page':>12} {'wall %':>7} {'cpu %':>6} {'start s':>8} {'memory MB':>10}")
    for engine in options.engine or ENGINES:
        one: Run | None = None
        for number in workers:
            start = measure(engine, few, number)
            run = measure(engine, paths, number)
            one = one or run
            digests[run.digest] += 1
            print(
                f"{engine:12} {number:2} workers {pages / run.wall:8.0f} {run.cpu / pages * 1000:12.2f}"
                f" {one.wall / run.wall / number * 100:7.0f} {one.cpu / run.cpu * 100:6.0f}"
                f" {start.wall:8.1f} {run.memory:10.0f}",
                flush=True,
            )
            if options.json:
                print(json.dumps({"engine": engine, "workers": number, "pages": pages, **run._asdict()}))
        if one is not None and one.tasks:
            planning = seconds_of_planning(paths)
            shown = ", ".join(f"{1e6 * seconds / pages:.0f}" for seconds in planning)
            print(f"planning, µs a page: scanning, sorting: {shown}")
            scale = _MANY / pages
            alone = foretell(one.tasks, planning, scale, len(paths), 1)
            for number in _FORETOLD:
                took = foretell(one.tasks, planning, scale, len(paths), number)
                print(f"{_MANY:,} pages on {number:4} workers: {took / 60:8.1f} min, {alone / took / number:6.1%}")
    digests.pop("", None)
    print("records are identical in every run" if len(digests) < 2 else f"RECORDS DIFFER: {digests}")
    shutil.rmtree(options.folder / str(_FEW))


if __name__ == "__main__":
    main()
