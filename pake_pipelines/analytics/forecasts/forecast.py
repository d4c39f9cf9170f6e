"""What a figure will be: a model chosen by back-test, its path, and an interval as wide as the back-test was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, isfinite
from typing import TYPE_CHECKING, Final, TypeAlias

from pake_pipelines.analytics.forecasts import models
from pake_pipelines.analytics.forecasts.back_test import back_test, scaled_error, selected
from pake_pipelines.analytics.forecasts.intervals import half_widths
from pake_pipelines.analytics.forecasts.prepared import Prepared
from pake_pipelines.analytics.forecasts.series import Reading, Series, regular

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
# without a reading for so long, or for half of what is known, a series has ended
_STALE: Final = timedelta(days=7)
_STALE_TURNS: Final = 3  # times the usual distance of readings, at the least

Bounds: TypeAlias = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """What a reading at a moment will be, between `low` and `high` as often as the forecast's level says.

    `peak` is how high the highest reading until then is, as likely as not.
    """

    at: datetime
    value: float
    low: float
    high: float
    peak: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The readings to come, or the `reason` why nothing can be said of them: then there are no points.

    `trend` is "rising", "falling", "steady", "fluctuates" (it is cleaned up again and again, to no higher peaks) or
    "unknown"; `slope_per_day` is None unless it rises or falls. `latest` is the last reading. `error` is the mean
    absolute error of the back-test by that of drawing the last value on: from 1 on the model knows no more than that.
    It is None where too little was tested.
    """

    model: str
    made_at: datetime
    points: tuple[ForecastPoint, ...]
    slope_per_day: float | None
    trend: str
    reason: str | None
    readings: int
    latest: float | None = None
    error: float | None = None


def forecast(
    readings: Sequence[Reading],
    *,
    horizon: timedelta,
    step: timedelta = _DAY,
    now: datetime,
    level: float = 0.8,
    bounds: Bounds = (None, None),
) -> Forecast:
    """Return what readings to expect at every `step` from `now` to the `horizon`.

    `level` is the share of readings that the interval shall hold, `bounds` what the figure cannot go below or above.
    """
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    series = regular(readings, step, now)
    if isinstance(series, str):
        return _nothing(series, now, len(readings))
    silent, known = now - series.end, len(series.values) * step
    if silent > max(_STALE_TURNS * known / int(series.measured.sum()), min(_STALE, known / 2)):
        old = f"{silent / _DAY:.0f} days" if silent >= 2 * _DAY else f"{silent / _HOUR:.0f} hours"
        return _nothing(f"the last reading is {old} old", now, len(readings))
    return _told(_Asked(ceil(horizon / step), now, level, bounds), series, silent / step, len(readings))


@dataclass(frozen=True, slots=True)
class _Asked:
    steps: int
    now: datetime
    level: float
    bounds: Bounds


def _told(asked: _Asked, series: Series, age: float, readings: int) -> Forecast:
    prepared = Prepared(series)
    slope = prepared.slope
    reach = asked.steps + ceil(age)
    tested = back_test(prepared.values, series.measured, reach)
    continued = models.paths(prepared.values, reach)
    wanted = (*(models.TRENDS if slope else models.LEVELS), *models.JUMPING)
    name = selected(tested, [one for one in wanted if one in continued and one in tested.errors])
    widths = half_widths(tested.errors_now(name), asked.level, reach, len(prepared.values)) * prepared.doubt
    fluctuates = prepared.jumps.clean_ups
    return Forecast(
        name,
        asked.now,
        _points(asked, series, age, _Drawn(continued[name], prepared, widths)),
        slope * prepared.unit / (series.step / _DAY) if slope else None,
        ("rising" if slope > 0 else "falling") if slope else "fluctuates" if fluctuates else "steady",
        None,
        readings,
        float(series.values[-1]),
        error if isfinite(error := scaled_error(tested, name, models.LAST_VALUE)) else None,
    )


class _Drawn:
    """Path, peaks and half widths from the last step on, in the figure's unit."""

    def __init__(self, path: "Floats", prepared: Prepared, widths: "Floats") -> None:
        import numpy as np

        unit, last = prepared.unit, prepared.series.values[-1:]
        self.path = np.concatenate([last, (path + prepared.cycle_effect(len(path))) * unit])
        self.peaks = np.concatenate([last, prepared.peaks(path) * unit])
        self.widths = np.concatenate([widths[:1], widths]) * unit


def _points(asked: _Asked, series: Series, age: float, drawn: _Drawn) -> tuple[ForecastPoint, ...]:
    """Return the points; between two steps, or where the last is `age` steps old, those of the lines between steps."""
    import numpy as np

    numbers = np.arange(1, asked.steps + 1)
    steps = np.arange(len(drawn.path))
    single = float(np.quantile(np.abs(series.within), asked.level))
    path, peaks, widths = (np.interp(age + numbers, steps, one) for one in (drawn.path, drawn.peaks, drawn.widths))
    peaks, widths = peaks + series.above, np.hypot(widths, single)
    points = []
    for number, value, peak, width in zip(numbers.tolist(), path, peaks, widths, strict=True):
        at = asked.now + number * series.step
        middle = float(value) + series.hour_effect(at)
        edges = (middle, middle - float(width), middle + float(width), float(peak))
        points.append(ForecastPoint(at, *(_bounded(one, asked.bounds) for one in edges)))
    return tuple(points)


def _bounded(value: float, bounds: Bounds) -> float:
    low, high = bounds
    value = value if low is None else max(low, value)
    return value if high is None else min(high, value)


def _nothing(reason: str, now: datetime, readings: int) -> Forecast:
    return Forecast("none", now, (), None, "unknown", reason, readings)
