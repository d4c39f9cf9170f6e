"""The sensor `metrics` and the assets of health as runs: what is measured, judged, and stood in for."""

from datetime import timedelta

import dagster as dg
import pytest
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, InstigatorType, SensorInstigatorData

from pake_pipelines_tests.defs.house import QUIET, SOURCES, House, checked, materialized

KPIS = """
kpis:
  cpu: {metric: cpu_count, target: 0, warn: 0, critical: 100000, unit: count, action: "buy fewer"}
  disk: {metric: no_such_metric, target: 70, warn: 80, critical: 95, unit: percent}
"""


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture
def house(configure, instance):
    return House(configure(SOURCES), instance, QUIET + KPIS)


def switch_off(house, sensor):
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("test"), "__repository__").get_instigator_origin(
        sensor
    )
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.STOPPED, SensorInstigatorData())
    house.instance.add_instigator_state(state)


def test_a_tick_keeps_every_metric_and_reports_it_by_asset(house):
    outcome = house.tick("metrics")
    found = materialized(outcome)
    assert set(found) == {
        "system_metrics", "application_metrics", "database_health", "security_metrics", "project_metrics",
    }  # fmt: skip
    assert found["system_metrics"]["memory_total_bytes"] > 0
    assert found["database_health"]["db_size_bytes"] > 0
    assert "pg_stat_statements" in found["database_health"]["not_there"]
    (row,) = house.ask("SELECT count(*) AS samples FROM metric_samples")
    assert row["samples"] > 30
    assert not outcome.run_requests


def test_a_key_figure_beyond_its_bound_fails_its_check_with_what_to_do_and_an_unknown_one_passes_never(house):
    found = {name: one for (_, name), one in checked(house.tick("metrics")).items()}
    assert (found["kpi_cpu"].passed, found["kpi_cpu"].severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found["kpi_cpu"].description.endswith("; buy fewer")
    assert found["kpi_disk"].description == "unknown: no sample of no_such_metric"
    assert not found["kpi_disk"].passed
    # no service is probed by http here: that there is no figure is no fault
    assert "kpi_api_response_time" not in found


def test_the_slower_sensor_stands_in_for_one_that_does_not_tick_and_says_so(house):
    house.tick("metrics", later=60)
    assert "service_health" not in materialized(house.tick("metrics", later=30))
    outcome = house.tick("metrics", later=300)
    assert materialized(outcome)["service_health"]["overall"] == "healthy"
    assert house.ask("SELECT 1 FROM health_samples")


def test_nobody_stands_in_for_a_sensor_that_ticks_or_that_somebody_has_switched_off(house):
    house.tick(later=280)
    assert "service_health" not in materialized(house.tick("metrics", later=20))
    switch_off(house, "service_health")
    assert "service_health" not in materialized(house.tick("metrics", later=600))


def test_samples_beyond_their_time_are_deleted(house):
    house.tick("metrics")
    house.tick()
    house.tick("metrics", later=timedelta(days=31).total_seconds())
    (row,) = house.ask(
        "SELECT (SELECT count(*) FROM health_samples) AS health, (SELECT min(at) FROM metric_samples) AS oldest"
    )
    assert row["health"] == len(house.config.enabled_services()) or row["health"] == 0
    assert row["oldest"] > house.now - timedelta(days=30)


def launch(house, *assets):
    return dg.materialize(
        [one for one in house.defs.assets if isinstance(one, dg.AssetsDefinition)],
        selection=list(assets),
        instance=house.instance,
        resources={"knowledge_base": house.defs.resources["knowledge_base"]},
    )


def test_every_asset_of_health_can_be_materialized_by_hand(house):
    result = launch(
        house, "service_health", "system_metrics", "application_metrics", "database_health", "security_metrics",
        "project_metrics", "alerts", "incidents", "monitoring_report",
    )  # fmt: skip
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert made >= {"service_health", "system_metrics", "alerts", "incidents", "monitoring_report"}
    assert (house.settings.data / "reports" / "monitoring_report.html").exists()
    evaluated = {one.check_name for one in result.get_asset_check_evaluations()}
    assert {"knowledge_database", "kpi_cpu", "no_critical_alerts"} <= evaluated


def test_the_digest_goes_into_the_outbox_of_channels_that_write_to_somebody_with_the_page_attached(configure, instance):
    mail = """
alerting:
  channels:
    email: {sender: pake@example.org, recipients: [me@example.org]}
    nobody: {kind: email}
"""
    house = House(configure(SOURCES), instance, QUIET + mail)
    assert launch(house, "monitoring_report", "health_digest").success
    (row,) = house.ask("SELECT channel, kind, message FROM notifications")
    assert (row["channel"], row["kind"]) == ("email", "digest")
    (page,) = row["message"]["attachments"]
    assert page in map(str, (house.settings.data / "reports" / "kept").glob("monitoring_report-*.html"))
    assert "Overall" in row["message"]["body"]


def test_the_digest_is_due_every_six_hours(house):
    assert house.defs.resolve_schedule_def("health_digest").cron_schedule == "0 */6 * * *"
