"""The sensor `status_page`: when it writes the page, when it tells Dagster, and what it says without a database."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from pake_pipelines.config.loading import load_monitoring, load_quality, load_sources
from pake_pipelines.config.reports import StatusPage
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.reports.status import STATUS_ASSET, status_definitions
from pake_pipelines.store.database import open_database
from pake_pipelines_tests.defs.house import QUIET, SOURCES

ALONE = "  cache-mem0: {enabled: false}\n  cache-upstash: {enabled: false}\n"
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRES = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, started_at, fired_at, last_seen_at)
VALUES ('a1', 'a1', 'high-cpu', 'warning', '{}', 'firing', 'CPU at 97 %', $1, $1, $1)
"""
PROBED = """
INSERT INTO health_samples (service, at, kind, critical, status, detail)
VALUES ('knowledge-database', $1, 'postgres', true, 'healthy', 'answers')
"""
DONE = """
INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at)
VALUES ('log_cleanup', 'done', 'dagster', $1, $1)
"""


class Wall:
    """The sensor of a project and the page that it writes."""

    def __init__(self, settings, instance):
        (settings.configs / "monitoring.yaml").write_text(QUIET + ALONE)
        for load in (load_sources, load_quality, load_monitoring):
            load.cache_clear()
        self.settings, self.instance, self.now, self.cursor = settings, instance, START, None
        self.watch(settings)

    def watch(self, settings):
        config, sources = load_monitoring(settings.configs), load_sources(settings.configs)
        watching = Watching(settings, config, sources, lambda: self.now)
        self.made = status_definitions(watching, StatusPage(), on=True)
        self.defs = dg.Definitions(assets=[self.made.asset], sensors=[self.made.sensor])

    def tick(self, later=30):
        """Let the sensor tick; return its outcome."""
        self.now += timedelta(seconds=later)
        for kind in self.instance.get_required_daemon_types():
            self.instance.add_daemon_heartbeat(DaemonHeartbeat(self.now.timestamp(), kind, "1", None))
        context = dg.build_sensor_context(
            instance=self.instance, repository_def=self.defs.get_repository_def(), cursor=self.cursor
        )
        outcome = self.made.sensor(context)
        if isinstance(outcome, dg.SensorResult):
            self.cursor = outcome.cursor
        return outcome

    async def do(self, statement):
        url = self.settings.database_url.get_secret_value()
        async with open_database(url) as database, database.transaction() as connection:
            await connection.execute(statement, self.now)

    @property
    def told(self):
        return json.loads((self.settings.data / "reports" / "status.json").read_text())


@pytest.fixture
def wall(configure, tmp_path):
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as instance:
        yield Wall(configure(SOURCES), instance)


def wrote(outcome):
    return isinstance(outcome, dg.SensorResult)


def reported(outcome):
    return wrote(outcome) and [one.asset_key.to_user_string() for one in outcome.asset_events] == [STATUS_ASSET]


def run(coroutine):
    asyncio.run(coroutine)


def test_the_page_is_written_at_its_rhythm_and_at_once_when_something_changes(wall):
    run(wall.do(PROBED))
    assert reported(wall.tick())
    assert (wall.told["overall"], wall.told["because"]) == ("healthy", [])
    assert isinstance(wall.tick(), dg.SkipReason)
    run(wall.do(FIRES))
    changed = wall.tick()
    assert reported(changed)  # how everything stands is another now
    assert wall.told["overall"] == "warning"
    assert wall.told["because"] == ["1 alert fires (1 warning)"]
    run(wall.do("UPDATE alerts SET acknowledged_at = $1, acknowledged_by = 'lea'"))
    taken_up = wall.tick()
    assert wrote(taken_up)
    assert not reported(taken_up)  # it is a warning as before
    assert isinstance(wall.tick(), dg.SkipReason)
    run(wall.do(DONE))
    assert wrote(wall.tick())  # a task of maintenance has ended
    assert isinstance(wall.tick(), dg.SkipReason)
    run(wall.do(PROBED))
    assert wrote(wall.tick(later=300))
    run(wall.do(PROBED))
    assert reported(wall.tick(later=1800))  # Dagster hears of an unchanged page now and then
    (wall.settings.data / "reports" / "status.html").unlink()
    assert wrote(wall.tick())  # somebody has deleted it


def test_without_a_database_the_page_says_so_and_how_it_stood_before_instead_of_staying_green(wall):
    run(wall.do(PROBED))
    wall.tick()
    wall.watch(wall.settings.model_copy(update={"database_url": None}))  # the embedded server, which is not up
    outcome = wall.tick()
    assert reported(outcome)
    page = (wall.settings.data / "reports" / "status.html").read_text()
    assert "the knowledge database cannot be read" in page
    assert "healthy at 22 Nov 2026 12:00 UTC" in page
    assert (wall.told["overall"], wall.told["hit_ratio"]) == ("critical", None)
    assert isinstance(wall.tick(), dg.SkipReason)
    assert wrote(wall.tick(later=300))
    assert "healthy at 22 Nov 2026 12:00 UTC" in (wall.settings.data / "reports" / "status.html").read_text()


def test_the_asset_writes_the_page_by_hand_and_every_asset_that_it_leads_to_is_there(graph, wall):
    result = dg.materialize([wall.made.asset], instance=wall.instance)
    (told,) = result.asset_materializations_for_node(STATUS_ASSET)
    assert told.metadata["overall"].value == "unknown"  # nothing was ever probed
    page = (wall.settings.data / "reports" / "status.html").read_text()
    named = set(re.findall(r'href="http://127.0.0.1:3000/assets/([^"]+)"', page))
    assert {"service_health", "alerts", "qa_report", "forecasts", "metric_anomalies"} <= named
    assert named - {key.to_user_string() for key in graph.get_all_asset_keys()} == set()
