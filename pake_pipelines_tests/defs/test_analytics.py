"""Analytics as Dagster shows it: assets with numbers and checks, a judgement in a tick, tasks that follow."""

import asyncio
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pake_pipelines.config.loading import ConfigError, load_maintenance, load_reports
from pake_pipelines.definitions import build_defs
from pake_pipelines.foresight import anomalies
from pake_pipelines.store import analyses
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.defs.conftest import checked, materialized
from pake_pipelines_tests.defs.house import QUIET, SOURCES, START, House
from pake_pipelines_tests.defs.house import checked as told_checks
from pake_pipelines_tests.defs.house import materialized as told
from pake_pipelines_tests.foresight.seeded import run_tasks, sample

ASSETS = {
    "metric_anomalies", "health_trends", "forecasts", "maintenance_window_forecast", "schedule_frequencies",
    "run_performance", "insights",
}  # fmt: skip
FOLLOWING = "analytics: {adaptive: {tasks: [cache_light_cleanup, full_optimization]}}\n"


def write(settings, *steps):
    async def carry_out():
        url = settings.database_url.get_secret_value()
        async with open_database(url) as database, database.transaction() as connection:
            for step, arguments, named in steps:
                await step(connection, *arguments, **named)

    asyncio.run(carry_out())


def odd(until):
    jump = "CASE WHEN days_ago < 0.05 THEN 500 ELSE 50 + 5 * noise END"
    return sample, ("db_query_ms", jump), {"days": 4, "unit": "ms", "until": until}


@pytest.fixture
def follower(configure):
    """Return a function that makes the definitions of a project whose `reports.yaml` says something."""

    def make(reports):
        settings = configure(SOURCES)
        (settings.configs / "reports.yaml").write_text(reports)
        for load in (load_reports, load_maintenance):
            load.cache_clear()
        return settings, build_defs(settings=settings)

    yield make
    load_reports.cache_clear()


def test_one_run_carries_out_every_analysis_and_tells_numbers_tables_and_checks(project):
    house, now = project(SOURCES), datetime.now(UTC)
    growing = (sample, ("disk_usage_percent", "85 - days_ago + 0.5 * noise"), {
        "days": 20, "minutes": 60, "unit": "percent", "labels": '{"mount": "/"}', "until": now,
    })  # fmt: skip
    slower = [
        (run_tasks, ("log_cleanup", "done", 12), {"until": now - timedelta(days=1)}),
        (run_tasks, ("log_cleanup", "done", 3), {"seconds": 60, "until": now}),
    ]
    write(house.settings, odd(now), growing, *slower)
    result = house.defs.resolve_job_def("analytics").execute_in_process(instance=house.instance)
    assert result.success
    made = materialized(result)
    assert set(made) == ASSETS
    assert made["metric_anomalies"]["open"] == 1
    assert made["forecasts"]["disk_usage_percent / days"] == pytest.approx(5, abs=2)
    assert "| disk_usage_percent / |" in made["forecasts"]["found"]
    assert made["run_performance"]["log_cleanup times"] == 6
    assert made["insights"]["limit_crossing"] == 1
    found = {name: (one.passed, one.severity) for (_, name), one in checked(result).items()}
    assert found == dict.fromkeys(
        ("no_open_anomaly", "nothing_fills_up", "no_regression"), (False, dg.AssetCheckSeverity.WARN)
    )
    (row,) = house.ask("SELECT count(DISTINCT run_id) AS runs, min(run_id) AS run FROM forecasts")
    assert (row["runs"], row["run"]) == (1, result.run_id)


def test_the_tick_that_samples_judges_too_and_loses_nothing_where_that_fails(configure, tmp_path, monkeypatch):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        house = House(configure(SOURCES), instance, QUIET)
        write(house.settings, odd(START))
        outcome = house.tick("metrics")
        assert told(outcome)["metric_anomalies"]["open"] == 1
        assert not told_checks(outcome)["metric_anomalies", "no_open_anomaly"].passed
        assert told(house.tick("metrics", later=300))["application_metrics"]["metric_anomaly db_query_ms all"] == 1

        async def fails(*_):
            raise ValueError("not today")

        monkeypatch.setattr(anomalies, "judge_if_due", fails)
        later = told(house.tick("metrics", later=900))
        assert "system_metrics" in later
        assert "metric_anomalies" not in later


def test_tasks_that_follow_leave_their_schedules_and_are_launched_by_a_sensor(follower, instance):
    settings, defs = follower(FOLLOWING)
    now = datetime.now(UTC)
    tick = defs.resolve_schedule_def("cache_light_cleanup").evaluate_tick(dg.build_schedule_context(instance=instance))
    assert tick.run_requests == []
    assert "the sensor adaptive_schedules launches it" in tick.skip_message
    sensor = defs.resolve_sensor_def("adaptive_schedules")
    first = sensor(dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def()))
    assert [one.job_name for one in first.run_requests] == ["cache_light_cleanup_job", "full_optimization_job"]
    again = sensor(
        dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def(), cursor=first.cursor)
    )
    assert "it is not due, next at" in again.skip_message
    # it ran three hours ago, and its last runs recommend an hour
    write(
        settings,
        (run_tasks, ("cache_light_cleanup", "done", 1), {"until": now - timedelta(hours=1)}),
        (run_tasks, ("full_optimization", "done", 1), {"until": now}),
        (
            analyses.save,
            ("frequency", {"cache_light_cleanup": {"recommended_seconds": 3600}}),
            {"run_id": "", "now": now},
        ),
    )
    due = sensor(dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def()))
    assert [one.job_name for one in due.run_requests] == ["cache_light_cleanup_job"]


def test_without_tasks_that_follow_there_is_no_sensor(shipped):
    assert "adaptive_schedules" not in {sensor.name for sensor in shipped.sensors}


def test_a_task_that_does_not_exist_cannot_follow(follower):
    with pytest.raises(ConfigError, match=r"reports.yaml:1: analytics.adaptive.tasks.0: no task 'magic'"):
        follower("analytics: {adaptive: {tasks: [magic]}}\n")
