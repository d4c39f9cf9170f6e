"""The figures of the insights report, and the stretches of time that its charts show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.reports.parts.binned import series_key
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.reports.qa.figures import Statistics
from pake_pipelines.store.analyses import STANDS_FOR, Analysis
from pake_pipelines.store.anomalies import Anomaly
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.intake_statistics import Intake, Serving
from pake_pipelines.store.metric_windows import Window
from pake_pipelines.store.monitoring_statistics import Bin

KINDS: Final = ("insight", "trend", "quiet_hours", "frequency", "regression")
DAYS: Final = 7
"""How many days of anomalies the report shows, besides those that go on."""

SYSTEM: Final = ("cpu_usage_percent", "memory_usage_percent", "disk_usage_percent", "process_count")
PERFORMANCE: Final = ("api_response_ms", "db_query_ms", "cache_hit_ratio_percent", "run_duration_seconds")
_CHARTED: Final = 6
_CELLS: Final = 96
_NARROWEST: Final = timedelta(minutes=5)
_BEFORE: Final = timedelta(hours=12)
_AFTER: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Episode:
    """An anomaly with the samples around it in stretches of `width`; none where they are not kept any more."""

    anomaly: Anomaly
    bins: Sequence[Bin]
    width: timedelta


@dataclass(frozen=True, slots=True)
class Groups:
    """What metrics tell in four groups (ANA-01): the last day of the machine and of work, a week of knowledge.

    `intake` is of 7 days, `duplicates` and `connections` were found and made in them.
    """

    windows: Sequence[Window]
    statistics: Statistics
    duplicates: int
    connections: int
    intake: Intake
    serving: Serving


@dataclass(frozen=True, slots=True)
class Insights:
    """Everything the report says; `analyses` are what stands, by kind and subject.

    `episodes` are the anomalies with charts, `anomalies` all of the last days, those that go on first.
    """

    made_at: datetime
    analyses: Mapping[str, Mapping[str, Analysis]]
    anomalies: Sequence[Anomaly]
    episodes: Sequence[Episode]
    forecasts: Sequence[ForecastRow]
    groups: Groups
    days_to_full: int
    quiet_share: float
    dagster: str

    def results(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return what stands of a kind by subject, without what is too old to tell of now."""
        found = self.analyses.get(kind, {})
        return {subject: one.result for subject, one in found.items() if self.made_at - one.made_at <= STANDS_FOR}

    @property
    def foreseen(self) -> list[ForecastRow]:
        """The forecasts that are not too old to tell of what comes."""
        return fresh(self.forecasts, self.made_at)

    @property
    def analysed_at(self) -> datetime | None:
        """When anything was analysed last."""
        found = [one.made_at for some in self.analyses.values() for one in some.values()]
        return max([*found, *(one.made_at for one in self.forecasts)], default=None)

    @property
    def known(self) -> bool:
        """Whether anything was analysed lately enough to tell of now."""
        return self.analysed_at is not None and self.made_at - self.analysed_at <= STANDS_FOR

    @property
    def going_on(self) -> list[Anomaly]:
        """The anomalies that are not over; of a series that is not sampled any more nobody knows that."""
        return [one for one in self.anomalies if one.ended_at is None and self.made_at - one.last_at <= STANDS_FOR]


def in_order(recent: Iterable[Anomaly], open_: Iterable[Anomaly]) -> list[Anomaly]:
    """Return each anomaly once: those that go on first, then the oddest."""
    found = {(series_key(one.metric, one.labels), one.started_at): one for one in [*recent, *open_]}
    return sorted(found.values(), key=lambda one: (one.ended_at is not None, -one.score, one.started_at, one.metric))


def charted(anomalies: Sequence[Anomaly]) -> Sequence[Anomaly]:
    """Return the anomalies that get a chart."""
    return anomalies[:_CHARTED]


def around(one: Anomaly, now: datetime) -> tuple[datetime, datetime, timedelta]:
    """Return from when to when samples around an anomaly are shown, and how wide their stretches are."""
    lasted = one.last_at - one.started_at
    since = one.started_at - max(_BEFORE, 2 * lasted)
    until = min(now, one.last_at + max(_AFTER, lasted / 2))
    return since, until, max(_NARROWEST, (until - since) / _CELLS)


def moving(trends: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the trends that move in a day, 7 or 30 days: what declines first, then what moves otherwise."""
    found = [pair for pair in trends.items() if declines(pair[1]) or _moves(pair[1])]
    return sorted(found, key=lambda pair: (not declines(pair[1]), pair[0]))


def _moves(trend: Mapping[str, Any]) -> bool:
    directions = {(trend.get(window) or {}).get("direction") for window in ("week", "month")}
    return bool(directions & {"rising", "falling"}) or (trend.get("day") or {}).get("judged") == "improving"


def declines(trend: Mapping[str, Any]) -> bool:
    """Tell whether a trend goes to the worse, over a day, a week or a month."""
    return any((trend.get(window) or {}).get("judged") == "declining" for window in ("day", "week", "month"))
