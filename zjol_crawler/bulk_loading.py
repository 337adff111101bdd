"""Record files → batches ready to be written, made by processes beside the one that writes, in the files' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from pipelines.background import follow_parent
from pipelines.record import Article, Rejection
from pipelines.store.preparing import PreparedBatch, decode_batch, encode_batch, prepare_records
from zjol_crawler.record_files import Block, RecordFileError, UnreadableLine, block_records, read_blocks

# Blocks that are ready or under way beyond one a process: enough to bridge a slow one, few enough for flat memory.
_AHEAD = 2


class PreparationDiedError(Exception):
    """A process that made records ready is gone; the message tells the remedy."""


def prepared_batches(paths: Sequence[Path], *, workers: int) -> Iterator[tuple[PreparedBatch, list[UnreadableLine]]]:
    """Give the records of files batch by batch, each with the lines that are none.

    Raises:
        RecordFileError: a file cannot be read; what stands before the fault is given first.
        PreparationDiedError: a process was killed, or ran out of memory.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=follow_parent)
    under_way: deque[Future[tuple[bytes, list[UnreadableLine]]]] = deque()
    fault: RecordFileError | None = None
    blocks = chain.from_iterable(map(read_blocks, paths))
    try:
        while True:
            while fault is None and len(under_way) < workers + _AHEAD:
                try:
                    block = next(blocks, None)
                except RecordFileError as error:
                    fault = error
                    break
                if block is None:
                    break
                under_way.append(pool.submit(prepare_block, block))
            if not under_way:
                break
            data, lines = under_way.popleft().result()
            yield decode_batch(data), lines
    except BrokenProcessPool as error:
        raise PreparationDiedError(
            "a process that made records ready died: killed, or out of memory; run again to go on, with fewer --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
    if fault is not None:
        raise fault


def prepare_block(block: Block) -> tuple[bytes, list[UnreadableLine]]:
    """Give the records of a block as `encode_batch` gives them, and the lines that are none."""
    records: list[Article | Rejection] = []
    lines: list[UnreadableLine] = []
    for record in block_records(block):
        if isinstance(record, UnreadableLine):
            lines.append(record)
        else:
            records.append(record)
    return encode_batch(prepare_records(records, derived=True)), lines
