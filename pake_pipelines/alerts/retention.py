"""How long what was alerted is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store import alert_groups, alert_series, alerts, silences
from pake_pipelines.store.database import Connection


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
