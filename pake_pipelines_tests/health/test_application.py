"""Metrics of runs, visits, services and security: from what was told, and unknown where nothing was."""

from datetime import timedelta

import pytest

from pake_pipelines.health.application import quantile, sample_maintenance, sample_runs, sample_work
from pake_pipelines.model.dagster_facts import DagsterFacts, RunFact, RunTotals
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.application_metrics import Answer, Kept, Visited
from pake_pipelines_tests.conftest import NOW

NOTHING = Visited(0, 0, 0, 0, 0)


def run(number, *, succeeded=True, seconds=10.0, started=NOW):
    ended = None if seconds is None else started + timedelta(seconds=seconds)
    return RunFact("job", f"run-{number}", succeeded, started, ended)


def told(*runs, totals=None):
    facts = DagsterFacts(at=NOW, runs_of_last_day=runs, run_totals=totals)
    return {(one.metric, one.labels.get("quantile")): one for one in sample_runs(facts, NOW)}


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([1], 0.5, 1), ([1, 2], 0.5, 1), ([3, 1, 2], 0.5, 2), (range(1, 101), 0.95, 95), ([1, 2, 3], 0.95, 3)],
    ids=["one", "two", "unsorted", "a hundred", "few"],
)
def test_a_quantile_is_a_value_that_occurred(values, share, found):
    assert quantile(list(values), share) == found


def test_failures_are_counted_among_the_runs_that_ended():
    found = told(run(1), run(2), run(3, succeeded=False), run(4))
    assert found["run_error_rate_percent", None].value == 25.0
    assert found["run_error_rate_percent", None].detail == "1 of 4 runs"


def test_durations_are_those_of_the_runs_whose_moments_are_known():
    found = told(*(run(number, seconds=number) for number in range(1, 21)), run(99, seconds=None))
    assert found["run_duration_seconds", "p50"].value == 10
    assert found["run_duration_seconds", "p95"].value == 19


def test_a_clock_that_stepped_back_makes_no_negative_duration():
    assert told(run(1, seconds=-30))["run_duration_seconds", "p50"].value == 0


def test_without_runs_there_is_no_error_rate_rather_than_none_of_errors():
    for one in told().values():
        if not one.metric.endswith("_total"):
            assert (one.value, one.status) == (None, CheckStatus.UNAVAILABLE)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (None, "Dagster was not asked"),
        (DagsterFacts(at=NOW), "Dagster was not asked"),
        (DagsterFacts(at=NOW, errors={"runs_of_last_day": "time out", "run_totals": "time out"}), "time out"),
    ],
    ids=["no facts", "not read", "failed"],
)
def test_what_dagster_did_not_tell_is_unknown(facts, why):
    samples = sample_runs(facts, NOW)
    assert {one.metric for one in samples} == {
        "run_error_rate_percent", "run_duration_seconds", "runs_finished_total", "runs_succeeded_total",
    }  # fmt: skip
    assert {(one.value, one.status, one.detail) for one in samples} == {(None, CheckStatus.UNKNOWN, why)}


def test_totals_are_handed_on():
    found = told(totals=RunTotals(finished=9, succeeded=7))
    assert (found["runs_finished_total", None].value, found["runs_succeeded_total", None].value) == (9, 7)


def work(visits=NOTHING, rates=None, answers=()):
    return {(one.metric, *one.labels.values()): one for one in sample_work(visits, rates or {}, answers, NOW)}


def test_visits_become_counters_a_share_and_items_per_minute():
    found = work(Visited(total=100, good=90, last_day=20, good_last_day=15, items_last_hour=30))
    assert found["source_visits_total",].value == 100
    assert found["source_visits_good_total",].value == 90
    assert found["source_success_percent",].value == 75
    assert found["items_per_minute",].value == 0.5


def test_without_visits_there_is_no_success_rate():
    assert work()["source_success_percent",].status is CheckStatus.UNAVAILABLE
    assert work()["source_visits_total",].value == 0


def test_stages_and_services_are_told_apart_by_label():
    found = work(rates={"documents": 120.0}, answers=[Answer("disk", "disk", 1.0), Answer("api", "http", 30.0)])
    assert found["stage_items_per_minute", "documents"].value == 120
    assert found["probe_response_ms", "disk"].value == 1


def test_the_response_time_is_that_of_the_slowest_http_service():
    found = work(answers=[Answer("a", "http", 30.0), Answer("b", "http", 90.0), Answer("db", "postgres", 900.0)])
    assert (found["api_response_ms",].value, found["api_response_ms",].detail) == (90, "b")


def test_without_an_http_service_there_is_no_response_time():
    assert work(answers=[Answer("db", "postgres", 900.0)])["api_response_ms",].status is CheckStatus.UNAVAILABLE


def upkeep(kept=None, **states):
    found = sample_maintenance(kept or Kept(None, None, None, None), states, NOW)
    return {(one.metric, one.labels.get("task")): one for one in found}


def hours(number):
    return NOW - timedelta(hours=number)


def test_backups_are_as_old_as_the_newest_and_the_newest_that_is_proven():
    found = upkeep(Kept(hours(900), hours(80), hours(3), hours(27)))
    assert found["backup_age_hours", None].value == 3
    assert found["backup_proven_age_hours", None].value == 27


def test_a_backup_that_was_never_made_or_never_proved_is_missing_since_it_could_have_been():
    none = upkeep(Kept(hours(100), None, None, None))["backup_age_hours", None]
    assert (none.value, none.detail) == (100, "there is no backup")
    found = upkeep(Kept(hours(100), hours(60), hours(2), None))
    assert (found["backup_age_hours", None].value, found["backup_proven_age_hours", None].value) == (2, 60)


def test_of_a_project_that_begins_now_the_age_of_its_backup_is_not_known_and_not_none():
    assert upkeep()["backup_age_hours", None].status is CheckStatus.UNAVAILABLE


def test_a_task_has_failed_when_its_latest_run_failed_or_was_cut_off_and_only_then():
    found = upkeep(
        a=("failed", "the target is full"), b=("abandoned", "cut off"), c=("done", "x"), d=("unavailable", "no docker")
    )
    values = {task: found["maintenance_failed", task].value for task in "abcd"}
    assert values == {"a": 1, "b": 1, "c": 0, "d": 0}
    assert found["maintenance_failed", "a"].detail == "the target is full"
    assert upkeep()["maintenance_failed", None].value is None
