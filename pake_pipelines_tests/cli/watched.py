"""A project that is watched, without Dagster: services that are files, and rounds that tests carry out."""

import asyncio
from datetime import UTC, datetime, timedelta

from pake_pipelines.alerts.evaluate import evaluate
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines.model.alert import Condition, Reading, Readings
from pake_pipelines.model.health import HealthSample, HealthStatus
from pake_pipelines.settings import get_settings
from pake_pipelines.store import health_samples
from pake_pipelines.store.database import open_database

OWN = [
    "knowledge-database", "dagster-daemons", "dagster-code", "dagster-queue", "dagster-partitions", "dagster-pools",
    "data-disk", "cache-upstash", "cache-mem0",
]  # fmt: skip
SERVICES = """
services:
  gate: {kind: heartbeat, title: The gate, path: gate.beat, period_seconds: 60, critical: true}
  mill: {kind: heartbeat, path: mill.beat, period_seconds: 60}
  mint: {enabled: false, kind: heartbeat, path: mint.beat, period_seconds: 60}
"""


class Watched:
    """A terminal in such a project, with what happened before."""

    def __init__(self, terminal, database_url, more=""):
        self.terminal, self.database_url = terminal, database_url
        off = "".join(f"  {name}: {{enabled: false}}\n" for name in OWN)
        (terminal.file.parent / "monitoring.yaml").write_text(SERVICES + off + more)
        terminal.configure("sources: {}\nschedules: {}\n")
        self.now = datetime.now(UTC)

    def pake(self, *arguments):
        return self.terminal.pake(*arguments)

    def beat(self, *services):
        for service in services:
            (self.terminal.home / f"{service}.beat").touch()

    def do(self, work):
        """Carry out `work(connection)` in one transaction."""

        async def carry_out():
            async with open_database(self.database_url) as database, database.transaction() as connection:
                return await work(connection)

        return asyncio.run(carry_out())

    def sampled(self, service, *found, every=timedelta(minutes=1), critical=False, facts=None):
        """Have found these statuses of a service, the last one just now."""
        count = len(found)
        samples = [
            HealthSample(service, "heartbeat", critical, HealthStatus(status), self.now - every * (count - 1 - number),
                         12.5, f"it was {status}", facts=facts)
            for number, status in enumerate(found)
        ]  # fmt: skip
        self.do(lambda connection: health_samples.save(connection, samples))

    def judged(self, *rounds, ago=timedelta()):
        """Judge `rounds` of {service: is bad}, a minute apart, the last one `ago`."""
        get_settings.cache_clear()
        config = load_monitoring(self.terminal.file.parent)

        async def judge():
            async with open_database(self.database_url) as database:
                for number, bad in enumerate(rounds):
                    moment = self.now - ago - timedelta(minutes=len(rounds) - 1 - number)
                    await evaluate(database, config, [_readings(bad, config)], moment)

        asyncio.run(judge())


def _readings(bad, config):
    series = tuple(
        Reading(
            {"service": name, "kind": "heartbeat", "critical": str(config.services[name].critical).lower()},
            condition=Condition.BAD if is_bad else Condition.OK,
            detail="no beat [1]",
        )
        for name, is_bad in bad.items()
    )
    return Readings("service", series, complete=True)
