"""What the rules look at: each input says what is bad, what is good, and never takes what is unknown for either."""

from datetime import timedelta

import pytest

from pake_pipelines.alerts.inputs.channel import channel_readings
from pake_pipelines.alerts.inputs.freshness import freshness_readings
from pake_pipelines.alerts.inputs.healing import healing_readings
from pake_pipelines.alerts.inputs.metric import metric_readings
from pake_pipelines.alerts.inputs.partitions import partition_readings
from pake_pipelines.alerts.inputs.recovery import recovery_readings
from pake_pipelines.alerts.inputs.run import run_readings
from pake_pipelines.alerts.inputs.service import service_readings
from pake_pipelines.alerts.inputs.slo import slo_readings
from pake_pipelines.alerts.inputs.source import source_readings
from pake_pipelines.alerts.inputs.tick import tick_readings
from pake_pipelines.config.alerting import INPUT_LABELS, BurnWindow, Slo
from pake_pipelines.model.alert import Condition, Severity
from pake_pipelines.model.dagster_facts import DagsterFacts, FreshnessFact, PartitionsFact, RunFact, TickFact
from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.recovery import RecoveryRow, RecoveryState
from pake_pipelines.model.restart import Surrender
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store import metric_samples
from pake_pipelines.store.channel_states import ChannelState
from pake_pipelines.store.sources import SourceState
from pake_pipelines_tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def one(readings):
    (reading,) = readings.series
    assert set(reading.labels) >= set(INPUT_LABELS[readings.input])
    return reading


def sample(status, *, critical=True):
    return HealthSample("shop", "http", critical, status, NOW, 3.0, "as it is")


@pytest.mark.parametrize(
    ("status", "critical", "condition"),
    [
        (HealthStatus.HEALTHY, True, Condition.OK),
        (HealthStatus.DEGRADED, True, Condition.OK),
        (HealthStatus.DEGRADED, False, Condition.BAD),
        (HealthStatus.UNHEALTHY, True, Condition.BAD),
        (HealthStatus.UNHEALTHY, False, Condition.BAD),
        (HealthStatus.UNKNOWN, True, Condition.UNKNOWN),
    ],
)
def test_a_service_is_bad_when_it_is_down_and_one_that_is_not_critical_also_when_it_serves_badly(
    status, critical, condition
):
    reading = one(service_readings([sample(status, critical=critical)]))
    assert (reading.condition, reading.labels["critical"], reading.at) == (condition, str(critical).lower(), NOW)


def test_a_service_that_is_not_configured_has_no_series_so_that_its_alert_ends():
    readings = service_readings([sample(HealthStatus.NOT_CONFIGURED)])
    assert (readings.series, readings.complete) == ((), True)


def test_a_metric_gives_its_value_and_leaves_judging_to_the_rules():
    reading = one(metric_readings([MetricSample("cpu_usage_percent", 12.5, "percent", NOW)]))
    assert (reading.value, reading.condition, reading.at) == (12.5, None, NOW)


def test_a_metric_without_a_value_is_unknown():
    absent = MetricSample("disk_usage_percent", None, "percent", NOW, {"mount": "/"}, CheckStatus.UNKNOWN, "gone")
    reading = one(metric_readings([absent]))
    assert (reading.condition, reading.detail) == (Condition.UNKNOWN, "gone")


@pytest.mark.parametrize(
    ("tick", "condition", "detail"),
    [
        (TickFact("nightly", "schedule", True, NOW, False, "no such table"), Condition.BAD, "no such table"),
        (TickFact("nightly", "schedule", False, NOW, True), Condition.BAD, "no tick since 2026-11-22 12:00 UTC"),
        (TickFact("nightly", "schedule", False, NOW, False), Condition.OK, ""),
        (TickFact("nightly", "schedule", False, None, None), Condition.UNKNOWN, ""),
    ],
    ids=["failed", "overdue", "well", "never"],
)
def test_a_tick_is_bad_when_it_failed_or_stays_away(tick, condition, detail):
    reading = one(tick_readings(DagsterFacts(NOW, ticks=(tick,))))
    assert (reading.condition, reading.detail) == (condition, detail)


@pytest.mark.parametrize(
    ("state", "condition"),
    [("pass", Condition.OK), ("warn", Condition.BAD), ("fail", Condition.BAD), ("unknown", Condition.UNKNOWN)],
)
def test_an_asset_is_bad_when_its_policy_says_that_it_is_too_old(state, condition):
    facts = DagsterFacts(NOW, freshness=(FreshnessFact("service_health", state),))
    assert one(freshness_readings(facts)).condition is condition


