"""`zjol extract --engine datatrove`: tasks on one machine or on many that share a folder."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from zjol_crawler.archive import ArchiveError
from zjol_crawler.cli.errors import WorkFailedError


class PartType(click.ParamType[tuple[int, int]]):
    """One of several equal parts, such as 2/8."""

    name = "part"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Give its number and how many there are."""
        match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", str(value))
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            self.fail(f"{value!r} is no part; write the second of eight as 2/8", param, ctx)
        return int(match[1]), int(match[2])


PART = PartType()


def run_with_datatrove(
    files: Sequence[Path],
    folder: Path,
    *,
    workers: int,
    tasks: int | None,
    part: tuple[int, int] | None,
    is_plan_only: bool,
) -> int:
    """Plan the tasks, run those of this machine that are not done, and say what all gave."""
    try:
        from zjol_crawler.extraction_tasks import PlanError, count_results, plan, run_tasks, task_count
    except ModuleNotFoundError as error:
        name = str(error.name).partition(".")[0]
        raise WorkFailedError(f"{name} is not installed; run: pip install 'zjol-crawler[scale]'") from error

    if folder.is_file():
        raise WorkFailedError(f"{folder}: is a file; --engine datatrove writes a folder, name another with -o DIR")
    try:
        plan(files, folder, workers=workers, tasks=tasks, is_made=part is not None)
        count = task_count(folder)
        if is_plan_only:
            click.echo(f"{folder}: {count} tasks planned", err=True)
            return 0
        left = run_tasks(folder, workers=workers, part=part or (1, 1))
        counts = count_results(folder)
    except (ArchiveError, PlanError) as error:
        raise WorkFailedError(str(error)) from error
    click.echo(describe_counts(counts), err=True)
    click.echo(f"{folder}: {count - left} of {count} tasks done", err=True)
    return 0


def describe_counts(counts: Counter[str]) -> str:
    """Say how many records there are, then what else was counted."""
    rest = sorted((name, count) for name, count in counts.items() if name != "records")
    return ", ".join(f"{count} {name}" for name, count in [("records", counts["records"]), *rest])
