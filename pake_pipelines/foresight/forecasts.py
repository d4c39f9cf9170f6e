"""Forecasts of the metrics that the configuration names (ANA-03, ANA-06), and when they reach their limits (ANA-07)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pake_pipelines.config.analytics import Forecast as Asked
from pake_pipelines.config.analytics import Forecasts
from pake_pipelines.foresight.finding import Cell, Finding, Place, Verdict, subject
from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.store import forecasts, monitoring_statistics
from pake_pipelines.store.forecasts import ForecastPoint, ForecastRow
from pake_pipelines.store.monitoring_statistics import Bin

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts import Crossing, Forecast, Reading

NOTHING_FILLS_UP: Final = "nothing_fills_up"
_COLUMNS: Final = ("series", "model", "a day", "reaches", "between", "and", "why no date")
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# samples are kept for some weeks, and no analysis looks back further than this
_LOOKED_BACK: Final = timedelta(days=93)


async def forecast_metrics(place: Place) -> Finding:
    """Foresee every series of the metrics, and keep what was foreseen."""
    rules, now = place.rules.reports.analytics.forecasts, place.now
    async with place.database.connection() as connection:
        bins = await monitoring_statistics.metric_bins(connection, list(rules.metrics), now - _LOOKED_BACK, now, _HOUR)
    rows = foreseen(bins, rules, place.run_id, now)
    async with place.database.transaction() as connection:
        await forecasts.save(connection, rows)
    return told(rows, now, place.rules.reports.advice.days_to_full)


def foreseen(bins: Sequence[Bin], rules: Forecasts, run_id: str, now: datetime) -> list[ForecastRow]:
    """Return the forecast of each series; a metric that was never measured has one that says so."""
    by_series: dict[tuple[str, tuple[tuple[str, str], ...]], list[Bin]] = {}
    for one in bins:
        by_series.setdefault((one.metric, tuple(sorted(one.labels.items()))), []).append(one)
    measured = {metric for metric, _ in by_series}
    rows = [_foreseen(metric, dict(labels), found, rules, run_id, now) for (metric, labels), found in by_series.items()]
    rows += [_foreseen(metric, {}, [], rules, run_id, now) for metric in rules.metrics if metric not in measured]
    return sorted(rows, key=lambda one: (one.metric, sorted(one.labels.items())))


def _foreseen(
    metric: str, labels: Mapping[str, str], bins: Sequence[Bin], rules: Forecasts, run_id: str, now: datetime
) -> ForecastRow:
    from pake_pipelines.analytics.forecasts import Reading, forecast

    asked = rules.metrics[metric]
    # a bin stands for its middle, the one that is not over for what of it there is
    readings = [Reading(min(one.at + _HOUR / 2, now), one.mean) for one in bins]
    near = forecast(readings, horizon=rules.horizon_days * _DAY, now=now, level=rules.level, bounds=asked.bounds)
    crossing = None if asked.limit is None else _crossing(near, readings, asked.limit, asked, rules, now)
    return ForecastRow(
        metric=metric,
        labels=labels,
        made_at=now,
        run_id=run_id,
        model=near.model,
        unit=CATALOGUE[metric].unit if metric in CATALOGUE else "count",
        readings=len(readings),
        slope_per_day=near.slope_per_day,
        points=tuple(ForecastPoint(one.at, one.value, one.low, one.high) for one in near.points),
        limit_value=asked.limit,
        reaches_at=crossing.date if crossing else None,
        reaches_early=crossing.earliest if crossing else None,
        reaches_late=crossing.latest if crossing else None,
        reason=_reason(near, crossing),
    )


def _crossing(
    near: "Forecast", readings: "Sequence[Reading]", limit: float, asked: Asked, rules: Forecasts, now: datetime
) -> "Crossing":
    """Return when what rises reaches the limit, by a forecast of its own that looks further.

    Its first points are no substitute for the near one: chosen by how well they see far, models are off by a tenth more
    in the first week, and the interval holds 75 instead of 79 %.
    """
    from pake_pipelines.analytics.forecasts import days_to

    furthest = rules.furthest_days * _DAY
    told_by = readings if near.trend == "rising" else near
    return days_to(told_by, limit, now=now, furthest=furthest, level=rules.level, bounds=asked.bounds)


def _reason(near: "Forecast", crossing: "Crossing | None") -> str:
    if crossing is None:
        return near.reason or "no limit is set"
    return "" if crossing.date else crossing.reason


def told(rows: Sequence[ForecastRow], now: datetime, days_to_full: int) -> Finding:
    """Return forecasts as a finding; what reaches its limit within `days_to_full` days does not pass."""
    dated = sorted((one for one in rows if one.reaches_at), key=lambda one: one.reaches_at or now)
    soon = [one for one in dated if one.reaches_at and one.reaches_at - now <= timedelta(days=days_to_full)]
    silent = [one for one in rows if not one.points]
    numbers: dict[str, float] = {"series": len(rows), "without_forecast": len(silent), "with_date": len(dated)}
    for one in rows:
        if one.points:
            numbers[f"{subject(one.metric, one.labels)} expected"] = round(one.points[-1].value, 3)
        if one.reaches_at:
            numbers[f"{subject(one.metric, one.labels)} days"] = round(max((one.reaches_at - now) / _DAY, 0), 2)
    summary = f"{len(rows) - len(silent)} of {len(rows)} series can be foreseen; with a date: {len(dated)}"
    return Finding(summary, numbers, _COLUMNS, [_cells(one) for one in rows], _checks(rows, soon))


def _checks(rows: Sequence[ForecastRow], soon: Sequence[ForecastRow]) -> dict[str, Verdict]:
    """Return the check of the series that have a limit; none where nothing can be foreseen of any of them."""
    limited = [one for one in rows if one.limit_value is not None]
    known = [one for one in limited if one.points]
    if soon:
        said = "; ".join(f"{subject(one.metric, one.labels)} on {one.reaches_at:%d %b %Y}" for one in soon)
        return {NOTHING_FILLS_UP: Verdict(False, said)}
    unknown = f"; nothing is known of {len(limited) - len(known)} more" if len(known) < len(limited) else ""
    said = f"no series reaches its limit soon, of {len(known)} that have one{unknown}"
    return {NOTHING_FILLS_UP: Verdict(True, said)} if known else {}


def _cells(one: ForecastRow) -> tuple[Cell, ...]:
    slope = None if one.slope_per_day is None else round(one.slope_per_day, 4)
    return (
        subject(one.metric, one.labels), one.model, slope, one.reaches_at, one.reaches_early, one.reaches_late,
        one.reason,
    )  # fmt: skip
