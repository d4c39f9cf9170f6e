"""The monitoring report as a document: what to do first, then services, alerts, figures, errors and the database."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.health.kpis import KpiResult
from pake_pipelines.model.health import DOWN, HealthStatus
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.reports import tones
from pake_pipelines.reports.advice.rule import named
from pake_pipelines.reports.amounts import amount, counted, share
from pake_pipelines.reports.document import (
    Advice,
    Column,
    Document,
    Figure,
    LineChart,
    Prose,
    Section,
    Table,
    Tone,
    Value,
)
from pake_pipelines.reports.monitoring.database import database
from pake_pipelines.reports.monitoring.figures import MetricTrend
from pake_pipelines.reports.monitoring.report import CHARTED, MonitoringReport
from pake_pipelines.reports.monitoring.standing import alerts, errors, incidents, services
from pake_pipelines.reports.parts.binned import line
from pake_pipelines.reports.parts.foreseen import moved
from pake_pipelines.reports.parts.periods import WEEK
from pake_pipelines.store.monitoring_statistics import Bin

_HOUR: Final = timedelta(hours=1)
_TITLES: Final = {
    "cpu_usage_percent": "CPU",
    "memory_usage_percent": "Memory",
    "disk_usage_percent": "Disk, the fullest",
    "db_query_ms": "Database query",
    "api_response_ms": "Slowest HTTP service",
    "run_error_rate_percent": "Failed runs",
    "db_size_bytes": "Database size",
    "run_duration_seconds": "Duration of runs, p95",
    "source_success_percent": "Visits that went well",
}


def document(report: MonitoringReport) -> Document:
    """Return the report; as grave as the services stand, or the gravest alert that fires."""
    overall = tones.of_health(report.overall)
    sections = [
        Section("todo", "What to do", [Advice("recommendations", report.recommendations)]),
        Section("services", "Services", services(report)),
        Section("alerts", "Alerts", alerts(report)),
        Section("key_figures", "Key figures", [_key_figures(report.kpis), _averages(report)]),
        Section("trends", "Trends", [_trends(report)]),
        Section("week", "The last 7 days", list(_charts(report))),
        errors(report),
        Section("incidents", "Incidents and restarts", incidents(report)),
        database(report.database),
    ]
    return Document(
        "monitoring_report", "Monitoring report", report.made_at,
        tones.worst(overall.tone, *(tones.of_severity(one.severity).tone for one in report.active[:1])),
        _lead(report), sections, figures=_figures(report), missing=[f"{report.unjudged}."] if report.unjudged else [],
    )  # fmt: skip


def _lead(report: MonitoringReport) -> str:
    number = len(report.services)
    bad = [one.title for one in report.services if one.status in DOWN | {HealthStatus.DEGRADED}]
    dark = sum(one.status is HealthStatus.UNKNOWN for one in report.services)
    said = "All services that are configured are healthy"
    if not number:
        said = "No service is watched"
    elif bad:
        does = "does not serve as it should" if len(bad) == 1 else "do not serve as they should"
        said = f"{len(bad)} of {number} services {does}: {named(bad)}"
    elif dark:
        said = f"Nothing is known of {dark} of {number} services"
    firing = f"; {counted(report.counts.firing, 'alert fires', 'alerts fire')}" if report.counts.firing else ""
    return f"{said}{firing}."


def _figures(report: MonitoringReport) -> list[Figure]:
    overall, numbers, opened = tones.of_health(report.overall), report.incidents, len(report.open_incidents)
    return [
        Figure("Overall health", overall, tone=overall.tone),
        _firing(report),
        Figure("Open incidents", opened, "count", Tone.WARN if opened else Tone.PLAIN),
        Figure("Uptime, 7 days", _score(report.health_week.score), "share", note="mean of the services"),
        *([
            Figure("An incident is taken up after", _seconds(numbers.mean_minutes_to_acknowledge), "s"),
            Figure("It is resolved after", _seconds(numbers.mean_minutes_to_resolve), "s"),
        ] if numbers.total_incidents else []),
    ]  # fmt: skip


def _firing(report: MonitoringReport) -> Figure:
    """Return how many alerts fire; that none does is only known where the rules are judged."""
    name, counts = "Alerts that fire", report.counts
    if report.unjudged and not counts.firing:
        return Figure(name, None, "count", Tone.UNKNOWN, "alert rules are not judged")
    note = f"{counts.acknowledged:,} acknowledged" if counts.acknowledged else ""
    return Figure(name, counts.firing, "count", Tone.WARN if counts.firing else Tone.PLAIN, note)


def _score(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else 60 * minutes


def _key_figures(kpis: Sequence[KpiResult]) -> Table:
    columns = [
        Column("figure", "Figure"), Column("now", "Now"), Column("status", "Status"), Column("target", "Target"),
        Column("warning", "Warning"), Column("critical", "Critical"), Column("says", "What to do"),
    ]  # fmt: skip
    rows: list[list[Value]] = [
        [_figure(one), "-" if one.value is None else amount(one.value, one.unit), tones.of_check(one.status),
         *(amount(bound, one.unit) for bound in (one.target, one.warn, one.critical)), _says(one)]
        for one in kpis
    ]  # fmt: skip
    return Table("kpis", columns, rows, "No key figure is configured.")


def _figure(one: KpiResult) -> str:
    name = _TITLES.get(one.metric, one.name.replace("-", " ").capitalize())
    return " ".join([name, *one.labels.values()])


def _says(one: KpiResult) -> str:
    if one.value is None:
        return one.detail
    return one.action if one.status in {CheckStatus.WARN, CheckStatus.FAIL} else ""


def _averages(report: MonitoringReport) -> Prose:
    said = [
        f"{_TITLES[one.metric]} {amount(one.mean, 'percent')}"
        + ("" if one.high is None else f" (at most {amount(one.high, 'percent')})")
        for one in report.averages
    ]
    return Prose(f"On average over 24 hours: {', '.join(said)}.")


def _trends(report: MonitoringReport) -> Table:
    columns = [
        Column("figure", "Figure"), Column("week", "Mean of 7 days"), Column("week_moved", "It is"),
        Column("month", "Mean of 30 days"), Column("month_moved", "It is"),
    ]  # fmt: skip
    week, month = report.health_week, report.health_month
    uptime: list[Value] = [
        "Uptime of all services", share(_score(week.score)), moved(week.trend, "percent"), share(_score(month.score)),
        moved(month.trend, "percent"),
    ]  # fmt: skip
    rows = [uptime, *(_trend(one) for one in report.trends if one.month.mean is not None)]
    return Table("trends", columns, rows)


def _trend(one: MetricTrend) -> list[Value]:
    found = [cell for two in (one.week, one.month) for cell in (amount(two.mean, one.unit), moved(two, one.unit))]
    return [_TITLES[one.metric], *found]


def _charts(report: MonitoringReport) -> Iterator[LineChart]:
    """Yield a chart for each charted metric that was sampled in more than one hour, with its key figure's bounds."""
    since = report.made_at - WEEK
    starts = [since + place * _HOUR for place in range(WEEK // _HOUR)]
    bounds = {one.metric: one for one in report.kpis}
    for metric in CHARTED:
        highest: dict[datetime, Bin] = {}
        for one in report.hourly:
            # of several series (disks) the one that stands highest, as a key figure is judged by it
            if one.metric == metric and (one.at not in highest or one.mean > highest[one.at].mean):
                highest[one.at] = one
        chart = line(metric, _TITLES[metric], CATALOGUE[metric].unit, highest.values(), starts)
        if len(highest) > 1:
            kpi = bounds.get(metric)
            yield chart if kpi is None else replace(chart, limit=kpi.critical, warning=kpi.warn)
