"""What the scheduler tells machines, and the files that build on it."""

import json
import re
import tomllib
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.store.engine import write_transaction
from pipelines.store.jobs import JobState, end_job, take_job
from pipelines.store.observations import add_observations
from pipelines.store.runs import RunEnd, finish_run, start_run
from pipelines.store.writer import write_articles
from tests.store.conftest import engine, engine_name  # noqa: F401 - fixtures
from tests.store.examples import all_examples
from zjol_crawler.alerting.telling import missed_jobs
from zjol_crawler.schedule.config import Job
from zjol_crawler.schedule.metrics import MetricsServer, metric_names

DEPLOY = Path(__file__).parents[2] / "deploy"


def get(server, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}") as answer:
        return answer.read().decode()


def test_metrics_are_those_of_the_database(engine):  # noqa: F811 - pytest gives it
    write_articles(engine, all_examples())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    take_job(engine, JobState("news"), "a", now=now)
    end_job(engine, "news", "a", now=now, exit_status=1)
    run = start_run(engine, "crawl")
    finish_run(engine, run, RunEnd("finished", {"host/a.cn/answers": 4}, 10, seconds={"fetch/a.cn": 2.0}))
    with write_transaction(engine) as connection:
        add_observations(connection, run, {"trs-2016 a.cn": (8, {("coverage", "source"): 6})})
    with MetricsServer(engine, "127.0.0.1", 0, dict) as server:
        text = get(server, "/metrics")
    assert 'zjol_answer_seconds{host="a.cn"} 0.5' in text
    assert 'zjol_coverage_ratio{field="source",group="trs-2016 a.cn"} 0.75' in text
    assert "zjol_up 1.0" in text
    assert sum(float(value) for value in re.findall(r"zjol_articles{.*} (.*)", text)) == 3
    assert 'zjol_job_exit_status{job="news"} 1.0' in text
    seconds = float(re.search(r'zjol_job_started_timestamp_seconds{job="news"} (.*)', text)[1])
    assert seconds == now.timestamp()
    assert set(re.findall(r"# TYPE (\S+)", text)) == metric_names()


def test_health_is_what_the_faults_say(engine):  # noqa: F811 - pytest gives it
    faults = {}
    with MetricsServer(engine, "127.0.0.1", 0, lambda: faults) as server:
        assert json.loads(get(server, "/healthz")) == {"status": "ok", "faults": {}}
        faults["database"] = "away"
        with pytest.raises(urllib.error.HTTPError) as error:
            get(server, "/healthz")
        assert error.value.code == 503
        assert json.load(error.value)["faults"] == {"database": "away"}


def test_a_job_that_should_have_begun_is_missed(engine):  # noqa: F811 - pytest gives it
    job, now = Job(name="news", run=["crawl"], every="30m"), datetime(2026, 1, 1, tzinfo=UTC)
    take_job(engine, JobState("news"), "a", now=now)
    end_job(engine, "news", "a", now=now, exit_status=0)
    assert missed_jobs(engine, [job], now + timedelta(minutes=80)) == {}
    assert "did not run" in missed_jobs(engine, [job], now + timedelta(hours=2))["news"]


@pytest.mark.parametrize("name", ["prometheus-rules.yaml", "grafana-dashboard.json"])
def test_what_is_deployed_names_metrics_that_there_are(name):
    named = set(re.findall(r"\bzjol_\w+", (DEPLOY / name).read_text("utf-8")))
    assert named
    assert named <= metric_names()


def test_the_image_installs_extras_that_there_are():
    extras = re.search(r"\.\[(.+)\]", (DEPLOY / "Dockerfile").read_text("utf-8"))[1].split(",")
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))
    assert set(extras) <= set(project["project"]["optional-dependencies"])
