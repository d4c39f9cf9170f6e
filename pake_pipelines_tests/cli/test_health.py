"""`pake health` shows how everything stands, how old that is, and ends with a code that scripts understand."""

from datetime import timedelta

import pytest

from pake_pipelines.model.metric import MetricSample
from pake_pipelines.store import metric_samples
from pake_pipelines_tests.cli.watched import Watched


@pytest.fixture
def watched(connected, database_url):
    return Watched(connected, database_url)


def services(done):
    return {one["service"]: one for one in done.json["services"]}


@pytest.mark.parametrize(
    ("gate", "mill", "overall", "code"),
    [
        ("healthy", "healthy", "healthy", 0),
        ("healthy", "unhealthy", "degraded", 1),
        ("unknown", "healthy", "unknown", 1),
        ("unhealthy", "healthy", "critical", 2),
    ],
)
def test_the_exit_code_tells_how_everything_stands(watched, gate, mill, overall, code):
    watched.sampled("gate", gate, critical=True)
    watched.sampled("mill", mill)
    done = watched.pake("health")
    assert (done.code, done.stdout.splitlines()[0].split()[:2]) == (code, ["overall", overall])
    as_json = watched.pake("health", "--json")
    assert (as_json.code, as_json.json["overall"]) == (code, overall)


def test_a_service_is_shown_with_since_when_and_how_long_it_served(watched):
    watched.sampled("gate", "healthy", "unhealthy", "healthy", "healthy", critical=True)
    watched.sampled("mill", "healthy")
    done = watched.pake("health", "--json")
    gate = services(done)["gate"]
    assert gate["title"] == "The gate"
    assert gate["uptime_24h_percent"] == pytest.approx(66.7, abs=2)
    assert gate["since"].startswith(f"{watched.now - timedelta(minutes=1):%Y-%m-%d %H:%M}")
    assert done.json["age_seconds"] < 60
    shown = watched.pake("health").stdout
    assert "as of" in shown
    assert "12 ms" in shown
    assert "gate *" in shown


def test_what_is_switched_off_is_not_shown(watched):
    watched.sampled("mint", "unhealthy")
    assert set(services(watched.pake("health", "--json"))) == {"gate", "mill"}
    done = watched.pake("health", "mint")
    assert (done.code, "mint is not watched" in done.stderr) == (1, True)


def test_what_nobody_has_looked_at_for_long_is_unknown(watched):
    watched.now -= timedelta(minutes=11)
    watched.sampled("gate", "healthy", critical=True)
    watched.sampled("mill", "healthy")
    done = watched.pake("health")
    assert done.code == 1
    assert "nobody is probing" in done.stdout
    assert "not probed since then, when it was healthy" in done.stdout


def test_before_the_first_round_nothing_is_known(watched):
    done = watched.pake("health")
    assert done.code == 1
    assert "nothing was probed yet" in done.stdout
    assert watched.pake("health", "--json").json["as_of"] is None


def test_now_asks_the_services_and_stores_nothing(watched):
    watched.beat("gate", "mill")
    done = watched.pake("health", "--now")
    assert (done.code, "asked just now" in done.stdout) == (0, True)
    (watched.terminal.home / "gate.beat").unlink()
    assert watched.pake("health", "--now").code == 2
    assert "nothing was probed yet" in watched.pake("health").stdout


def test_one_service_is_shown_with_its_facts_and_changes(watched):
    watched.sampled("gate", "healthy", "unhealthy", "healthy", critical=True, facts={"last_beat": "now [x]"})
    watched.sampled("mill", "unhealthy")
    done = watched.pake("health", "gate")
    assert done.code == 0
    assert "last beat: now [x]" in done.stdout
    assert "unhealthy -> healthy" in done.stdout
    assert "mill" not in done.stdout
    changes = watched.pake("health", "ga", "--json").json["changes"]
    assert [one["after"] for one in changes] == ["healthy", "unhealthy", "healthy"]


def test_a_component_is_a_kind_of_services_too(watched):
    watched.sampled("gate", "healthy", critical=True)
    watched.sampled("mill", "degraded")
    done = watched.pake("health", "heartbeat", "--json")
    assert (done.code, set(services(done))) == (1, {"gate", "mill"})


def test_an_unknown_component_is_refused_with_those_there_are(watched):
    done = watched.pake("health", "nothing")
    assert done.code == 1
    assert "no component 'nothing'" in done.stderr
    assert "gate" in done.stderr


def test_a_component_has_its_metrics(watched):
    (watched.terminal.file.parent / "monitoring.yaml").write_text("services: {cache-mem0: {enabled: false}}\n")
    sample = MetricSample("memory_usage_percent", 81.3, "percent", watched.now)
    watched.do(lambda connection: metric_samples.save(connection, [sample]))
    done = watched.pake("health", "system")
    assert "81.3 %" in done.stdout
    assert [one["metric"] for one in watched.pake("health", "system", "--json").json["metrics"]] == [
        "memory_usage_percent"
    ]


def test_without_the_database_the_services_are_asked_now(terminal):
    watched = Watched(terminal, None)
    watched.beat("gate", "mill")
    done = watched.pake("health")
    assert done.code == 0
    assert "nothing that was found before can be read" in done.stdout
    assert "asked just now" in done.stdout
