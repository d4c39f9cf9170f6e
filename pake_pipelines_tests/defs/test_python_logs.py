"""What the stages log stands among the events of their run, with the settings that are shipped."""

import logging

import dagster as dg
import pytest
import yaml

from pake_pipelines.pipeline import progress
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines_tests.defs.conftest import materialized
from pake_pipelines_tests.feeds import item, rss, sources_yaml


@pytest.fixture
def instance(tmp_path):
    """An instance that logs as the shipped one does."""
    shipped = yaml.safe_load((PACKAGE_HOME / "dagster.yaml").read_text())
    with dg.DagsterInstance.local_temp(
        str(tmp_path), overrides={name: shipped[name] for name in ("python_logs", "telemetry")}
    ) as opened:
        yield opened
    logging.getLogger("pake_pipelines").setLevel(logging.NOTSET)


def logged(instance, result):
    """Return (step, level, message) of every line that was logged in a run, Dagster's own events left out."""
    entries = instance.all_logs(result.run_id)
    return [(one.step_key, one.level, one.user_message) for one in entries if not one.is_dagster_event]


@pytest.fixture
def feed(project):
    made = project(sources_yaml(file="feed.xml"))
    (made.settings.home / "feed.xml").write_bytes(rss(item(1), item(2), item(3)))
    return made


def test_progress_is_shown_among_the_events_of_a_run(feed, today, instance, monkeypatch):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    result = feed.run(today)
    assert result.success
    lines = logged(instance, result)
    assert [(step, level) for step, level, _ in lines] == [("embeddings", logging.INFO), ("duplicates", logging.INFO)]
    assert [line.partition(",")[0] for _, _, line in lines] == ["embedded 3 of 3 texts", "compared 3 of 3 texts"]


def test_a_short_run_logs_nothing_and_keeps_its_events(feed, today, instance):
    result = feed.run(today)
    assert logged(instance, result) == []
    stored = [one.dagster_event.event_type_value for one in instance.all_logs(result.run_id) if one.is_dagster_event]
    assert {"STEP_START", "STEP_SUCCESS", "ASSET_MATERIALIZATION", dg.DagsterEventType.RUN_SUCCESS.value} <= set(stored)
    assert materialized(result)["embeddings"]["device"] == "cpu"
