"""The figures of the monthly report: a month day by day, beside the month before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Final

from pake_pipelines.model.health import Uptime
from pake_pipelines.model.incident import IncidentStatistics
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.health.figures import OverallUptime
from pake_pipelines.reports.parts.binned import SeriesKey, by_series, counts, mean
from pake_pipelines.reports.parts.periods import Period
from pake_pipelines.reports.qa.figures import Statistics
from pake_pipelines.store.alert_statistics import RuleCount
from pake_pipelines.store.analyses import Analysis
from pake_pipelines.store.backups import BackupRow
from pake_pipelines.store.error_summary import ErrorCount
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.intake_statistics import Intake, IntakeBin, SourceIntake
from pake_pipelines.store.monitoring_statistics import Bin, ServiceDay
from pake_pipelines.store.operation_statistics import EventBin, IncidentLine, TaskCount
from pake_pipelines.store.trust_statistics import ChangeBin, FoundBin, Standing

AVERAGED: Final = (
    "cpu_usage_percent",
    "memory_usage_percent",
    "disk_usage_percent",
    "db_query_ms",
    "api_response_ms",
    "run_error_rate_percent",
    "source_success_percent",
    "cache_hit_ratio_percent",
)
CAPACITY: Final = ("disk_usage_percent", "db_size_bytes", "knowledge_nodes", "cache_total_bytes")
METRICS: Final = (*AVERAGED, *(one for one in CAPACITY if one not in AVERAGED))

_OF_INTAKE: Final = ("visits", "failed", "new", "updated", "dead_letters")
_OF_COMPARISONS: Final = ("duplicates", "connections")
_OF_EVENTS: Final = ("alerts", "incidents", "restarts", "maintenance_failed")
SEEN: Final = 0.5
"""The share of a period that must have been seen, so that another is held against it."""

_FEWEST_DAYS: Final = 14  # half a month
COUNTED: Final[Mapping[str, str]] = {
    "visits": "Visits",
    "failed": "Failed",
    "new": "New",
    "updated": "Updated",
    "dead_letters": "Unreadable",
    "verified": "Verified",
    "rejected": "Rejected",
    "duplicates": "Duplicates",
    "connections": "Connections",
    "alerts": "Alerts",
    "incidents": "Incidents",
    "restarts": "Restarts",
    "maintenance_failed": "Tasks failed",
}
"""What is counted by day, with its heading."""


@dataclass(frozen=True, slots=True)
class Month:
    """What happened within one period; bins are of its days.

    `trends` are the trends as they stood at its end, by series: they are known for longer than samples are.
    """

    standing: Standing
    uptimes: Mapping[str, Uptime]
    overall: OverallUptime
    incidents: IncidentStatistics
    intake: Intake
    changes: Sequence[ChangeBin]
    errors: Sequence[ErrorCount]
    metrics: Sequence[Bin]
    trends: Mapping[str, Analysis]

    @property
    def uptime(self) -> float | None:
        """The mean uptime of the services in [0, 1], by their probes or else by the trend of health (C-38).

        A period of which not half was seen is not known by its probes: they may be the last hours that are kept.
        """
        if self.overall.share is not None and (self.overall.seen or 0.0) >= SEEN:
            return self.overall.share
        score = _mean_of_trend(self.trends.get("health"))
        return None if score is None else score / 100


@dataclass(frozen=True, slots=True)
class Monthly:
    """Everything the report says; `month` is the period told of, `before` the one before it.

    `titles` are the services that are watched. `backups` are those that were made in the period, also those that are
    not there any more. `statistics` is how the nodes stand now.
    """

    made_at: datetime
    period: Period
    month: Month
    before: Month
    statistics: Statistics
    intake: Sequence[IntakeBin]
    found: Sequence[FoundBin]
    events: Sequence[EventBin]
    service_days: Sequence[ServiceDay]
    sources: Sequence[SourceIntake]
    incidents: Sequence[IncidentLine]
    rules: Sequence[RuleCount]
    tasks: Sequence[TaskCount]
    restarts: Mapping[str, tuple[int, int]]
    backups: Sequence[BackupRow]
    forecasts: Sequence[ForecastRow]
    titles: Mapping[str, str]
    recommendations: Sequence[Recommendation]


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day: so many of each thing, by the keys of `COUNTED`; `uptime` is in [0, 1], None where nobody probed."""

    at: datetime
    uptime: float | None
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ends:
    """A series at the beginning and at the end of a month: the mean of its first and of its last day with samples."""

    metric: str
    labels: Mapping[str, str]
    first: Bin
    last: Bin


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric's mean over a month and over the one before, None where it was not sampled; `high` is of the month."""

    metric: str
    labels: Mapping[str, str]
    mean: float | None
    high: float | None
    days: int
    before: float | None


