"""The monitoring report: how everything stands and went, and what to do.

MON-08..12, MON-25, MON-29, SVC-15, SVC-33.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.health.kpis import KpiResult, judge
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.health import DOWN, HealthStatus, overall
from pake_pipelines.model.incident import Incident, IncidentStatistics
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.reports.advice.bounds import Bounds
from pake_pipelines.reports.advice.situation import Alerts, Sampling, Situation
from pake_pipelines.reports.advice.table import advise
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.monitoring.figures import (
    Average,
    HealthTrend,
    MetricTrend,
    ServiceLine,
    average,
    failed_runs,
    health_trend,
    metric_trend,
)
from pake_pipelines.reports.parts.judged_rules import not_judged
from pake_pipelines.reports.parts.service_lines import service_lines
from pake_pipelines.store import (
    alert_rounds,
    alert_statistics,
    incidents,
    metric_samples,
    monitor_ticks,
    monitoring_statistics,
)
from pake_pipelines.store.alert_statistics import ActiveAlert, AlertCounts, RuleCount
from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_performance import DatabasePerformance, database_performance
from pake_pipelines.store.error_summary import ErrorCount, error_summary
from pake_pipelines.store.monitoring_statistics import Bin, RestartCount

AVERAGED: Final = ("cpu_usage_percent", "memory_usage_percent", "disk_usage_percent")
CHARTED: Final = (
    "cpu_usage_percent",
    "memory_usage_percent",
    "disk_usage_percent",
    "db_query_ms",
    "api_response_ms",
    "run_error_rate_percent",
)
_TRENDS: Final = (*CHARTED, "db_size_bytes", "run_duration_seconds", "source_success_percent")
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=30)
_HOUR: Final = timedelta(hours=1)
_ALERTS: Final = 50
_RULES: Final = 5
_INCIDENTS: Final = 100
_ERRORS: Final = 30


@dataclass(frozen=True, slots=True)
class MonitoringReport:
    """Everything the report says. `runs_known` is False where Dagster did not tell of its runs.

    `unjudged` says that nobody judges the alert rules, None where they are judged.

    `services` stand in the order of how bad they are, `hourly` are the charted metrics of the last 7 days by hour.
    `latest` are the newest samples of all metrics, `sampled_at` is when the last round of them was.
    """

    made_at: datetime
    overall: HealthStatus
    services: Sequence[ServiceLine]
    counts: AlertCounts
    unjudged: str | None
    active: Sequence[ActiveAlert]
    rules: Sequence[RuleCount]
    averages: Sequence[Average]
    kpis: Sequence[KpiResult]
    trends: Sequence[MetricTrend]
    health_week: HealthTrend
    health_month: HealthTrend
    errors: Sequence[ErrorCount]
    errors_left_out: int
    runs_known: bool
    incidents: IncidentStatistics
    open_incidents: Sequence[Incident]
    restarts: Sequence[RestartCount]
    database: DatabasePerformance
    recommendations: Sequence[Recommendation]
    hourly: Sequence[Bin]
    latest: Sequence[MetricSample]
    sampled_at: datetime | None

    @property
    def critical_issues(self) -> int:
        """How many services do not serve as they should (SVC-33)."""
        bad = DOWN | {HealthStatus.DEGRADED}
        return sum(one.status in bad for one in self.services)

    @property
    def warnings(self) -> int:
        """How many services are not configured, or unknown (SVC-33)."""
        return sum(one.status in {HealthStatus.NOT_CONFIGURED, HealthStatus.UNKNOWN} for one in self.services)


async def build_report(
    connection: Connection, config: MonitoringConfig, bounds: Bounds, facts: DagsterFacts | None, now: datetime
) -> MonitoringReport:
    """Return the report as of `now`; beyond `bounds` something is recommended. Reads only.

    `facts` is what Dagster told of its runs.
    """
    services = await service_lines(connection, config, now)
    latest = await metric_samples.latest(connection, now)
    counts = await alert_statistics.alert_counts(connection, now - _DAY)
    tick = await monitor_ticks.read(connection, alert_rounds.NAME)
    active = await alert_statistics.active_alerts(connection, _ALERTS)
    hourly = await monitoring_statistics.metric_bins(connection, CHARTED, now - _WEEK, now, _HOUR)
    today = now.astimezone(UTC).date()
    month = datetime.combine(today, time(), UTC) - timedelta(days=29)
    daily = await monitoring_statistics.metric_bins(connection, _TRENDS, month, now, _DAY)
    week_health, month_health = await _health_trends(connection, services, now, month)
    errors, runs_known = await _errors(connection, facts, now)
    # project metrics are looked at seldom: only the others tell whether somebody is sampling
    sampled_at = max((one.at for one in latest if one.metric == "memory_usage_percent"), default=None)
    open_incidents = await incidents.list_incidents(connection, limit=_INCIDENTS)
    situation = Situation(
        now,
        bounds,
        alerts=Alerts(counts.firing, active),
        services=[one.sample for one in services],
        sampling=Sampling(sampled_at),
        hour=await monitoring_statistics.metric_bins(connection, AVERAGED, now - _HOUR, now, _HOUR),
        incidents=open_incidents,
    )
    return MonitoringReport(
        made_at=now,
        overall=overall(one.sample for one in services),
        services=services,
        counts=counts,
        unjudged=not_judged(tick.ticked_at if tick else None, now),
        active=active,
        rules=await alert_statistics.rule_counts(connection, now - _WEEK, now, _RULES),
        averages=[average(name, (one for one in hourly if one.at >= now - _DAY)) for name in AVERAGED],
        kpis=_kpis(config, latest, now),
        trends=[metric_trend(name, CATALOGUE[name].unit, daily, today) for name in _TRENDS],
        health_week=week_health,
        health_month=month_health,
        errors=errors[:_ERRORS],
        errors_left_out=len(errors[_ERRORS:]),
        runs_known=runs_known,
        incidents=await incidents.statistics(connection, now - _MONTH, now),
        open_incidents=open_incidents,
        restarts=await monitoring_statistics.restart_counts(connection, now - _WEEK),
        database=await database_performance(connection),
        recommendations=advise(situation),
        hourly=hourly,
        latest=latest,
        sampled_at=sampled_at,
    )


def _kpis(config: MonitoringConfig, latest: Sequence[MetricSample], now: datetime) -> list[KpiResult]:
    return judge(config.kpis, latest, now - config.metrics.stands_for)


async def _health_trends(
    connection: Connection, services: Sequence[ServiceLine], now: datetime, month: datetime
) -> tuple[HealthTrend, HealthTrend]:
    days = await monitoring_statistics.service_days(connection, month, now)
    names, today = [one.name for one in services], now.astimezone(UTC).date()
    week_uptimes = {one.name: one.week for one in services if one.week}
    month_uptimes = {one.name: one.month for one in services if one.month}
    return health_trend(days, week_uptimes, names, today, 7), health_trend(days, month_uptimes, names, today, 30)


async def _errors(connection: Connection, facts: DagsterFacts | None, now: datetime) -> tuple[list[ErrorCount], bool]:
    runs = facts.runs_of_last_day if facts else None
    found = await error_summary(connection, now - _DAY, now) + failed_runs(runs or ())
    return sorted(found, key=lambda one: (-one.count, one.kind, one.subject)), runs is not None
