"""What the monitoring report says as plain data, under the names of the guides (MON-07, MON-08, SVC-15, SVC-33)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.health import HealthStatus, Uptime
from pake_pipelines.reports.monitoring.figures import HealthTrend, ServiceLine
from pake_pipelines.reports.monitoring.report import MonitoringReport


def monitoring_said(report: MonitoringReport) -> Mapping[str, Any]:
    """Return the report as what JSON can hold, with moments as datetimes; times in minutes are named so."""
    return {
        "timestamp": report.made_at,
        "overall_health": report.overall.value,
        "critical_issues": report.critical_issues,
        "warnings": report.warnings,
        "uptime_percentage": report.health_week.score,
        "services": {one.name: _service(one) for one in report.services},
        "alert_statistics": _alert_statistics(report),
        "firing_alerts": [asdict(one) for one in report.active],
        "noisiest_rules_7d": [asdict(one) for one in report.rules],
        "performance_averages_24h": {one.metric: asdict(one) for one in report.averages},
        "kpis": {one.name: asdict(one) for one in report.kpis},
        "trends": {one.metric: asdict(one) for one in report.trends},
        "health_trends": {"7d": _health(report.health_week), "30d": _health(report.health_month)},
        "errors_24h": [asdict(one) for one in report.errors],
        "errors_left_out": report.errors_left_out,
        "runs_known": report.runs_known,
        "incidents_30d": asdict(report.incidents),
        "open_incidents": [asdict(one) for one in report.open_incidents],
        "restarts_7d": [asdict(one) for one in report.restarts],
        "database_performance": asdict(report.database),
        "recommendations": [asdict(one) for one in report.recommendations],
        "metrics": [asdict(one) for one in report.latest],
        "metrics_sampled_at": report.sampled_at,
    }


def plain(value: Any) -> str:
    """Return the JSON form of a moment."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"no JSON form of {type(value).__name__}")


def _service(one: ServiceLine) -> Mapping[str, Any]:
    return {
        "title": one.title,
        "kind": one.kind,
        "critical": one.critical,
        "healthy": one.status is HealthStatus.HEALTHY,
        "status": one.status.value,
        "detail": one.sample.detail,
        "probed_at": one.sample.at,
        "response_ms": one.sample.response_ms,
        "health_url": one.address,
        "uptime": {"24h": _uptime(one.day), "7d": _uptime(one.week), "30d": _uptime(one.month)},
        "restart_count": one.restarts_day,
        "left_alone": one.left_alone,
    }


def _uptime(uptime: Uptime | None) -> Mapping[str, float | None]:
    """Return the percentage of the known time in which it served, and how much of the time is known."""
    shares = {
        "percent": None if uptime is None else uptime.up_share,
        "known_percent": None if uptime is None else uptime.known_share,
    }
    return {name: None if share is None else 100 * share for name, share in shares.items()}


def _alert_statistics(report: MonitoringReport) -> Mapping[str, Any]:
    counts = report.counts
    return {
        "active_alerts": counts.firing,
        "pending_alerts": counts.pending,
        "acknowledged_alerts": counts.acknowledged,
        "flapping_alerts": counts.flapping,
        **{f"{severity.value}_alerts": counts.by_severity.get(severity, 0) for severity in Severity},
        "fired_alerts_24h": counts.fired,
        "resolved_alerts_24h": counts.resolved,
    }


def _health(one: HealthTrend) -> Mapping[str, Any]:
    """Return the trend in the words of the guides: improving, declining, steady or unclear."""
    word = {"rising": "improving", "falling": "declining"}.get(one.trend.direction.value, one.trend.direction.value)
    return {
        "summary": {"health_score": one.score, "average_uptime_hours": one.average_uptime_hours},
        "trends": {"trend": word, "change": one.trend.change, "days": one.trend.days},
    }
