"""What Dagster knows becomes alerts and ends them: failed checks, runs and ticks, all without a sensor of their own."""

import dagster as dg
import pytest

from pake_pipelines_tests.defs.house import QUIET, SOURCES, House, checked, materialized

AT_ONCE = """
alerting:
  grouping: {wait_seconds: 0}
  flapping: {enabled: false}
  rules:
    rule-unknown: {enabled: false}  # nothing is measured here
    check-failed: {keep_firing_seconds: 0}
    run-failed: {keep_firing_seconds: 0}
    tick-failed: {keep_firing_seconds: 0}
"""
CHECK = {"asset_key": dg.AssetKey("knowledge_nodes"), "check_name": "verdicts_complete"}


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture
def house(configure, instance):
    made = House(configure(SOURCES), instance, QUIET + AT_ONCE)
    made.tick()
    return made


def states(house):
    return {row["rule"]: row["state"] for row in house.ask("SELECT rule, state FROM alerts ORDER BY started_at")}


def test_a_failed_check_of_a_run_or_tick_becomes_an_alert_and_a_later_pass_ends_it(house):
    house.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(passed=False, severity=dg.AssetCheckSeverity.ERROR, description="3 lack one", **CHECK)
    )
    outcome = house.tick()
    assert states(house) == {"check-failed": "firing"}
    assert materialized(outcome)["alerts"]["error"] == 1
    assert "check verdicts_complete of knowledge_nodes failed: 3 lack one" in materialized(outcome)["alerts"]["table"]
    house.instance.report_runless_asset_event(dg.AssetCheckEvaluation(passed=True, **CHECK))
    assert materialized(house.tick())["alerts"]["open"] == 0
    assert states(house) == {"check-failed": "resolved"}


def test_a_failed_run_becomes_an_alert_and_the_next_success_ends_it(house):
    def ended(status):
        house.instance.run_storage.add_run(dg.DagsterRun(job_name="ingest", status=status))
        house.instance.report_runless_asset_event(dg.AssetMaterialization("something"))  # a run leaves events, too

    ended(dg.DagsterRunStatus.FAILURE)
    house.tick()
    assert states(house) == {"run-failed": "firing"}
    ended(dg.DagsterRunStatus.SUCCESS)
    house.tick()
    assert states(house) == {"run-failed": "resolved"}


def test_a_critical_alert_fails_the_check_of_the_alerts(configure, instance):
    gone = "  shop: {kind: tcp, host: 127.0.0.1, port: 1, critical: true}\n"
    house = House(configure(SOURCES), instance, QUIET + gone)
    found = [checked(house.tick()).get(("alerts", "no_critical_alerts")) for _ in range(3)]
    assert [one.passed for one in found if one] == [True, False]
    assert states(house)["service-down"] == "firing"


def test_the_status_of_services_is_no_failed_check_on_top(configure, instance):
    gone = "  shop: {kind: tcp, host: 127.0.0.1, port: 1, critical: true}\n"
    house = House(configure(SOURCES), instance, QUIET + gone + AT_ONCE)
    for _ in range(4):
        house.tick()
    assert "service-down" in states(house)
    assert "check-failed" not in states(house)