def test_failed_partitions_are_named_up_to_five_and_counted():
    facts = DagsterFacts(NOW, partitions=(PartitionsFact("documents", 7, tuple("abcdefg")),))
    reading = one(partition_readings(facts))
    assert (reading.condition, reading.detail) == (Condition.BAD, "7: c, d, e, f, g and others")


@pytest.mark.parametrize("read", [run_readings, tick_readings, freshness_readings, partition_readings])
def test_what_was_not_read_is_told_and_takes_no_series_for_gone(read):
    readings = read(DagsterFacts(NOW))
    assert (readings.error, readings.complete) == ("it was not read", False)


def test_a_run_that_failed_without_words_is_named():
    facts = DagsterFacts(NOW, runs=(RunFact("ingest", "run-1", False, None, None),))
    assert one(run_readings(facts)).detail == "run run-1"


@pytest.mark.parametrize(
    ("state", "condition"),
    [
        (SourceState(), Condition.OK),
        (SourceState(consecutive_failures=2, last_error="timeout"), Condition.OK),
        (SourceState(consecutive_failures=5, last_error="timeout", resting_until=NOW + MINUTE), Condition.BAD),
        (SourceState(consecutive_failures=5, last_error="timeout", resting_until=NOW - MINUTE), Condition.BAD),
        (SourceState(disabled_because="410"), Condition.BAD),
    ],
    ids=["fine", "failing", "resting", "on-trial", "ended"],
)
def test_a_source_is_bad_from_its_rest_until_a_visit_succeeds(state, condition):
    assert one(source_readings({"news": state}, NOW)).condition is condition


def test_who_stopped_a_service_by_hand_is_not_told_of_it():
    given_up = Surrender("shop", NOW, "down again after 3 attempts", False)
    assert one(healing_readings([given_up, Surrender("bank", NOW, "stopped", True)])).labels == {"service": "shop"}


@pytest.mark.parametrize(
    ("state", "reverted", "condition"),
    [
        (RecoveryState.RECOVERED, False, Condition.OK),
        (RecoveryState.FAILED, False, Condition.BAD),
        (RecoveryState.INTERRUPTED, False, Condition.BAD),
        (RecoveryState.FAILED, True, Condition.OK),
        (RecoveryState.VERIFYING, False, Condition.UNKNOWN),
        (RecoveryState.ACTING, False, Condition.UNKNOWN),
    ],
)
def test_a_recovery_is_bad_when_it_did_not_help_until_it_is_taken_back(state, reverted, condition):
    row = RecoveryRow(
        1, "memory", "high_memory_usage", "", state, NOW, NOW, NOW, NOW, NOW if reverted else None, {}, None
    )
    assert one(recovery_readings([row])).condition is condition


def test_a_channel_is_bad_from_a_failure_until_it_takes_a_message_and_gone_when_it_is_not_configured():
    def state(failures):
        return ChannelState("hook", failures, NOW, None, None, "refused", None, NOW)

    assert one(channel_readings([state(2)], ["hook"])).detail == "2 failures in a row: refused"
    assert one(channel_readings([state(0)], ["hook"])).condition is Condition.OK
    assert channel_readings([state(2)], []).series == ()


async def test_an_objective_is_bad_while_its_budget_burns_too_fast(database):
    window = BurnWindow(long_minutes=60, short_minutes=5, factor=2, severity=Severity.CRITICAL)
    slo = Slo(good="runs_succeeded_total", total="runs_finished_total", objective=0.9, min_events=5, windows=(window,))

    def counted(name, per_minute):
        at = [NOW - minute * MINUTE for minute in range(70, -1, -1)]
        return [MetricSample(name, float(n * per_minute), "count", moment) for n, moment in enumerate(at)]

    async with database.transaction() as connection:
        before = await slo_readings(connection, {"runs": slo}, NOW)
        await metric_samples.save(connection, [*counted(slo.good, 1), *counted(slo.total, 2)])
        after = await slo_readings(connection, {"runs": slo}, NOW)
    assert one(before).condition is Condition.UNKNOWN
    assert (one(after).condition, round(one(after).value, 1)) == (Condition.BAD, 5.0)
    assert one(after).labels["severity"] == "critical"
