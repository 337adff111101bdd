"""What the writer works out of records before it comes near the database, here or in another process."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pipelines.record import Article, Rejection
from pipelines.store.derive import work_out
from pipelines.store.rows import PreparedArticle, prepare_article
from pipelines.store.runs import UNSTORABLE, RejectedPage
from pipelines.store.storable import printable, storage_fault


class PreparedBatch(msgspec.Struct, array_like=True):
    """Records ready to be written: articles the tables can hold, and pages that gave none."""

    articles: list[PreparedArticle]
    rejected: list[RejectedPage]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(PreparedBatch)


def prepare_records(records: Iterable[Article | Rejection], *, derived: bool = False) -> PreparedBatch:
    """Sort records into articles and rejected pages.

    Args:
        records: in their order.
        derived: work out now what search and reposts need, in the form PostgreSQL takes; else the writer does, of those
            articles that need it.
    """
    articles: list[PreparedArticle] = []
    rejected: list[RejectedPage] = []
    for record in records:
        if isinstance(record, Rejection):
            rejected.append(rejected_page(record.url, record.reason, record.detail))
        elif fault := storage_fault(record):
            rejected.append(rejected_page(record.url, UNSTORABLE, fault))
        else:
            prepared = prepare_article(record)
            articles.append(prepared._replace(derived=work_out(record)) if derived else prepared)
    return PreparedBatch(articles, rejected)


def rejected_page(url: str, reason: str, detail: str | None) -> RejectedPage:
    """Give a rejection in a form any database can keep."""
    return RejectedPage(printable(url), reason, None if detail is None else printable(detail))


def encode_batch(batch: PreparedBatch) -> bytes:
    """Give a batch as bytes, for another process."""
    return _encoder.encode(batch)


def decode_batch(data: bytes) -> PreparedBatch:
    """Give back the batch that `encode_batch` made bytes of."""
    return _decoder.decode(data)
