"""The figures of the monitoring report, reckoned from what the store counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from pake_pipelines.analytics.trends import FEWEST_SAMPLES, Day, Trend, trend
from pake_pipelines.config.services import AnyService, HttpService, RedisService, TcpService
from pake_pipelines.model.dagster_facts import RunFact
from pake_pipelines.model.health import HealthSample, HealthStatus, Uptime
from pake_pipelines.reports.parts.binned import highest, mean
from pake_pipelines.store.error_summary import ErrorCount
from pake_pipelines.store.monitoring_statistics import Bin, ServiceDay

NEVER: Final = "not probed yet"


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service as the report tells of it (SVC-15); `strip` has its worst status in each stretch of the last day.

    `address` is where it is asked, None where it has none or one that is secret. `left_alone` says why it is not
    healed at present.
    """

    name: str
    title: str
    kind: str
    critical: bool
    sample: HealthSample
    address: str | None
    day: Uptime | None
    week: Uptime | None
    month: Uptime | None
    strip: Sequence[HealthStatus | None]
    restarts_day: int
    left_alone: str | None

    @property
    def status(self) -> HealthStatus:
        """How it stands."""
        return self.sample.status


@dataclass(frozen=True, slots=True)
class Average:
    """A metric over the last 24 hours; `mean` and `high` are None without any sample."""

    metric: str
    mean: float | None
    high: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class MetricTrend:
    """How a metric moved over 7 and over 30 days."""

    metric: str
    unit: str
    week: Trend
    month: Trend


@dataclass(frozen=True, slots=True)
class HealthTrend:
    """How healthy all services together were: `score` is their mean uptime in percent, None when nothing is known.

    `average_uptime_hours` is for how many hours a service served, on average (MON-25).
    """

    window_days: int
    score: float | None
    average_uptime_hours: float | None
    trend: Trend


def standing(
    name: str, service: AnyService, sample: HealthSample | None, now: datetime, stale: timedelta
) -> HealthSample:
    """Return how a service stands at `now`; unknown where it was never probed, or not for longer than `stale`."""
    if sample is None:
        return HealthSample(name, service.kind, service.critical, HealthStatus.UNKNOWN, now, None, NEVER)
    if now - sample.at <= stale:
        return replace(sample, critical=service.critical)
    was = f"not probed since {sample.at:%d %b %H:%M} UTC; it was {sample.status.value.replace('_', ' ')} then"
    return replace(sample, critical=service.critical, status=HealthStatus.UNKNOWN, response_ms=None, detail=was)


def address(service: AnyService) -> str | None:
    """Return where a service is asked, without what an address may keep secret: names, passwords, queries."""
    if isinstance(service, HttpService) and service.url:
        parts = urlsplit(service.url)
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
    if isinstance(service, TcpService) or (isinstance(service, RedisService) and service.url_env is None):
        return f"{service.host}:{service.port}"
    return None


def average(metric: str, bins: Iterable[Bin]) -> Average:
    """Return the mean over all samples of `metric` in `bins`, each counting the same; of several series the highest."""
    found = highest(metric, bins)
    high = max((one.high for one in found), default=None)
    return Average(metric, mean(found), high, sum(one.samples for one in found))


def metric_trend(metric: str, unit: str, daily: Sequence[Bin], today: date) -> MetricTrend:
    """Return the trends of `metric`; `daily` are bins of a day. Of several series the highest is told of."""
    days = [Day(one.at.date(), one.mean, one.samples) for one in highest(metric, daily)]
    return MetricTrend(metric, unit, *(trend(last_days(days, today, window), window) for window in (7, 30)))


def health_trend(
    days: Sequence[ServiceDay], uptimes: Mapping[str, Uptime], services: Iterable[str], today: date, window: int
) -> HealthTrend:
    """Return how healthy `services` were in the last `window` days; `uptimes` are of just these days."""
    watched = set(services)
    by_day: dict[date, list[ServiceDay]] = {}
    for one in days:
        # a service that was hardly probed on a day tells little of the day
        if one.service in watched and one.known >= FEWEST_SAMPLES:
            by_day.setdefault(one.day, []).append(one)
    scored = [
        Day(day, 100 * sum(one.up / one.known for one in some) / len(some), sum(one.known for one in some))
        for day, some in by_day.items()
    ]
    known = [one for name, one in uptimes.items() if name in watched and one.up_share is not None]
    shares = [one.up_share for one in known if one.up_share is not None]
    hours = [(one.healthy_seconds + one.degraded_seconds) / 3600 for one in known]
    return HealthTrend(
        window,
        100 * sum(shares) / len(shares) if shares else None,
        sum(hours) / len(hours) if hours else None,
        trend(last_days(scored, today, window), window),
    )


def failed_runs(runs: Iterable[RunFact]) -> list[ErrorCount]:
    """Return the failed ones of `runs`, grouped by job."""
    by_job: dict[str, list[RunFact]] = {}
    for run in runs:
        if not run.succeeded:
            by_job.setdefault(run.job, []).append(run)
    return [
        ErrorCount("run", job, len(some), newest.ended_at or newest.started_at or _NEVER, newest.detail)
        for job, some in by_job.items()
        for newest in [max(some, key=lambda one: one.ended_at or one.started_at or _NEVER)]
    ]


_NEVER: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def last_days(days: Iterable[Day], today: date, window: int) -> list[Day]:
    """Return those of the `window` days up to `today`."""
    first = today - timedelta(days=window - 1)
    return [one for one in days if first <= one.day <= today]
