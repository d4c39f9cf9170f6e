"""Everything that the status page tells of, read at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from pake_pipelines.model.health import HealthSample, HealthStatus, Transition, Uptime
from pake_pipelines.model.incident import Incident
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.monitoring.figures import NEVER, standing
from pake_pipelines.reports.parts.service_lines import STRIP_CELLS
from pake_pipelines.store import (
    alert_statistics,
    anomalies,
    backups,
    forecasts,
    health_samples,
    incidents,
    maintenance_runs,
    metric_samples,
    monitor_ticks,
    monitoring_statistics,
    recent_activity,
    recent_events,
    statistics,
)
from pake_pipelines.store.alert_statistics import ActiveAlert, AlertCounts
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.health_samples import LONGEST_GAP
from pake_pipelines.store.maintenance_runs import TaskRun
from pake_pipelines.store.monitoring_statistics import Bin
from pake_pipelines.store.recent_activity import Rounds, SourceCounts, StatusBin, StatusLine, TaskCount
from pake_pipelines.store.recent_events import Event
from pake_pipelines.store.statistics import Visits

SAMPLED_EACH_ROUND: Final = "memory_usage_percent"
"""A metric that no round leaves out: its samples tell when somebody sampled at all."""

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
HOURS_SHOWN: Final = 48
DAYS_SHOWN: Final = 30
_MOST_EVENTS: Final = 40
_MOST_ALERTS: Final = 50
_MOST_CHANGES: Final = 200


@dataclass(frozen=True, slots=True)
class Service:
    """A service: its newest sample (unknown where that is too old), and its last day."""

    title: str
    sample: HealthSample
    strip: Sequence[HealthStatus | None]
    day: Uptime | None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The nodes: by status, by hour of the last two days and by day of the last thirty; sources and their visits."""

    statuses: Sequence[StatusLine]
    hourly: Sequence[StatusBin]
    daily: Sequence[StatusBin]
    sources: SourceCounts
    visits: Visits


@dataclass(frozen=True, slots=True)
class Work:
    """What was done: rounds of sampling and of analysis, tasks of the last day, the newest run of each task."""

    sampling: Rounds
    analysis: Rounds
    tasks: Sequence[TaskCount]
    latest: Sequence[TaskRun]


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything as of `now`; `probes` are the answers of services over the last day, `used_again` a share.

    `anomalies_at` is when somebody looked for anomalies last, None where nobody does.
    """

    now: datetime
    services: Sequence[Service]
    changes: Sequence[Transition]
    counts: AlertCounts
    alerts: Sequence[ActiveAlert]
    incidents: Sequence[Incident]
    metrics: Sequence[MetricSample]
    probes: Sequence[Bin]
    used_again: float | None
    knowledge: Knowledge
    work: Work
    backups: Sequence[BackupRow]
    forecasts: Sequence[ForecastRow]
    anomalies: Sequence[Anomaly]
    anomalies_at: datetime | None
    events: Sequence[Event]

    @property
    def looked_at(self) -> datetime | None:
        """When somebody looked last: a service was probed, and with it the alert rules were judged; None for never."""
        return max((one.sample.at for one in self.services if one.sample.detail != NEVER), default=None)

    @property
    def is_watched(self) -> bool:
        """Whether that was so short a time ago that what stands there still holds."""
        return self.looked_at is not None and self.now - self.looked_at <= LONGEST_GAP


async def read(desk: Desk) -> Seen:
    """Read everything."""
    connection, now = desk.connection, desk.now
    services = await _services(desk)
    known = {one.sample.service for one in services}
    changes = await health_samples.transitions(connection, now - DAY)
    return Seen(
        now=now,
        services=services,
        changes=[one for one in changes if one.service in known and one.before is not None][-_MOST_CHANGES:],
        counts=await alert_statistics.alert_counts(connection, now - DAY),
        alerts=await alert_statistics.active_alerts(connection, _MOST_ALERTS),
        incidents=await incidents.list_incidents(connection),
        metrics=await metric_samples.latest(connection, now),
        probes=await monitoring_statistics.metric_bins(connection, ("probe_response_ms",), now - DAY, now, DAY),
        used_again=await recent_activity.used_again_share(connection),
        knowledge=await _knowledge(desk),
        work=await _work(desk),
        backups=await backups.listed(connection),
        forecasts=await forecasts.latest(connection),
        anomalies=await anomalies.open_now(connection),
        anomalies_at=await _anomalies_at(desk),
        events=await recent_events.recent_events(connection, now - 7 * DAY, now, _MOST_EVENTS),
    )


async def _anomalies_at(desk: Desk) -> datetime | None:
    tick = await monitor_ticks.read(desk.connection, anomalies.TICK)
    return None if tick is None or tick.memory.get("off") else tick.ticked_at


async def _services(desk: Desk) -> list[Service]:
    connection, now = desk.connection, desk.now
    latest = await health_samples.latest(connection, now)
    days = await health_samples.uptimes(connection, now - DAY, now)
    strips = await monitoring_statistics.worst_by_time(connection, now - DAY, now, STRIP_CELLS)
    return [
        Service(
            title=service.title or name,
            sample=standing(name, service, latest.get(name), now, LONGEST_GAP),
            strip=strips.get(name, [None] * STRIP_CELLS),
            day=days.get(name),
        )
        for name, service in desk.configs.monitoring.enabled_services().items()
    ]


async def _knowledge(desk: Desk) -> Knowledge:
    connection, now = desk.connection, desk.now
    hours = first_hour(now)
    return Knowledge(
        statuses=await recent_activity.nodes_by_status(connection),
        hourly=await recent_activity.nodes_by_time(connection, hours, now, HOUR),
        daily=await recent_activity.nodes_by_time(connection, first_day(now), now, DAY),
        sources=await recent_activity.source_counts(connection, now),
        visits=(await statistics.statistics(connection, now - DAY)).total,
    )


async def _work(desk: Desk) -> Work:
    connection, now = desk.connection, desk.now
    return Work(
        sampling=await recent_activity.rounds_of(connection, SAMPLED_EACH_ROUND, now - DAY, now),
        analysis=await recent_activity.analysis_rounds(connection, now - DAY, now),
        tasks=await recent_activity.task_counts(connection, now - DAY, now),
        latest=list((await maintenance_runs.latest(connection)).values()),
    )


def first_hour(now: datetime) -> datetime:
    """Return the beginning of the first hour that is shown (UTC)."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS_SHOWN - 1) * HOUR


def first_day(now: datetime) -> datetime:
    """Return the beginning of the first day that is shown (UTC)."""
    return datetime.combine(now.astimezone(UTC).date(), time(), UTC) - (DAYS_SHOWN - 1) * DAY
