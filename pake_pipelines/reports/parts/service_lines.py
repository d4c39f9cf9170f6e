"""The services as reports tell of them: how each stands, and for how long it served."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.model.health import HealthStatus, Uptime
from pake_pipelines.reports.health.figures import OverallUptime, overall_uptime
from pake_pipelines.reports.monitoring.figures import ServiceLine, address, standing
from pake_pipelines.store import health_samples, monitoring_statistics, service_restarts
from pake_pipelines.store.database import Connection
from pake_pipelines.store.health_samples import LONGEST_GAP

STRIP_CELLS: Final = 48
"""Stretches of half an hour: the last day of a service at a glance."""

_DAY: Final = timedelta(days=1)
_WINDOWS: Final = (_DAY, timedelta(days=7), timedelta(days=30))
GRAVITY: Final = (
    HealthStatus.CRITICAL,
    HealthStatus.UNHEALTHY,
    HealthStatus.UNKNOWN,
    HealthStatus.DEGRADED,
    HealthStatus.HEALTHY,
    HealthStatus.NOT_CONFIGURED,
)


def overall_of(config: MonitoringConfig, uptimes: Mapping[str, Uptime]) -> OverallUptime:
    """Return how the services that are switched on served together."""
    return overall_uptime(
        [(service.title or name, uptimes.get(name)) for name, service in config.enabled_services().items()]
    )


async def service_lines(connection: Connection, config: MonitoringConfig, now: datetime) -> list[ServiceLine]:
    """Return every service that is switched on, the worst first."""
    latest = await health_samples.latest(connection, now)
    day, week, month = await health_samples.uptimes_since(connection, [now - back for back in _WINDOWS], now)
    strips = await monitoring_statistics.worst_by_time(connection, now - _DAY, now, STRIP_CELLS)
    restarts = await monitoring_statistics.restart_counts(connection, now - _DAY)
    attempts: Mapping[str, int] = {one.service: one.attempts for one in restarts}
    alone = await service_restarts.surrenders(connection)
    found = [
        ServiceLine(
            name=name,
            title=service.title or name,
            kind=service.kind,
            critical=service.critical,
            sample=standing(name, service, latest.get(name), now, LONGEST_GAP),
            address=address(service),
            day=day.get(name),
            week=week.get(name),
            month=month.get(name),
            strip=strips.get(name, [None] * STRIP_CELLS),
            restarts_day=attempts.get(name, 0),
            left_alone=alone[name].detail if name in alone else None,
        )
        for name, service in config.enabled_services().items()
    ]
    return sorted(found, key=lambda one: GRAVITY.index(one.status))
