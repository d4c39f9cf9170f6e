"""When a figure reaches a limit; a date only where it goes there, and else the reason why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.analytics.forecasts.forecast import Bounds, Forecast, forecast
from pake_pipelines.analytics.forecasts.series import Reading

_DAY: Final = timedelta(days=1)
_LEAST: Final = 30 * _DAY
_FURTHEST: Final = timedelta(days=365)
_TIMES_KNOWN: Final = 4  # no further ahead than so many times what is known of the past


@dataclass(frozen=True, slots=True)
class Crossing:
    """When `limit` is first reached: most likely at `date` (`days` from now), between `earliest` and `latest`.

    All are None where there is no date, and `reason` says why; it says "reached" where the limit is reached already.
    `latest` is None too where the limit might not be reached within the forecast.
    """

    limit: float
    date: datetime | None
    earliest: datetime | None
    latest: datetime | None
    days: float | None
    reason: str


def days_to(
    made: Forecast | Sequence[Reading],
    limit: float,
    *,
    now: datetime,
    furthest: timedelta = _FURTHEST,
    level: float = 0.8,
    bounds: Bounds = (None, None),
) -> Crossing:
    """Return when a rising figure first reads `limit` or more, by a forecast or by one made of readings.

    `level` and `bounds` are those of the latter, which looks ahead four times as far as the readings reach back, 30
    days at the least and no further than `furthest`.
    """
    if not isinstance(made, Forecast):
        made = forecast(made, horizon=min(_horizon(made), furthest), now=now, level=level, bounds=bounds)
    if made.reason is not None:
        return _never(limit, made.reason)
    if made.latest is not None and made.latest >= limit:
        return Crossing(limit, now, now, now, 0.0, "reached")
    if made.trend == "rising" and made.error is not None and made.error >= 1:
        return _never(limit, "rises, but the past was foreseen no better than by its last value")
    if made.trend != "rising":
        return _never(limit, {"falling": "falls", "fluctuates": "fluctuates"}.get(made.trend, "no trend"))
    date = _reached(made, limit, [one.value if one.peak is None else one.peak for one in made.points])
    if date is None:
        days = (made.points[-1].at - now) / _DAY
        return _never(limit, f"further than {days:.0f} days away")
    earliest = _reached(made, limit, [one.high for one in made.points]) or date
    latest = _reached(made, limit, [one.low for one in made.points])
    latest = max(latest, date) if latest else None
    return Crossing(limit, date, min(earliest, date), latest, max(0.0, (date - now) / _DAY), "rises")


def _horizon(readings: Sequence[Reading]) -> timedelta:
    moments = [one.at for one in readings]
    return max(_LEAST, _TIMES_KNOWN * (max(moments) - min(moments))) if moments else _LEAST


def _reached(made: Forecast, limit: float, values: Sequence[float]) -> datetime | None:
    """Return when the first of the values reaches the limit, between the moments of two of them."""
    before, moment = min(limit, limit if made.latest is None else made.latest), made.made_at
    for value, point in zip(values, made.points, strict=True):
        if value >= limit:
            return moment + (limit - before) / max(value - before, 1e-300) * (point.at - moment)
        before, moment = value, point.at
    return None


def _never(limit: float, reason: str) -> Crossing:
    return Crossing(limit, None, None, None, None, reason)
