"""The schedules of ING-01..06: when they tick, what a tick asks for, and how they are switched off."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from pake_pipelines.definitions import build_defs
from pake_pipelines.settings import PACKAGE_HOME, Settings
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.sources import SourceState

MOMENT = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
BEHIND = {
    "entries",
    "documents",
    "link_checks",
    "embeddings",
    "duplicates",
    "connections",
    "confidence",
    "knowledge_nodes",
    "ingestion_report",
    "qa_report",
}


class Standing:
    """A knowledge base that remembers `states`, and of other sources nothing; None: one that does not answer."""

    def __init__(self, states):
        self._states = states

    async def heavy_work_held(self, now):
        if self._states is None:
            raise StoreError("nobody answers")
        return False

    async def states(self, slugs):
        if self._states is None:
            raise StoreError("nobody answers")
        return {slug: self._states.get(slug, SourceState()) for slug in slugs}


def tick(defs, name, moment=MOMENT, states=None):
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=moment,
            repository_def=defs.get_repository_def(),
            resources={"knowledge_base": Standing(states)},
        )
        return defs.resolve_schedule_def(name).evaluate_tick(context)


def test_the_schedules_are_what_they_were(shipped, snapshot):
    assert {
        schedule.name: {
            "cron": schedule.cron_schedule,
            "job": schedule.job_name,
            "starts": schedule.default_status.value,
            "timezone": schedule.execution_timezone,
            "description": schedule.description,
        }
        for schedule in sorted(shipped.schedules, key=lambda schedule: schedule.name)
    } == snapshot


def test_a_tick_asks_for_one_run_of_its_day_over_its_enabled_sources_and_everything_behind(shipped):
    (request,) = tick(shipped, "news_feeds").run_requests
    asked = {key.to_user_string() for key in request.asset_selection}
    assert asked == {"source/hacker-news-ai", "source/mit-technology-review-ai"} | BEHIND
    assert request.partition_key == "2026-11-22"
    fetch = request.run_config["ops"].pop("read_sources")["config"]
    assert not request.run_config["ops"]
    assert fetch == {"max_items_per_run": 15, "full_reprocess": False, "only_due": True}
    assert (request.tags["pake/schedule"], request.tags["dagster/priority"]) == ("news-feeds", "5")


def test_the_weekly_deep_scan_reads_every_enabled_source_again_and_settles_every_day(shipped, graph):
    (request,) = tick(shipped, "weekly_deep_scan").run_requests
    sources = {key for key in request.asset_selection if key.path[0] == "source"}
    assert sources == {key for key in graph.materializable_asset_keys if key.path[0] == "source"}
    fetch = request.run_config["ops"]["read_sources"]["config"]
    assert fetch == {"max_items_per_run": 100, "full_reprocess": True, "only_due": False}
    everywhere = {name for name, op in request.run_config["ops"].items() if op["config"].get("everywhere")}
    assert everywhere == BEHIND - {"entries", "link_checks", "ingestion_report", "qa_report"}


@pytest.mark.parametrize("name", ["email_processing", "file_system_scan"])
def test_a_tick_without_an_enabled_source_is_skipped_with_the_reason(shipped, name):
    outcome = tick(shipped, name)
    assert not outcome.run_requests
    assert "is enabled" in outcome.skip_message


RESTING = SourceState(consecutive_failures=5, rests=1, resting_until=MOMENT + timedelta(hours=2))
QUIET = SourceState(due_at=MOMENT + timedelta(hours=3), due_because="about 0.2 items a day")


def test_a_tick_leaves_out_sources_that_rest_or_are_not_due(shipped):
    (request,) = tick(shipped, "news_feeds", states={"hacker-news-ai": RESTING}).run_requests
    sources = {key.path[1] for key in request.asset_selection if key.path[0] == "source"}
    assert sources == {"mit-technology-review-ai"}


def test_a_tick_without_a_source_to_ask_is_skipped_with_each_ones_reason(shipped):
    states = {"hacker-news-ai": RESTING, "mit-technology-review-ai": QUIET}
    outcome = tick(shipped, "news_feeds", states=states)
    assert not outcome.run_requests
    assert outcome.skip_message.splitlines() == [
        "hacker-news-ai: resting until 2026-11-22 16:00 UTC after 5 failures in a row",
        "mit-technology-review-ai: not due until 2026-11-22 17:00 UTC: about 0.2 items a day",
    ]


def test_a_deep_scan_asks_even_those_that_are_not_due(shipped):
    (request,) = tick(shipped, "weekly_deep_scan", states={"hacker-news-ai": QUIET}).run_requests
    assert dg.AssetKey(["source", "hacker-news-ai"]) in request.asset_selection


def test_a_knowledge_base_that_does_not_answer_lets_the_run_find_out(shipped):
    assert tick(shipped, "news_feeds", states=None).run_requests


def test_the_day_of_a_tick_is_the_utc_day_that_it_was_scheduled_for(shipped):
    (request,) = tick(shipped, "news_feeds", datetime(2026, 11, 22, 0, 0, tzinfo=UTC)).run_requests
    assert request.partition_key == "2026-11-22"


def test_switching_automation_off_stops_every_schedule():
    defs = build_defs(settings=Settings(home=PACKAGE_HOME, automation_enabled=False))
    assert {schedule.default_status for schedule in defs.schedules} == {dg.DefaultScheduleStatus.STOPPED}


@pytest.mark.parametrize("variable", ["AUTOMATION_ENABLED", "PAKE_AUTOMATION_ENABLED"])
def test_automation_is_switched_off_by_the_environment(monkeypatch, variable):
    monkeypatch.setenv(variable, "false")
    assert Settings(home=PACKAGE_HOME).automation_enabled is False


@pytest.mark.parametrize("variable", ["METRICS_ENABLED", "PAKE_METRICS_ENABLED"])
def test_measuring_alone_is_switched_off_by_the_environment(monkeypatch, variable):
    monkeypatch.setenv(variable, "false")
    defs = build_defs(settings=Settings(home=PACKAGE_HOME))
    stopped = {one.name for one in defs.sensors if one.default_status is dg.DefaultSensorStatus.STOPPED}
    assert stopped == {"metrics"}
