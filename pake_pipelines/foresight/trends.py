"""Trends of figures and of health over a day, 7 and 30 days (MON-25), kept for the reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.foresight.finding import Cell, Finding, Place, subject
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.store import analyses, monitoring_statistics
from pake_pipelines.store.monitoring_statistics import Bin, ServiceDay

if TYPE_CHECKING:
    from pake_pipelines.analytics.trends import Day

KIND: Final = "trend"
HEALTH: Final = "health"
Better = Literal["lower", "higher"]
_WINDOWS: Final[Mapping[str, int]] = {"week": 7, "month": 30}
_HOUR: Final = timedelta(hours=1)
# of the metrics that are foreseen: those of which more is better, and those of which neither is
_MORE_IS_BETTER: Final = frozenset({
    "cache_hit_ratio_percent", "source_success_percent", "items_per_minute", "stage_items_per_minute",
})  # fmt: skip
_NEITHER: Final = frozenset({"db_size_bytes", "knowledge_nodes", "cache_total_bytes", "cache_total_entries"})
_COLUMNS: Final = ("subject", "7 days", "change", "30 days", "change of 30 days", "mean of 30 days", "last day")


def better_of(metric: str, config: MonitoringConfig) -> Better | None:
    """Return whether less or more of a metric is better: as its key figure says, else by its kind; None for neither."""
    of_kpi = next((kpi.better for kpi in config.kpis.values() if kpi.metric == metric), None)
    if of_kpi is not None or metric in _NEITHER:
        return of_kpi
    return "higher" if metric in _MORE_IS_BETTER else "lower"


async def judge_trends(place: Place) -> Finding:
    """Judge how every foreseen or judged metric moved, and the health of all services; keep it."""
    rules, now = place.rules, place.now
    kpis = [kpi.metric for kpi in rules.monitoring.kpis.values()]
    metrics = sorted({*kpis, *rules.reports.analytics.forecasts.metrics} & CATALOGUE.keys())
    since = _midnight(now) - timedelta(days=max(_WINDOWS.values()) - 1)
    async with place.database.connection() as connection:
        hours = await monitoring_statistics.metric_bins(connection, metrics, since, now, _HOUR)
        services = await monitoring_statistics.service_days(connection, since, now)
    by_series: dict[str, list[Bin]] = {}
    for one in hours:
        by_series.setdefault(subject(one.metric, one.labels), []).append(one)
    results = {
        name: trends_of(bins, better_of(bins[0].metric, rules.monitoring), now) for name, bins in by_series.items()
    }
    results[HEALTH] = health_trends(services, now)
    async with place.database.transaction() as connection:
        await analyses.save(connection, KIND, results, run_id=place.run_id, now=now)
    return told(results)


def trends_of(bins: Sequence[Bin], better: Better | None, now: datetime) -> dict[str, Any]:
    """Return how one series moved, by its bins of an hour; `judged` is None where neither more nor less is better."""
    return {
        "unit": CATALOGUE[bins[0].metric].unit,
        **_windows(days_of(bins), better, now),
        "day": _day([(one.at, one.mean) for one in bins], better, now),
    }


def health_trends(services: Sequence[ServiceDay], now: datetime) -> dict[str, Any]:
    """Return how the health score moved: the mean over all services of how often they served, in percent.

    `uptime_hours` are the hours a day for which a service served, on average over the month.
    """
    from pake_pipelines.analytics.trends import Day

    by_day: dict[Any, list[ServiceDay]] = {}
    for one in services:
        by_day.setdefault(one.day, []).append(one)
    days = [
        Day(day, 100 * sum(one.up / one.known for one in found) / len(found), sum(one.known for one in found))
        for day, found in by_day.items()
    ]
    scored = _windows(days, "higher", now)
    week, month = scored["week"]["mean"], scored["month"]["mean"]
    return {
        "unit": "percent", **scored, "score": week, "uptime_hours": None if month is None else 24 * month / 100,
    }  # fmt: skip


def _windows(days: "Sequence[Day]", better: Better | None, now: datetime) -> dict[str, Any]:
    from pake_pipelines.analytics.trends import judged, trend

    found: dict[str, Any] = {}
    for name, length in _WINDOWS.items():
        first = (_midnight(now) - timedelta(days=length - 1)).date()
        one = trend([day for day in days if day.day >= first], length)
        found[name] = {
            "direction": one.direction.value,
            "judged": judged(one, better).value if better else None,
            "change": one.change,
            "mean": one.mean,
            "days": one.days,
        }
    return found


def days_of(bins: Sequence[Bin]) -> "list[Day]":
    """Return the mean of each day (UTC), and how many samples it is the mean of."""
    from pake_pipelines.analytics.trends import Day

    sums: dict[Any, tuple[float, int]] = {}
    for one in bins:
        total, samples = sums.get(one.at.date(), (0.0, 0))
        sums[one.at.date()] = total + one.mean * one.samples, samples + one.samples
    return [Day(day, total / samples, samples) for day, (total, samples) in sums.items()]


def _day(hours: Sequence[tuple[datetime, float]], better: Better | None, now: datetime) -> dict[str, Any]:
    from pake_pipelines.analytics.day_change import day_change

    found = day_change(hours, now=now, better=better or "lower")
    return {
        "judged": found.judgement.value if better else None,
        "rate_percent": found.rate_percent,
        "before": found.before,
        "after": found.after,
        "hours": found.hours,
        "reason": found.reason,
    }


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def told(results: Mapping[str, Mapping[str, Any]]) -> Finding:
    """Return trends as a finding: the health score first."""
    health = results[HEALTH]
    declining = [name for name, one in results.items() if "declining" in {one[window]["judged"] for window in _WINDOWS}]
    score = health["score"]
    stands = "unknown" if score is None else f"{score:.1f} %"
    numbers: dict[str, float] = {"subjects": len(results), "declining": len(declining)}
    if score is not None:
        numbers["health_score"] = round(score, 2)
    if health["uptime_hours"] is not None:
        numbers["average_uptime_hours"] = round(health["uptime_hours"], 2)
    week = health["week"]["judged"]
    summary = f"health score {stands}, over 7 days {week}; declining: {len(declining)} of {len(results)}"
    rows = [_cells(name, one) for name, one in sorted(results.items(), key=lambda pair: (pair[0] != HEALTH, pair[0]))]
    return Finding(summary, numbers, _COLUMNS, rows)


def _cells(name: str, one: Mapping[str, Any]) -> tuple[Cell, ...]:
    week, month, day = one["week"], one["month"], one.get("day") or {}
    return (
        name, _said(week), _rounded(week["change"]), _said(month), _rounded(month["change"]), _rounded(month["mean"]),
        day.get("judged"),
    )  # fmt: skip


def _said(window: Mapping[str, Any]) -> str:
    return str(window["judged"] or window["direction"])


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
