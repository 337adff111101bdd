"""What the scheduler tells machines: metrics for Prometheus, read from the database, and whether all is well."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine, text

from pipelines.store.engine import read_transaction, store_errors
from pipelines.store.errors import StoreError
from pipelines.store.run_records import answer_seconds

# Metrics are read from the database at most this often, in seconds, however often somebody asks.
_FRESH = 15.0
_PREFIX = "zjol_"
# Rows whose names begin so are locks.
_JOBS = " WHERE name NOT LIKE '@%'"


class _Query(NamedTuple):
    """A metric that one question to the database answers: its name, help, labels, and SQL of labels and a value."""

    name: str
    help: str
    labels: tuple[str, ...]
    sql: str


_QUERIES = (
    _Query(
        "runs", "Runs by outcome", ("outcome",), "SELECT coalesce(outcome, 'none'), count(*) FROM crawl_run GROUP BY 1"
    ),
    _Query(
        "received_bytes", "Bytes received by all runs", (), "SELECT coalesce(sum(bytes_received), 0) FROM crawl_run"
    ),
    _Query("articles", "Articles by template", ("template",), "SELECT template, count(*) FROM article GROUP BY 1"),
    _Query("pages", "Pages of the ledger by state", ("state",), "SELECT state, count(*) FROM page GROUP BY 1"),
    _Query(
        "due_pages",
        "Pages to be fetched now",
        ("host",),
        "SELECT host, count(*) FROM page WHERE next_visit <= :now GROUP BY 1",
    ),
    _Query("rejections", "Rejections by reason", ("reason",), "SELECT reason, count(*) FROM rejection GROUP BY 1"),
    _Query(
        "open_findings",
        "Findings that are open",
        ("kind", "severity"),
        "SELECT kind, severity, count(*) FROM finding WHERE closed_at IS NULL GROUP BY 1, 2",
    ),
    _Query("held_records", "Records held back", (), "SELECT count(*) FROM held"),
    _Query(
        "job_exit_status", "Exit status of each job's last run", ("job",), f"SELECT name, exit_status FROM job{_JOBS}"
    ),
)
# Rates of the last run that saw a group: how many of its records show a mark.
_COVERAGE = _Query(
    "coverage_ratio",
    "Share of records with a field, by template and host, in the last run that saw them",
    ("group", "field"),
    "SELECT counted.record_group, counted.name, 1.0 * counted.record_count / whole.record_count "
    "FROM (SELECT record_group, max(run_id) AS run_id FROM observation GROUP BY record_group) AS latest "
    "JOIN observation AS whole ON whole.record_group = latest.record_group AND whole.run_id = latest.run_id "
    "AND whole.kind = 'total' "
    "JOIN observation AS counted ON counted.record_group = latest.record_group AND counted.run_id = latest.run_id "
    "AND counted.kind = 'coverage' WHERE whole.record_count > 0",
)
_LATENCY = _Query("answer_seconds", "Seconds an answer of a host takes, on average over the last runs", ("host",), "")
# Moments, given as seconds since the epoch.
_MOMENTS = (
    _Query(
        "newest_article_timestamp_seconds",
        "When the newest article was published",
        (),
        "SELECT max(published_at) FROM article",
    ),
    _Query(
        "job_started_timestamp_seconds",
        "When each job began last",
        ("job",),
        f"SELECT name, started_at FROM job{_JOBS}",
    ),
    _Query(
        "job_finished_timestamp_seconds",
        "When each job ended last",
        ("job",),
        f"SELECT name, finished_at FROM job{_JOBS}",
    ),
    _Query(
        "host_closed_until_timestamp_seconds",
        "Until when a host is left alone",
        ("host",),
        "SELECT name, closed_until FROM host",
    ),
)


def metric_names() -> set[str]:
    """Give the names of all metrics."""
    return {_PREFIX + query.name for query in (*_QUERIES, _COVERAGE, _LATENCY, *_MOMENTS)} | {_PREFIX + "up"}


class DatabaseMetrics(Collector):
    """Reads the metrics from the database, so that they outlive the scheduler and count all machines' runs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._metrics: list[Metric] = []

    def collect(self) -> Iterator[Metric]:
        """Give the metrics; of a database that is away, that it is."""
        with self._lock:
            if not self._metrics or time.monotonic() - self._read_at > _FRESH:
                self._metrics = self._read()
                self._read_at = time.monotonic()
            yield from self._metrics

    def _read(self) -> list[Metric]:
        up = GaugeMetricFamily(_PREFIX + "up", "Whether the database answers")
        try:
            with store_errors(self._engine), read_transaction(self._engine) as connection:
                found: list[Metric] = [_metric(connection, query, float) for query in (*_QUERIES, _COVERAGE)]
                found.append(_latency(connection))
                found += [_metric(connection, query, _seconds) for query in _MOMENTS]
        except StoreError:
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *found]


def _metric(connection: Connection, query: _Query, number: Callable[[Any], float]) -> Metric:
    metric = GaugeMetricFamily(_PREFIX + query.name, query.help, labels=query.labels)
    now = datetime.now(UTC).replace(microsecond=0)
    moment = now if connection.dialect.name == "postgresql" else now.replace(tzinfo=None)
    parameters = {"now": moment} if ":now" in query.sql else {}
    for *labels, value in connection.execute(text(query.sql), parameters):
        if value is not None:
            metric.add_metric([str(label) for label in labels], number(value))
    return metric


def _latency(connection: Connection) -> Metric:
    metric = GaugeMetricFamily(_PREFIX + _LATENCY.name, _LATENCY.help, labels=_LATENCY.labels)
    for host, seconds in answer_seconds(connection).items():
        metric.add_metric([host], seconds)
    return metric


def _seconds(moment: datetime | str) -> float:
    # SQLite gives what it keeps: a text.
    value = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (value if value.tzinfo is not None else value.replace(tzinfo=UTC)).timestamp()


class MetricsServer:
    """Serves `/metrics` and `/healthz` while its context lasts."""

    def __init__(self, engine: Engine, host: str, port: int, faults: Callable[[], Mapping[str, str]]) -> None:
        """Listen.

        Args:
            engine: the database.
            host: the address it listens on.
            port: its port; 0 takes a free one.
            faults: gives what is wrong, by name; nothing where all is well.

        Raises:
            OSError: the port is taken.
        """
        registry = CollectorRegistry()
        registry.register(DatabaseMetrics(engine))
        self._server = ThreadingHTTPServer((host, port), _handler(registry, faults))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(registry: CollectorRegistry, faults: Callable[[], Mapping[str, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            if self.path == "/metrics":
                self._send(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/healthz":
                found = faults()
                body = json.dumps({"status": "failing" if found else "ok", "faults": dict(found)}).encode()
                self._send(503 if found else 200, "application/json", body)
            else:
                self._send(404, "text/plain", b"/metrics or /healthz\n")

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Stay silent."""

    return Handler
