"""What is to be said of a record: faults, and lines left unread."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from pipelines.outcomes import Outcome
from pipelines.record import Article
from pipelines.unread import unread_pieces
from pipelines.validate import validate


class Remarks(NamedTuple):
    """What is to be said of a record: counts by name, faults and unread pieces as lines."""

    counts: Counter[str]
    faults: list[str]
    unread: list[str]


def remarks_on(outcome: Outcome) -> Remarks:
    """Say what is wrong with a record, and what of its lines was left unread; nothing of what is no article."""
    article = outcome.record
    remarks = Remarks(Counter(), [], [])
    if not isinstance(article, Article):
        return remarks
    faults = validate(article)
    if faults:
        remarks.counts["flagged"] += 1
    for fault in faults:
        remarks.faults.append(f"{article.url}: {fault}")
        remarks.counts[f"flagged/{fault.partition(':')[0]}"] += 1
    for field, text in unread_pieces(article):
        remarks.unread.append(f"{article.url}: {field}: cannot read {text!r}")
        remarks.counts[f"unread/{field}"] += 1
    return remarks
