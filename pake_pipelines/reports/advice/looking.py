"""Reading the situation: thin, through the store; each figure as the database has it at this moment."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.reports.advice import quality
from pake_pipelines.reports.advice.bounds import Bounds, bounds_of
from pake_pipelines.reports.advice.situation import Alerts, Knowledge, Places, Sampling, Situation
from pake_pipelines.settings import PACKAGE_HOME, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pake_pipelines.model.health import HealthSample
    from pake_pipelines.reports.desk import Desk
    from pake_pipelines.reports.qa.figures import Statistics
    from pake_pipelines.store.analyses import Analysis

KINDS: Final = ("trend", "quiet_hours", "frequency", "regression", "pressure", "insight")
_LOADS: Final = ("cpu_usage_percent", "memory_usage_percent", "disk_usage_percent")
_HOUR: Final = timedelta(hours=1)
_ALERTS: Final = 100
_INCIDENTS: Final = 100


async def look(desk: "Desk", statistics: "Statistics | None" = None) -> Situation:
    """Return how everything stands; `statistics` of the knowledge are read where nobody has done so yet."""
    from pake_pipelines.store import (
        alert_statistics,
        anomalies,
        backups,
        channel_use,
        forecasts,
        incidents,
        maintenance_runs,
        metric_samples,
        monitoring_statistics,
    )

    connection, now, bounds = desk.connection, desk.now, bounds_of(desk.configs)
    counts = await alert_statistics.alert_counts(connection, now - timedelta(days=1))
    latest = await metric_samples.latest(connection, now)
    return Situation(
        now=now,
        bounds=bounds,
        places=Places(desk.dagster, runbooks_beside(desk.settings)),
        alerts=Alerts(counts.firing, await alert_statistics.active_alerts(connection, _ALERTS)),
        services=await _services(desk),
        # project metrics are looked at seldom: only the others tell whether somebody is sampling
        sampling=Sampling(max((one.at for one in latest if one.metric == "memory_usage_percent"), default=None)),
        hour=await monitoring_statistics.metric_bins(connection, _LOADS, now - _HOUR, now, _HOUR),
        incidents=await incidents.list_incidents(connection, limit=_INCIDENTS),
        knowledge=await _knowledge(desk, bounds, statistics),
        forecasts=await forecasts.latest(connection),
        analyses=await _analyses(desk),
        anomalies=await anomalies.open_now(connection),
        backups=await backups.listed(connection),
        tasks=await maintenance_runs.latest(connection, ended=True),
        channels=await channel_use.last_ended(connection),
    )


def runbooks_beside(settings: Settings) -> str:
    """Return the way from the directory of the reports to the runbooks."""
    return os.path.relpath(PACKAGE_HOME / "docs" / "runbooks", settings.data / "reports")


async def _services(desk: "Desk") -> "Sequence[HealthSample]":
    from pake_pipelines.reports.monitoring.figures import standing
    from pake_pipelines.store import health_samples

    latest = await health_samples.latest(desk.connection, desk.now)
    return [
        standing(name, service, latest.get(name), desk.now, health_samples.LONGEST_GAP)
        for name, service in desk.configs.monitoring.enabled_services().items()
    ]


async def _knowledge(desk: "Desk", bounds: Bounds, known: "Statistics | None") -> Knowledge:
    """Return the figures, and only what the evidence of the rules that apply names: reading it takes its time."""
    from pake_pipelines.reports.qa.figures import read_statistics, rule_lines
    from pake_pipelines.store import qa_findings, qa_statistics

    connection = desk.connection
    held = Knowledge(known or await read_statistics(connection, desk.configs.quality))
    so_far = Situation(desk.now, bounds, knowledge=held)
    judged = quality.is_pending(so_far) or quality.is_often_rejected(so_far)
    return Knowledge(
        held.statistics,
        rules=rule_lines(await qa_findings.rules(connection), ()) if judged else (),
        factors=await qa_findings.factors(connection) if quality.is_often_low(so_far) else (),
        sources=await qa_statistics.by_source(connection) if quality.is_low_average(so_far) else (),
    )


async def _analyses(desk: "Desk") -> "Mapping[str, Mapping[str, Analysis]]":
    from pake_pipelines.store import analyses

    return {kind: await analyses.latest(desk.connection, kind) for kind in KINDS}
