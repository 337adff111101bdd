"""Records → rows: a batch is one transaction, and the same record again changes nothing but `last_seen`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from pipelines.record import Article, Rejection
from pipelines.store.engine import database_reason, store_errors, write_transaction
from pipelines.store.held import drop_held
from pipelines.store.ledger import FAILED_REASONS, Noted, Settlement, Visit, page_errors, settle_pages
from pipelines.store.names import NameKeys
from pipelines.store.preparing import PreparedBatch, prepare_records, rejected_page
from pipelines.store.retry import PATIENCE, retried
from pipelines.store.rows import PreparedArticle
from pipelines.store.runs import UNSTORABLE, RejectedPage, add_rejections, parser_version
from pipelines.store.upsert import upsert_articles


@dataclass(frozen=True)
class WriteSummary:
    """What a write did.

    Attributes:
        stored: articles that are new.
        changed: articles whose record differs from the one stored, which is now a revision.
        unchanged: records met again as they were.
        duplicate: records of a stored article under another address: the address is added, nothing else.
        rejected: pages that gave no record, and records the tables cannot hold.
        rejected_by_reason: the same by reason.
    """

    stored: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: WriteSummary) -> WriteSummary:
        return WriteSummary(
            self.stored + other.stored,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.duplicate + other.duplicate,
            self.rejected + other.rejected,
            self.rejected_by_reason + other.rejected_by_reason,
        )

    def counts(self) -> Counter[str]:
        """Give what is not zero by name, rejections also as `rejected/REASON`."""
        names = ("stored", "changed", "unchanged", "duplicate", "rejected")
        counts = Counter({name: getattr(self, name) for name in names})
        counts.update({f"rejected/{reason}": count for reason, count in self.rejected_by_reason.items()})
        return +counts


class Writer:
    """Writes records into one database, remembering the keys of names from batch to batch."""

    def __init__(
        self, engine: Engine, *, run_id: int | None = None, is_repeatable: bool = False, patience: float = PATIENCE
    ) -> None:
        """Write into one database.

        Args:
            engine: the database.
            run_id: the run that rejections name, where there is one.
            is_repeatable: add no rejection that the ledger tells of already, as is done outside a run.
            patience: how long a database that goes away is waited for, in seconds.
        """
        self._engine = engine
        self._patience = patience
        self._run_id = run_id
        self._is_repeatable = is_repeatable or run_id is None
        self._keys = NameKeys()
        self._parser_version = parser_version()

    def write(
        self,
        records: Iterable[Article | Rejection],
        *,
        seen_at: datetime | None = None,
        visits: Iterable[Visit] = (),
        noted: Iterable[Noted] = (),
    ) -> WriteSummary:
        """Write a batch in one transaction, as if record by record in the order given.

        A record the database refuses costs itself alone: it becomes a rejection with the database's reason.

        Args:
            records: articles to store and rejections to note.
            seen_at: when they were met; now where it is not given.
            visits: the answers the crawl got to its requests for them, for the ledger.
            noted: visits that gave no record, for the ledger.

        Raises:
            StoreError: the database cannot be written; nothing of the batch is stored.
        """
        answers = _Answers(list(visits), list(noted))
        return self._write_prepared(prepare_records(records), seen_at or datetime.now(UTC), answers)

    def write_prepared(self, batch: PreparedBatch, *, seen_at: datetime | None = None) -> WriteSummary:
        """Write a batch that is prepared, as `write` does.

        Raises:
            StoreError: the database cannot be written; nothing of the batch is stored.
        """
        return self._write_prepared(batch, seen_at or datetime.now(UTC), _Answers([], []))

    def _write_prepared(self, batch: PreparedBatch, moment: datetime, answers: _Answers) -> WriteSummary:
        with store_errors(self._engine):
            try:
                return self._write_batch(batch.articles, batch.rejected, moment, answers)
            except DBAPIError as error:
                if not _is_of_one_record(error):
                    raise
                # Another writer was first with a row of ours, or one record is refused: each on its own tells which.
                summary = self._write_batch([], batch.rejected, moment, answers)
                return summary + self._write_divided(batch.articles, moment, answers)

    def _write_divided(self, articles: Sequence[PreparedArticle], moment: datetime, answers: _Answers) -> WriteSummary:
        """Write articles that cannot all be written together: halves, and halves of these, in their order."""
        summary = WriteSummary()
        if len(articles) == 1:
            return self._write_alone(articles[0], moment, answers)
        middle = len(articles) // 2
        for half in filter(None, (articles[:middle], articles[middle:])):
            try:
                summary += self._write_batch(half, [], moment, answers)
            except DBAPIError as error:
                if not _is_of_one_record(error):
                    raise
                summary += self._write_divided(half, moment, answers)
        return summary

    def _write_alone(self, article: PreparedArticle, moment: datetime, answers: _Answers) -> WriteSummary:
        try:
            return self._write_batch([article], [], moment, answers)
        except IntegrityError:
            # The other writer has committed by now.
            pass
        except DBAPIError as error:
            return self._refuse(article, error, moment, answers)
        try:
            return self._write_batch([article], [], moment, answers)
        except DBAPIError as error:
            return self._refuse(article, error, moment, answers)

    def _refuse(self, article: PreparedArticle, error: DBAPIError, moment: datetime, answers: _Answers) -> WriteSummary:
        if not _is_of_one_record(error):
            raise error
        page = rejected_page(article.article.url, UNSTORABLE, database_reason(error))
        return self._write_batch([], [page], moment, answers)

    def _write_batch(
        self,
        articles: Sequence[PreparedArticle],
        rejected: Sequence[RejectedPage],
        moment: datetime,
        answers: _Answers,
    ) -> WriteSummary:
        def work(is_doubtful: bool) -> WriteSummary:
            return self._write_once(articles, rejected, moment, answers, is_doubtful)

        return retried(self._engine, work, patience=self._patience)

    def _write_once(
        self,
        articles: Sequence[PreparedArticle],
        rejected: Sequence[RejectedPage],
        moment: datetime,
        answers: _Answers,
        is_doubtful: bool,
    ) -> WriteSummary:
        outcomes: Counter[str] = Counter()
        try:
            with write_transaction(self._engine) as connection:
                for distinct in _rounds(articles):
                    outcomes += upsert_articles(connection, distinct, self._keys, moment, self._parser_version)
                may_be_there = self._is_repeatable or is_doubtful
                fresh = _not_in_ledger(connection, rejected) if may_be_there else rejected
                add_rejections(connection, fresh, run_id=self._run_id, seen_at=moment)
                records = [item.article for item in articles]
                self._settle(connection, records, rejected, moment, answers)
                drop_held(connection, [record.url for record in records])
        except BaseException:
            self._keys.rollback()
            raise
        self._keys.commit()
        return WriteSummary(
            **outcomes,
            rejected=len(rejected),
            rejected_by_reason=Counter(rejection.reason for rejection in rejected),
        )

    def _settle(
        self,
        connection: Connection,
        articles: Sequence[Article],
        rejected: Sequence[RejectedPage],
        moment: datetime,
        answers: _Answers,
    ) -> None:
        asked: dict[str, list[str]] = {}
        for visit in answers.visits:
            asked.setdefault(visit.final_url, []).append(visit.url)
        pages = {
            noted.visit.url: Settlement(noted.state, noted.error, noted.has_news, noted.is_front, noted.interval)
            for noted in answers.noted
        }
        for page in rejected:
            # Where a redirect led is another page: a list, or an article of its own.
            for url in asked.get(page.url, (page.url,)):
                pages[url] = _settlement(page)
        for article in articles:
            for url in (article.url, *article.page_urls, *asked.get(article.url, ())):
                pages[url] = Settlement("stored")
        visits = {visit.url: visit for visit in (*answers.visits, *(noted.visit for noted in answers.noted))}
        settle_pages(connection, pages, moment, visits)


class _Answers(NamedTuple):
    """What the crawl was answered: to requests for records, and to others."""

    visits: list[Visit]
    noted: list[Noted]


def write_articles(
    engine: Engine, records: Iterable[Article | Rejection], *, seen_at: datetime | None = None
) -> WriteSummary:
    """Write one batch, as `Writer.write` does.

    Raises:
        StoreError: the database cannot be written; nothing of the batch is stored.
    """
    return Writer(engine).write(records, seen_at=seen_at)


def _is_of_one_record(error: DBAPIError) -> bool:
    """Tell whether a batch failed by a record of it: a row that another writer wrote first, or a value refused.

    PostgreSQL's class 54 is what goes beyond one of its limits.
    """
    is_beyond_limit = str(getattr(error.orig, "sqlstate", None) or "").startswith("54")
    return isinstance(error, IntegrityError | DataError) or is_beyond_limit


def _settlement(page: RejectedPage) -> Settlement:
    error = page.reason if page.detail is None else f"{page.reason}: {page.detail}"
    return Settlement("failed" if page.reason in FAILED_REASONS else "rejected", error)


def _not_in_ledger(connection: Connection, rejected: Sequence[RejectedPage]) -> list[RejectedPage]:
    """Leave out pages of which the ledger says the same already: outside a run, the same input changes nothing."""
    known = page_errors(connection, [page.url for page in rejected])
    fresh: list[RejectedPage] = []
    for page in rejected:
        error = _settlement(page).error
        if known.get(page.url) != error:
            fresh.append(page)
            known[page.url] = error
    return fresh


def _rounds(articles: Sequence[PreparedArticle]) -> list[list[PreparedArticle]]:
    """Give the articles in rounds none of which holds an id twice, the order of one id's records kept."""
    rounds: list[list[PreparedArticle]] = []
    met: Counter[str] = Counter()
    for prepared in articles:
        number = met[prepared.article.article_id]
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(prepared)
        met[prepared.article.article_id] += 1
    return rounds
