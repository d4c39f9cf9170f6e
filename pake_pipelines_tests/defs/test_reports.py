"""Reports in Dagster: an asset for each, and editions that make some together and deliver them once."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from pake_pipelines.config.loading import load_reports
from pake_pipelines.config.reports import REPORT_NAMES, Edition, ReportsConfig
from pake_pipelines.defs.reports.documents import OWN_ASSETS
from pake_pipelines.defs.reports.editions import edition_jobs, edition_schedules, made_every
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines_tests.defs.house import QUIET, SOURCES, House

MAIL = """
alerting:
  channels:
    email: {sender: pake@example.org, recipients: [me@example.org], username_env: null}
"""
EDITIONS = """
editions:
  morning:
    schedule: "daily at 05:30"
    reports: [log_report, daily_operations_checklist]
    channels: [email, slack, gone]
"""
TICK = datetime(2026, 11, 22, 5, 30, tzinfo=UTC)


@pytest.fixture
def instance(tmp_path):
    with dg.DagsterInstance.local_temp(str(tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture
def house(configure, instance):
    settings = configure(SOURCES)
    (settings.configs / "reports.yaml").write_text(EDITIONS)
    load_reports.cache_clear()
    return House(settings, instance, QUIET + MAIL)


def tick(house, edition):
    context = dg.build_schedule_context(instance=house.instance, scheduled_execution_time=TICK)
    return house.defs.resolve_schedule_def(edition).evaluate_tick(context)


def run(house, config=None):
    job = house.defs.resolve_job_def("morning_job")
    return job.execute_in_process(instance=house.instance, run_config=config or {})


def metadata(result):
    return {
        event.asset_key.to_user_string(): {
            name: one.value for name, one in event.step_materialization_data.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
    }


def test_an_edition_is_delivered_by_its_schedule_and_not_when_it_is_run_by_hand(house):
    (request,) = tick(house, "morning").run_requests
    assert request.tags["pake/edition"] == "morning"
    result = run(house, request.run_config)
    made = metadata(result)
    assert set(made) == {"log_report", "daily_operations_checklist"}
    rows = house.ask("SELECT key, channel, message FROM notifications ORDER BY key, channel")
    assert [(row["key"], row["channel"]) for row in rows] == [
        (f"report:{name}:{result.run_id}", channel)
        for name in ("daily_operations_checklist", "log_report")
        for channel in ("email", "slack")
    ]
    for row in rows:
        (page,) = map(Path, row["message"]["attachments"])
        assert page.parent.name == "kept"
        assert page.read_text("utf-8").startswith("<!doctype html>")
    for one in made.values():
        assert one["sent_to"] == ["email"]
        assert set(one["not_sent"]) == {"slack", "gone"}, "slack has no address, gone is nowhere"
        assert one["page"].endswith(".html")
        assert len(one["report"]) > 20
    checks = {one.check_name: one for one in result.get_asset_check_evaluations()}
    counts = {name: made["daily_operations_checklist"][name] for name in ("pass", "fail", "unknown", "manual")}
    assert counts["unknown"] > 0, "nothing was ever looked at here"
    assert (checks["nothing_failed"].passed, checks["nothing_failed"].severity) == (False, dg.AssetCheckSeverity.WARN)

    again = metadata(run(house))
    assert "sent_to" not in again["log_report"]
    assert len(house.ask("SELECT 1 FROM notifications")) == 4


WEEKLY = Edition(schedule="weekly on monday at 05:00", reports=("log_report",), channels=())


def schedules(home, *, on=True):
    config = ReportsConfig.model_construct(editions={"a": WEEKLY, "b": WEEKLY.model_copy(update={"enabled": False})})
    made = edition_schedules(Settings(home=home), config, edition_jobs(config), on=on)
    return {one.name: one for one in made}


def test_an_edition_that_goes_on_is_not_begun_again(tmp_path):
    schedule = schedules(tmp_path)["a"]
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=TICK)
        assert [run.run_config for run in schedule.evaluate_tick(context).run_requests] == [
            {"ops": {"log_report": {"config": {"channels": []}}}}
        ]
        create_run_for_test(instance, job_name="a_job", status=dg.DagsterRunStatus.STARTED)
        assert schedule.evaluate_tick(context).skip_message == "the last one goes on"


def test_an_edition_starts_out_running_unless_it_or_automation_is_switched_off(tmp_path):
    running, stopped = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
    assert {name: one.default_status for name, one in schedules(tmp_path).items()} == {"a": running, "b": stopped}
    assert {one.default_status for one in schedules(tmp_path, on=False).values()} == {stopped}


def test_every_report_is_an_asset_and_every_edition_a_job_with_its_schedule(shipped, graph):
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert keys >= REPORT_NAMES
    editions = load_reports(PACKAGE_HOME / "configs").editions
    crons = {name: shipped.resolve_schedule_def(name).cron_schedule for name in editions}
    assert crons == {
        "daily_health_check": "0 7 * * *",
        "weekly_report": "0 5 * * 0",
        "weekly_executive_summary": "0 17 * * 5",
        "monthly_report": "0 6 1 * *",
        "yearly_checklist": "0 6 1 1 *",
    }
    for name, edition in editions.items():
        job = shipped.resolve_job_def(f"{name}_job")
        assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == set(edition.reports)


def test_what_an_edition_makes_is_to_stay_fresh_and_what_nobody_makes_is_not(graph):
    for name in REPORT_NAMES - OWN_ASSETS:
        assert (graph.get(dg.AssetKey(name)).freshness_policy is not None) is (
            name in made_every(load_reports(PACKAGE_HOME / "configs"))
        )


def test_a_report_is_due_by_the_edition_that_comes_most_often():
    editions = {
        "week": Edition(schedule="weekly on monday at 05:00", reports=("log_report",)),
        "month": Edition(schedule="monthly on the 1st at 05:00", reports=("log_report", "qa_report")),
        "off": Edition(enabled=False, schedule="hourly", reports=("health_report",)),
    }
    found = made_every(ReportsConfig.model_construct(editions=editions))
    assert {name: gap.days for name, gap in found.items()} == {"log_report": 7, "qa_report": 31}
