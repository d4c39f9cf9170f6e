"""The charts of the monitoring report: metrics of the last 7 days by hour, against the bounds of their key figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.health.kpis import KpiResult
from pake_pipelines.reports.charts import Band, Level, banded_line
from pake_pipelines.reports.monitoring.report import CHARTED, MonitoringReport
from pake_pipelines.store.monitoring_statistics import Bin

_HOURS: Final = 7 * 24
TITLES: Final = {
    "cpu_usage_percent": "CPU",
    "memory_usage_percent": "Memory",
    "disk_usage_percent": "Disk, the fullest",
    "db_query_ms": "Database query",
    "api_response_ms": "Slowest http service",
    "run_error_rate_percent": "Failed runs",
    "db_size_bytes": "Database size",
    "run_duration_seconds": "Duration of runs, p95",
    "source_success_percent": "Visits that went well",
}
"""What people call the metrics that the report tells of."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as an SVG element, with its title and unit."""

    title: str
    unit: str
    svg: str


def metric_charts(report: MonitoringReport) -> list[Chart]:
    """Return a chart for each charted metric that was sampled in more than one hour."""
    drawn = (_chart(name, report.hourly, report.kpis, report.made_at) for name in CHARTED)
    return [chart for chart in drawn if chart.svg]


def _chart(metric: str, bins: Sequence[Bin], kpis: Sequence[KpiResult], made_at: datetime) -> Chart:
    since = made_at - timedelta(hours=_HOURS)
    by_hour: dict[int, Bin] = {}
    for one in bins:
        place = int((one.at - since) / timedelta(hours=1))
        # of several series (disks) the one that stands highest, as a key figure is judged by it
        if one.metric == metric and (place not in by_hour or one.mean > by_hour[place].mean):
            by_hour[place] = one
    row = [by_hour.get(place) for place in range(_HOURS)]
    band = Band(
        [None if one is None else one.mean for one in row],
        [None if one is None else one.low for one in row],
        [None if one is None else one.high for one in row],
    )
    levels = [
        level for kpi in kpis if kpi.metric == metric for level in (Level("warn", kpi.warn), Level("bad", kpi.critical))
    ]
    return Chart(TITLES[metric], CATALOGUE[metric].unit, banded_line(band, _midnights(since), levels))


def _midnights(since: datetime) -> list[tuple[float, str]]:
    """Return every other midnight (UTC) of the days shown, as a place among the hours and a date."""
    first = datetime.combine(since.astimezone(UTC).date() + timedelta(days=1), datetime.min.time(), UTC)
    days = [first + timedelta(days=number) for number in range(0, 7, 2)]
    return [((day - since) / timedelta(hours=1), f"{day.day} {day:%b}") for day in days]
