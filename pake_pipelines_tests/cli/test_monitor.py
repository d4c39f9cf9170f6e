"""`pake monitor` does a whole round by hand, and shows what failed and what was measured."""

import json
from datetime import timedelta

import pytest

from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import metric_samples
from pake_pipelines_tests.cli.watched import Watched


@pytest.fixture
def watched(connected, database_url):
    return Watched(connected, database_url)


def test_a_round_probes_judges_and_keeps_what_it_found(watched):
    watched.beat("mill")
    done = watched.pake("monitor", "check")
    assert done.code == 2
    assert "1 of 2 healthy" in done.stdout
    assert "pending" in done.stdout
    told = watched.pake("health", "--json").json
    assert {one["service"]: one["status"] for one in told["services"]} == {"gate": "unhealthy", "mill": "healthy"}
    assert [one["state"] for one in watched.pake("alerts", "list", "--rule", "service-down", "--json").json] == [
        "pending"
    ]


def test_a_round_sends_what_waits(watched):
    watched.judged(*[{"gate": True}] * 4, ago=timedelta(minutes=1))
    watched.pake("monitor", "check")
    lines = (watched.terminal.home / "data/logs/alerts.jsonl").read_text().splitlines()
    assert ["gate is down" in json.dumps(json.loads(line)) for line in lines] == [True]


def test_a_healthy_round_ends_with_code_0_and_json_tells_all_of_it(watched):
    watched.beat("gate", "mill")
    done = watched.pake("monitor", "check", "--json")
    assert (done.code, done.json["overall"], done.json["faults"]) == (0, "healthy", {})
    assert len(done.json["samples"]) == 2


def test_a_round_without_the_database_is_no_success(terminal):
    watched = Watched(terminal, None)
    watched.beat("gate", "mill")
    done = watched.pake("monitor", "check")
    assert done.code == 1
    assert "failed    database" in done.stdout


async def _failures(connection):
    await connection.execute(
        """
        INSERT INTO notifications (key, channel, kind, group_key, message, state, due_at, created_at, ended_at,
                                   last_error)
        SELECT 'k' || n, 'hook', 'fire', 'g', '{}', 'dead', now(), now(), now() - interval '1 h' * n, 'no [route] ' || n
        FROM generate_series(1, 3) n;
        INSERT INTO service_restarts (service, cause, attempt, state, begun_at, ended_at, detail, actor)
        VALUES ('gate', 'c', 1, 'failed', now(), now(), 'it does not start', 'healing'),
               ('gate', 'c', 2, 'verified', now(), now(), '', 'healing'),
               ('mill', 'c', 1, 'failed', now() - interval '2 d', now() - interval '2 d', 'long ago', 'healing');
        """
    )


def test_failures_are_counted_by_kind_with_the_words_of_the_last(watched):
    watched.do(_failures)
    told = watched.pake("monitor", "errors", "--json").json
    assert [(one["kind"], one["subject"], one["count"], one["detail"]) for one in told["errors"]] == [
        ("message", "hook", 3, "no [route] 1"),
        ("restart", "gate", 1, "it does not start"),
    ]
    assert told["not_read"] == "Dagster is not up here"
    shown = watched.pake("monitor", "errors", "--hours", 1.5).stdout
    assert "no [route] 1" in shown
    assert "runs were not counted: Dagster is not up here" in shown


def test_no_failures_are_said(watched):
    assert "nothing failed in the last 24 hours" in watched.pake("monitor", "errors").stdout


def test_metrics_are_shown_with_key_figures(watched):
    samples = [
        MetricSample("memory_usage_percent", 96.0, "percent", watched.now),
        MetricSample("disk_usage_percent", 40.0, "percent", watched.now, {"mount": "/[x]"}),
        MetricSample("disk_free_bytes", 12.5e9, "bytes", watched.now, {"mount": "/"}),
        MetricSample("db_query_ms", None, "ms", watched.now, {}, CheckStatus.UNKNOWN, "no connection"),
    ]
    watched.do(lambda connection: metric_samples.save(connection, samples))
    shown = watched.pake("monitor", "metrics").stdout
    for said in ("12.5 GB", "mount /[x]", "no connection", "add memory, or run less at a time", "on target"):
        assert said in shown
    told = watched.pake("monitor", "metrics", "memory", "--json").json
    assert [one["metric"] for one in told["metrics"]] == ["memory_usage_percent"]
    assert [(one["name"], one["status"]) for one in told["key_figures"]] == [("memory", "fail")]


def test_an_old_sample_is_no_verdict(watched):
    sample = MetricSample("memory_usage_percent", 20.0, "percent", watched.now - timedelta(hours=1))
    watched.do(lambda connection: metric_samples.save(connection, [sample]))
    told = watched.pake("monitor", "metrics", "memory_usage_percent", "--json").json
    assert [one["status"] for one in told["key_figures"]] == ["unknown"]


def test_an_unknown_metric_is_refused_with_those_there_are(watched):
    assert "nothing was sampled yet" in watched.pake("monitor", "metrics").stdout
    sample = MetricSample("cpu_count", 2.0, "count", watched.now)
    watched.do(lambda connection: metric_samples.save(connection, [sample]))
    done = watched.pake("monitor", "metrics", "nothing")
    assert (done.code, "cpu_count" in done.stderr) == (1, True)
