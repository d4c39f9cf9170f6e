"""How long what was watched, told and done is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.store import (
    alert_groups,
    alert_series,
    alerts,
    health_samples,
    metric_samples,
    notification_views,
    service_restarts,
    silences,
)
from pake_pipelines.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind were deleted."""

    alerts: int
    series: int
    groups: int
    silences: int


async def prune(connection: Connection, now: datetime, days: float) -> Pruned:
    """Delete what was over `days` ago: resolved alerts, quiet series, groups of channels switched off, silences.

    What is open, or has still to be told, stays however old it is. Belongs into one transaction.
    """
    before = now - timedelta(days=days)
    # groups first: they keep the alerts that they have still to tell of
    groups = await alert_groups.prune(connection, before)
    return Pruned(
        alerts=await alerts.prune(connection, before),
        series=await alert_series.prune(connection, before),
        groups=groups,
        silences=await silences.prune(connection, before),
    )


async def forget_old(database: Database, config: MonitoringConfig, now: datetime) -> None:
    """Delete what is older than the configuration keeps it, of samples a batch: whoever is called often gets on."""
    days = config.alerting.delivery.keep_days
    async with database.connection() as connection:
        await metric_samples.prune(connection, now - timedelta(days=config.metrics.keep_days))
        await health_samples.prune(connection, now - timedelta(days=config.probing.keep_days))
    async with database.transaction() as connection:
        await prune(connection, now, days)
        await notification_views.prune(connection, now - timedelta(days=days))
        await service_restarts.prune(connection, now - timedelta(days=days))
