"""Archives → records on many machines: a plan on disk, and datatrove, which runs its tasks and knows which are done.

The folder holds `plan.db` (which captures make up which article), `records/00000.parquet` and so on, a file a task, and
`log/`, which is datatrove's: `completions/` has a file for each task done. Tasks are ranges of articles in input order,
so that the files in order of their names hold what one process would have written. Any of datatrove's executors may
run `pipeline(folder)`; `docs/scale.md` shows Slurm and Ray.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep

from pipelines.record import Article, Rejection
from pipelines.record_parquet import write_records
from pipelines.store.runs import parser_version
from pipelines.unread import unread_pieces
from zjol_crawler.captures import Captures
from zjol_crawler.extraction import read_group
from zjol_crawler.processes import map_in_processes

_ARTICLES_A_TASK = 2_000


class PlanError(Exception):
    """A folder holds the tasks of other work; the message names it and the remedy."""


class ExtractArticles(PipelineStep):  # type: ignore[misc]  # datatrove has no types
    """One step of a datatrove pipeline: reads the articles of a task from their archives and writes their records.

    datatrove's own WarcReader gives decoded text and drops what it cannot decode; this reads bytes.
    """

    name = "zjol extract"
    type = "READER"

    def __init__(self, folder: str) -> None:
        """Make the step; `folder` is one that `plan` made."""
        super().__init__()
        self.folder = folder

    def run(self, data: Any, rank: int = 0, world_size: int = 1) -> Iterator[Any]:
        """Read and write the articles of task `rank`; nothing is passed on."""
        folder = Path(self.folder)
        if world_size != task_count(folder):
            raise PlanError(f"{folder}: planned for {task_count(folder)} tasks, run with {world_size}")
        with Captures.open(folder / "plan.db") as captures, self.track_time(unit="task"):
            first, last = (captures.articles * number // world_size for number in (rank, rank + 1))
            records = map(read_group, captures.groups(first, last))
            write_records(folder / "records" / f"{rank:05}.parquet", self._counted(records))
        yield from ()

    def _counted(self, records: Iterable[Article | Rejection]) -> Iterator[Article | Rejection]:
        for record in records:
            if isinstance(record, Article):
                self.stat_update("records", *(f"unread {field}" for field, _ in unread_pieces(record)))
            else:
                self.stat_update(f"rejected {record.reason}")
            yield record


class LocalExecutor(LocalPipelineExecutor):  # type: ignore[misc]
    """datatrove's executor for one machine, with processes that are replaced and whose death is noticed.

    Its own pool keeps its processes for good, and waits for ever for a task whose process was killed.
    """

    def run(self) -> None:
        """Run the tasks that are not done.

        Raises:
            zjol_crawler.processes.WorkerDiedError: a process was killed.
        """
        own = range(self.local_rank_offset, self.local_rank_offset + self.local_tasks)
        ranks = self.get_incomplete_ranks(own)
        if self.workers == 1 or len(ranks) < 2:
            done: Iterable[None] = map(partial(_run_task, self), ranks)
        else:
            workers = min(self.workers, len(ranks))
            done = map_in_processes(partial(_run_task, self), ranks, workers=workers, calls=1)
        for _ in done:
            pass


def _run_task(executor: LocalExecutor, rank: int) -> None:
    # datatrove logs to standard error too; the task's own file in log/logs has it all.
    with redirect_stderr(StringIO()):
        executor._run_for_rank(rank)


def plan(files: Sequence[Path], folder: Path, *, workers: int, tasks: int | None = None, is_made: bool = False) -> None:
    """Work out the tasks and keep them in a folder; what is there already is kept as it is.

    Args:
        files: the archives.
        folder: where the plan is kept.
        workers: processes to read the archives with.
        tasks: how many there shall be; by default one for 2,000 articles.
        is_made: another machine has made the plan.

    Raises:
        PlanError: the folder holds the tasks of other files, of another release, or another number of them, or none
            where there should be.
        ArchiveError: a file cannot be read or is no archive.
    """
    path = folder / "plan.db"
    if is_made and not path.exists():
        raise PlanError(f"{folder}: no plan is there yet; make it on one machine first, with --plan-only")
    if not path.exists():
        (folder / "records").mkdir(parents=True, exist_ok=True)
        unfinished = folder / ".plan.db.part"
        unfinished.unlink(missing_ok=True)
        notes = {"parser": parser_version(), "tasks": str(tasks or 0)}
        Captures.sort(files, workers=workers, database=unfinished, notes=notes).close()
        unfinished.rename(path)
    with Captures.open(path) as captures:
        notes = captures.notes()
        if notes.get("parser") != parser_version():
            raise PlanError(
                f"{folder}: begun by release {notes.get('parser')}; name another folder, or delete this one"
            )
        if captures.files() != [(file.absolute(), file.stat().st_size) for file in files]:
            raise PlanError(f"{folder}: begun with other files, or they have changed; name another folder")
        if tasks is not None and notes.get("tasks") != str(tasks):
            raise PlanError(
                f"{folder}: begun with {task_count(folder)} tasks; leave --tasks out, or name another folder"
            )


def task_count(folder: Path) -> int:
    """Give the number of tasks of a folder's plan.

    Raises:
        ArchiveError: there is no plan.
    """
    with Captures.open(folder / "plan.db") as captures:
        wanted = int(captures.notes()["tasks"]) or -(-captures.articles // _ARTICLES_A_TASK)
        return max(1, min(wanted, captures.articles))


def pipeline(folder: Path) -> list[PipelineStep]:
    """Give the pipeline that extracts what a folder's plan holds, for any of datatrove's executors."""
    return [ExtractArticles(str(folder.absolute()))]


def run_tasks(folder: Path, *, workers: int, part: tuple[int, int] = (1, 1)) -> int:
    """Run the tasks of a folder's plan that are not done and give how many of all are left.

    Args:
        folder: what `plan` made.
        workers: processes.
        part: `(2, 8)` for the second of eight machines that share the folder: its own eighth of the tasks.

    Raises:
        ArchiveError: an archive has changed since.
        zjol_crawler.processes.WorkerDiedError: a process was killed.
    """
    tasks = task_count(folder)
    number, parts = part
    first, last = (tasks * bound // parts for bound in (number - 1, number))
    if last > first:
        _executor(folder, tasks, workers, first, last - first).run()
    return len(_executor(folder, tasks, 1).get_incomplete_ranks())


def count_results(folder: Path) -> Counter[str]:
    """Count what all tasks done so far gave, and what the plan left out."""
    with Captures.open(folder / "plan.db") as captures:
        counts = captures.skipped()
    for path in (folder / "log" / "stats").glob("*.json"):
        for step in json.loads(path.read_bytes()):
            counts.update({name: _total(value) for name, value in step["stats"].items()})
    return counts


def _total(value: Any) -> int:
    return int(value["total"] if isinstance(value, dict) else value)


def _executor(folder: Path, tasks: int, workers: int, first: int = 0, count: int = -1) -> LocalExecutor:
    return LocalExecutor(
        pipeline=pipeline(folder),
        tasks=tasks,
        workers=workers,
        logging_dir=str(folder.absolute() / "log"),
        local_tasks=count,
        local_rank_offset=first,
    )