def day_lines(told: Monthly) -> list[DayLine]:
    """Return a line for each day of the period, also of those on which nothing happened."""
    starts = told.period.starts()
    uptimes = daily_uptime(told.service_days, told.titles)
    verdicts = {name: [one for one in told.month.changes if one.new == name] for name in ("verified", "rejected")}
    columns = {
        **{key: counts(told.intake, starts, attrgetter(key)) for key in _OF_INTAKE},
        **{key: counts(some, starts, lambda one: one.nodes) for key, some in verdicts.items()},
        **{key: counts(told.found, starts, attrgetter(key)) for key in _OF_COMPARISONS},
        **{key: counts(told.events, starts, attrgetter(key)) for key in _OF_EVENTS},
    }
    return [
        DayLine(start, uptimes.get(start.date()), {key: column[number] for key, column in columns.items()})
        for number, start in enumerate(starts)
    ]


def daily_uptime(days: Iterable[ServiceDay], watched: Iterable[str]) -> dict[date, float]:
    """Return day -> the mean over the watched services of the share of probes that found them serving."""
    names = set(watched)
    by_day: dict[date, list[float]] = {}
    for one in days:
        if one.service in names and one.known:
            by_day.setdefault(one.day, []).append(one.up / one.known)
    return {day: sum(shares) / len(shares) for day, shares in by_day.items()}


def came_to(changes: Iterable[ChangeBin]) -> dict[tuple[str | None, str], int]:
    """Return how many nodes went from which status to which, the most frequent first."""
    found: dict[tuple[str | None, str], int] = {}
    for one in changes:
        found[one.old, one.new] = found.get((one.old, one.new), 0) + one.nodes
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0][0] or "", pair[0][1])))


def means(month: Month, before: Month) -> list[Mean]:
    """Return a mean for each averaged series, each sample counting the same.

    That of the month before is the one of the last trend of 30 days, where most of its samples are not kept any more.
    """
    now, then = by_series(month.metrics), by_series(before.metrics)
    keys = [one for metric in AVERAGED for one in sorted({*now, *then}) if one[0] == metric]
    return [
        Mean(
            key[0],
            dict(key[1]),
            mean(now.get(key, ())),
            max((one.high for one in now.get(key, ())), default=None),
            len(now.get(key, ())),
            mean(then[key])
            if len(then.get(key, ())) >= _FEWEST_DAYS
            else _mean_of_trend(before.trends.get(_subject(key))),
        )
        for key in keys
    ]


def _subject(key: SeriesKey) -> str:
    return " ".join([key[0], *(value for _, value in key[1])])


def _mean_of_trend(found: Analysis | None) -> float | None:
    mean = (found.result.get("month") or {}).get("mean") if found is not None else None
    return float(mean) if mean is not None else None


def ends(month: Iterable[Bin]) -> list[Ends]:
    """Return how each series of capacity stood at both ends of the month."""
    found = by_series(month)
    keys = [one for metric in CAPACITY for one in sorted(found) if one[0] == metric]
    return [
        Ends(
            key[0],
            dict(key[1]),
            min(found[key], key=lambda one: one.at),
            max(found[key], key=lambda one: one.at),
        )
        for key in keys
    ]


def errors_by_kind(errors: Iterable[ErrorCount]) -> dict[str, int]:
    """Return how often what kind of thing failed, the most frequent first."""
    found: dict[str, int] = {}
    for one in errors:
        found[one.kind] = found.get(one.kind, 0) + one.count
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))
