"""The figures of the capacity report: for each series what it is, how it stood, where it goes, and when it is full."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from pake_pipelines.analytics.pressure import Increase, Pressure, State
from pake_pipelines.analytics.trends import Day, Trend, growth, trend
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.reports.document import Tag, Tone
from pake_pipelines.reports.monitoring.figures import HealthTrend, last_days
from pake_pipelines.reports.parts.binned import SeriesKey, by_series, series_key
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.growth_statistics import Bodies
from pake_pipelines.store.metric_windows import Window
from pake_pipelines.store.monitoring_statistics import Bin

DAYS: Final = 30
"""How many days back the report looks."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What may get full: a metric, the asset that shows it, the field of `maintenance.capacity` with its bound."""

    metric: str
    asset: str
    bound: str | None = None


RESOURCES: Final = (
    Resource("disk_usage_percent", "system_metrics", "disk_percent"),
    Resource("memory_usage_percent", "system_metrics", "memory_percent"),
    Resource("cpu_usage_percent", "system_metrics", "cpu_percent"),
    Resource("db_connections_used_percent", "database_health", "connections_percent"),
    Resource("db_size_bytes", "database_health"),
    Resource("cache_total_bytes", "database_health"),
    Resource("knowledge_nodes", "database_health"),
    Resource("cache_total_entries", "database_health"),
    Resource("db_query_ms", "database_health"),
)
METRICS: Final = tuple(one.metric for one in RESOURCES)
QUERY: Final = "db_query_ms"
TABLES: Final = "db_table_bytes"


@dataclass(frozen=True, slots=True)
class Line:
    """One series of one resource; `window` is its last 24 hours, `daily` its last 30 days by day.

    `pressure` says how it stood to its bound in the window, None where it has none. What was not measured is None.
    """

    resource: Resource
    labels: Mapping[str, str]
    unit: str
    window: Window | None
    pressure: Pressure | None
    daily: Sequence[Bin]
    week: Trend
    month: Trend
    per_day: float | None
    forecast: ForecastRow | None

    @property
    def name(self) -> str:
        """What it is called."""
        return series_title(self.resource.metric, self.labels)

    @property
    def pressed(self) -> bool:
        """Whether it was above its bound nearly all the last day, by a window and never by one sample (D-41)."""
        return self.pressure is not None and self.pressure.state is State.UNDER_PRESSURE

    @property
    def verdict(self) -> Tag:
        """How it stood to its bound."""
        if self.pressure is None:
            return Tag("no bound", Tone.PLAIN)
        if self.pressure.state is State.UNKNOWN:
            return Tag("too few samples", Tone.UNKNOWN)
        if self.pressed:
            return Tag("consistently above", Tone.BAD)
        return Tag("above at times", Tone.NOTICE) if self.pressure.share else Tag("within", Tone.GOOD)


@dataclass(frozen=True, slots=True)
class Stored:
    """Something else that grows: raw bodies, backups, logs; `per_day` is the mean of the last 7 days, in bytes.

    `bytes` is None where it could not be looked at, `note` says why, or what is counted.
    """

    name: str
    number: int | None
    bytes: float | None
    per_day: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table with its indexes, its bytes now and by how much it grows in a day, None where that is not known."""

    table: str
    bytes: float
    per_day: float | None


@dataclass(frozen=True, slots=True)
class CapacityFigures:
    """Everything that the report says. `sampled_since` is the oldest sample that is kept.

    `tables` are the largest, `untold` says why their sizes are not told. `query` is how the time of a small query
    changed. `analysed_at` is when forecasts were made last.
    """

    made_at: datetime
    lines: Sequence[Line]
    tables: Sequence[TableLine]
    untold: str
    stored: Sequence[Stored]
    health: HealthTrend
    query: Increase
    sampled_since: datetime | None
    analysed_at: datetime | None


def table_lines(now: Mapping[str, float], daily: Iterable[Bin]) -> list[TableLine]:
    """Return the tables, the largest first, with the growth of those that were sampled on enough days."""
    by_table: dict[str, list[Day]] = {}
    for one in daily:
        by_table.setdefault(one.labels.get("table", ""), []).append(Day(one.at.date(), one.mean, one.samples))
    found = [TableLine(table, size, growth(by_table.get(table, ())).per_day) for table, size in now.items()]
    return sorted(found, key=lambda one: (-one.bytes, one.table))


def backups_stored(made: Sequence[BackupRow], now: datetime) -> Stored:
    """Return what the backups that are there take together, and what a week of them adds in a day."""
    week = sum(one.bytes for one in made if now - timedelta(days=7) <= one.created_at <= now)
    per_day = _per_day(week, min((one.created_at for one in made), default=None), now)
    return Stored("Backups", len(made), sum(one.bytes for one in made), per_day, "those that are kept")


def bodies_stored(bodies: Bodies, now: datetime) -> Stored:
    """Return what the lake holds."""
    per_day = _per_day(bodies.week, bodies.first_at, now)
    return Stored("Raw bodies in the lake", bodies.bodies, bodies.bytes, per_day, "before compression")


def _per_day(week: float, first_at: datetime | None, now: datetime) -> float | None:
    """Return the mean of a day of the last week; of less than a week it is of the days that there are."""
    return week / min(7.0, max(1.0, (now - first_at) / timedelta(days=1))) if first_at else None


def lines(
    windows: Iterable[Window],
    daily: Iterable[Bin],
    forecasts: Iterable[ForecastRow],
    pressures: Mapping[SeriesKey, Pressure],
    today: date,
) -> list[Line]:
    """Return a line for each series of which anything is known, in the order of the resources."""
    by_window = {series_key(one.metric, one.labels): one for one in windows}
    by_forecast = {series_key(one.metric, one.labels): one for one in forecasts}
    by_day = by_series(daily)
    known = sorted({*by_window, *by_day, *by_forecast})
    return [
        _line(resource, one, by_window.get(one), by_day.get(one, ()), by_forecast.get(one), pressures.get(one), today)
        for resource in RESOURCES
        for one in known
        if one[0] == resource.metric
    ]


def _line(
    resource: Resource,
    one: SeriesKey,
    window: Window | None,
    daily: Sequence[Bin],
    forecast: ForecastRow | None,
    pressure: Pressure | None,
    today: date,
) -> Line:
    days = [Day(bin_.at.date(), bin_.mean, bin_.samples) for bin_ in daily]
    week, month = (trend(last_days(days, today, length), length) for length in (7, DAYS))
    foreseen = forecast.slope_per_day if forecast is not None else None
    per_day = foreseen if foreseen is not None else growth(days).per_day
    return Line(resource, dict(one[1]), CATALOGUE[one[0]].unit, window, pressure, daily, week, month, per_day, forecast)
