"""A project whose sensors tick in this process, on a clock that the test sets."""

import asyncio
from datetime import UTC, datetime, timedelta

import dagster as dg

from pake_pipelines.config.loading import load_monitoring, load_quality, load_sources
from pake_pipelines.definitions import build_defs
from pake_pipelines.defs.health.healing import healing_jobs, healing_sensor
from pake_pipelines.defs.health.sensors import looking_sensors
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.store.database import open_database

SOURCES = "sources: {}\nschedules: {}\n"
# nothing of the instance, no metric bounds: what a test is about it says itself
QUIET = """
services:
  dagster-daemons: {enabled: false}
  dagster-code: {enabled: false}
  dagster-queue: {enabled: false}
  dagster-partitions: {enabled: false}
  dagster-pools: {enabled: false}
  data-disk: {enabled: false}
"""
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class House:
    """The sensors of a project and the instance that they report to."""

    def __init__(self, settings, instance, monitoring=QUIET):
        (settings.configs / "monitoring.yaml").write_text(monitoring)
        for load in (load_sources, load_quality, load_monitoring):
            load.cache_clear()
        self.settings, self.instance, self.now = settings, instance, START
        self.config, sources = load_monitoring(settings.configs), load_sources(settings.configs)
        self.watching = Watching(settings, self.config, sources, lambda: self.now)
        self.defs = build_defs(settings=settings)
        self.repository = self.defs.get_repository_def()
        heal, recover = healing_jobs()
        sensors = [
            *looking_sensors(self.watching, recover, on=True),
            healing_sensor(self.watching, heal, recover, on=True),
        ]
        self.sensors = {sensor.name: sensor for sensor in sensors}
        self.cursors = {}

    def tick(self, name="service_health", *, later=30, into_instance=True):
        """Let a sensor tick `later` seconds after the last tick, and report what it says as the daemon would."""
        self.now += timedelta(seconds=later)
        context = dg.build_sensor_context(
            instance=self.instance, repository_def=self.repository, cursor=self.cursors.get(name)
        )
        outcome = self.sensors[name](context)
        if isinstance(outcome, dg.SensorResult):
            self.cursors[name] = outcome.cursor or self.cursors.get(name)
            for event in outcome.asset_events if into_instance else ():
                self.instance.report_runless_asset_event(event)
        return outcome

    def ask(self, statement, *values):
        """Return the rows of a query."""
        return asyncio.run(self._ask(statement, *values))

    async def _ask(self, statement, *values):
        url = self.settings.database_url.get_secret_value()
        async with open_database(url) as database, database.transaction() as connection:
            return await connection.fetch(statement, *values)


def materialized(outcome):
    """Return the metadata of each materialization that a tick reports, by asset."""
    if not isinstance(outcome, dg.SensorResult):
        return {}
    return {
        event.asset_key.to_user_string(): {name: entry.value for name, entry in event.metadata.items()}
        for event in outcome.asset_events
        if isinstance(event, dg.AssetMaterialization)
    }


def checked(outcome):
    """Return the check evaluations that a tick reports, by (asset, check)."""
    if not isinstance(outcome, dg.SensorResult):
        return {}
    return {
        (event.asset_key.to_user_string(), event.check_name): event
        for event in outcome.asset_events
        if isinstance(event, dg.AssetCheckEvaluation)
    }
