"""Forecasts and trends as reports show them: when a limit is reached or why there is no date, and where figures go."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pake_pipelines.analytics.trends import Direction, Trend
from pake_pipelines.reports.amounts import amount
from pake_pipelines.reports.document import Column, LineChart, Table, Value
from pake_pipelines.reports.parts.series_names import series_title
from pake_pipelines.store.analyses import STANDS_FOR
from pake_pipelines.store.forecasts import ForecastRow
from pake_pipelines.store.monitoring_statistics import Bin

_DAY: Final = timedelta(days=1)
NONE_LATELY: Final = "No forecast was made in the last two days."


def fresh(forecasts: Iterable[ForecastRow], now: datetime) -> list[ForecastRow]:
    """Return the forecasts that are not too old to tell of what comes."""
    return [one for one in forecasts if now - one.made_at <= STANDS_FOR]


def soonest_first(forecasts: Iterable[ForecastRow]) -> list[ForecastRow]:
    """Return the forecasts, those that reach their limit soonest first, those without a date last."""
    return sorted(
        forecasts,
        key=lambda one: (
            one.reaches_at is None,
            one.reaches_at.timestamp() if one.reaches_at else 0.0,
            one.limit_value is None,
            one.metric,
            sorted(one.labels.items()),
        ),
    )


def dated(forecasts: Iterable[ForecastRow]) -> list[ForecastRow]:
    """Return only those that reach their limit, the soonest first."""
    return soonest_first(one for one in forecasts if one.reaches_at is not None)


def table(key: str, forecasts: Sequence[ForecastRow], *, title: str = "", empty: str = NONE_LATELY) -> Table:
    """Return a row for each forecast, in the given order."""
    columns = [
        Column("what", "What"), Column("limit", "Limit"), Column("per_day", "In a day"), Column("reaches", "Full on"),
        Column("early", "Earliest"), Column("late", "Latest"), Column("why", "Why"), Column("made_at", "As of"),
    ]  # fmt: skip
    return Table(key, columns, [_row(one) for one in forecasts], empty, title)


def _row(one: ForecastRow) -> list[Value]:
    dates: list[Value] = [at.date() if at else "-" for at in (one.reaches_at, one.reaches_early, one.reaches_late)]
    limit = "-" if one.limit_value is None else amount(one.limit_value, one.unit)
    return [series_title(one.metric, one.labels), limit, per_day(one), *dates, why(one), one.made_at]


def per_day(one: ForecastRow) -> str:
    """Return by how much the series is expected to change in a day."""
    if one.slope_per_day is None:
        return "-"
    return changed(one.slope_per_day, one.unit)


def changed(by: float, unit: str) -> str:
    """Return a change with its sign; a percentage changes by points."""
    sign = "+" if by > 0 else ""
    return f"{sign}{by:.1f} points" if unit == "percent" else f"{sign}{amount(by, unit)}"


def moved(found: Trend, unit: str) -> str:
    """Return in words where a figure went, and by how much; a percentage moves by points."""
    if found.direction is Direction.UNCLEAR or found.change is None:
        return f"too few days ({found.days})"
    if found.direction is Direction.STEADY:
        return "steady"
    by = f"{abs(found.change):.1f} points" if unit == "percent" else amount(abs(found.change), unit)
    return f"{found.direction.value} by {by}"


def why(one: ForecastRow) -> str:
    """Return what the forecast rests on, or why there is no date."""
    if one.reaches_at is not None:
        return f"{one.model}, of {one.readings} readings"
    if one.reason:
        return one.reason
    return "it has no limit" if one.limit_value is None else "it does not get there"


def when(one: ForecastRow, now: datetime) -> str:
    """Return in words when the limit is reached, empty where there is no date."""
    if one.reaches_at is None:
        return ""
    days = round((one.reaches_at - now) / _DAY)
    span = "today" if days < 1 else "tomorrow" if days == 1 else f"in {days} days"
    return f"{span} ({one.reaches_at.astimezone(UTC):%d %b %Y})"


def chart(one: ForecastRow, daily: Sequence[Bin]) -> LineChart | None:
    """Return the past by day with gaps where nothing was measured, then what is foreseen; None without points."""
    if not one.points:
        return None
    measured = {bin_.at: (bin_.mean, bin_.low, bin_.high) for bin_ in daily if bin_.at <= one.made_at}
    first = min(measured, default=one.made_at)
    days = [first + number * _DAY for number in range((one.made_at - first) // _DAY + 1)] if measured else []
    past = [(day, *measured.get(day, (None, None, None))) for day in days]
    ahead = [(point.at, point.value, point.low, point.high) for point in one.points]
    times, means, lows, highs = zip(*past, *ahead, strict=True)
    key = "_".join(["forecast", one.metric, *(str(value) for _, value in sorted(one.labels.items()))])
    return LineChart(
        key, series_title(one.metric, one.labels), one.unit, times, means, lows, highs, one.limit_value, one.made_at
    )
