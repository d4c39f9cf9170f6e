"""What a figure will be: a model chosen by back-test, its path, and an interval as wide as the back-test was wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING, Final, TypeAlias

from pake_pipelines.analytics.forecasts import models
from pake_pipelines.analytics.forecasts.back_test import back_test, selected
from pake_pipelines.analytics.forecasts.direction import direction
from pake_pipelines.analytics.forecasts.intervals import half_widths
from pake_pipelines.analytics.forecasts.jumping import FUTURES, futures, jumping_slope
from pake_pipelines.analytics.forecasts.jumps import Jumps, despiked, jumps
from pake_pipelines.analytics.forecasts.profile import profile
from pake_pipelines.analytics.forecasts.series import Reading, Series, regular

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_DAY: Final = timedelta(days=1)
_CYCLES: Final = (_DAY, 7 * _DAY)
_STALE: Final = 3  # steps without a reading, besides half of what is known, after which the past says nothing

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
    "unknown"; `slope_per_day` is None unless it rises or falls. `latest` is the last reading.
    """

    model: str
    made_at: datetime
    points: tuple[ForecastPoint, ...]
    slope_per_day: float | None
    trend: str
    reason: str | None
    readings: int
    latest: float | None = None


def forecast(
    readings: Sequence[Reading],
    *,
    horizon: timedelta,
    step: timedelta = _DAY,
    now: datetime,
    level: float = 0.8,
    bounds: Bounds = (None, None),
    model: str | None = None,
) -> Forecast:
    """Return what readings to expect at every `step` from `now` to the `horizon`.

    `level` is the share of readings that the interval shall hold, `bounds` what the figure cannot go below or above.
    `model` is one of `models.LEVELS` or `models.TRENDS`; without it the back-test chooses.
    """
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    series = regular(readings, step, now)
    if isinstance(series, str):
        return _nothing(series, now, len(readings))
    age = (now - series.end) / step
    if age > max(_STALE, len(series.values) / 2):
        return _nothing(f"the last reading is {age * (step / _DAY):.0f} days old", now, len(readings))
    return _told(_Prepared(series, age), ceil(horizon / step), now, level, bounds, len(readings), model)


class _Prepared:
    """A series in units of its largest value, without spikes and cycles, with what is needed to put cycles back."""

    def __init__(self, series: Series, age: float) -> None:
        self.series, self.age, self.cycles = series, age, []
        # squares of what is huge or tiny are not finite
        self.unit = float(abs(series.values).max()) or 1.0
        values = despiked(series.values / self.unit)
        for cycle in _CYCLES:
            period = round(cycle / series.step)
            if period * series.step == cycle and (found := profile(values, period)) is not None:
                values = values - self._tiled(found, 0, len(values))
                self.cycles.append(found)
        self.values: Floats = values
        self.jumps: Jumps = jumps(values)

    @property
    def doubt(self) -> float:
        """How much wider intervals are because cycles were told from few rounds and taken out of the same values."""
        doubt = 1.0
        for one in self.cycles:
            rounds = len(self.values) / len(one)
            doubt *= ((rounds + 1) / (rounds - 1)) ** 0.5
        return doubt

    def peaks(self, path: "Floats") -> "Floats":
        """Return how high the highest reading up to each step of a path is, as likely as not.

        Of what jumps it is that of the drawn futures: a path through their middle does not go as high as a tooth.
        """
        import numpy as np

        steps = len(path)
        found = path + np.zeros((FUTURES, 1))
        if self.jumps.clean_ups or self.jumps.steps:
            found = futures(self.values, self.jumps, steps)
        single = np.random.default_rng(0).normal(0, _scatter(self), (FUTURES, steps)) + self.cycle_effect(steps)
        return np.median(np.maximum.accumulate(found + single, axis=1), axis=0)

    def cycle_effect(self, steps: int) -> "Floats":
        """Return what the cycles add to the steps after the last."""
        import numpy as np

        begin = len(self.values)
        return sum((self._tiled(one, begin, begin + steps) for one in self.cycles), np.zeros(steps))

    @staticmethod
    def _tiled(found: "Floats", begin: int, end: int) -> "Floats":
        import numpy as np

        return found[np.arange(begin, end) % len(found)]


def _told(
    prepared: _Prepared,
    steps: int,
    now: datetime,
    level: float,
    bounds: Bounds,
    readings: int,
    model: str | None,
) -> Forecast:
    import numpy as np

    series, values = prepared.series, prepared.values
    slope = _slope(prepared)
    reach = steps + ceil(prepared.age)
    tested = back_test(values, reach)
    asked = (model,) if model else (*(models.TRENDS if slope else models.LEVELS), models.SAW_TOOTH, models.STAIRS)
    continued = models.paths(values, reach)
    name = selected(tested, [one for one in asked if one in continued])
    if not np.isfinite(values).all() or name not in tested.errors:
        return _nothing("too few days for a back-test", now, readings)
    path = (continued[name] + prepared.cycle_effect(reach)) * prepared.unit
    peaks = np.concatenate([series.values[-1:], prepared.peaks(continued[name]) * prepared.unit])
    widths = half_widths(tested.errors_now(name) * prepared.unit, series.within, reach, level, len(values))
    widths *= prepared.doubt
    ahead = np.arange(reach + 1)
    path, widths = np.concatenate([series.values[-1:], path]), np.concatenate([widths[:1], widths])
    points = []
    for number in range(1, steps + 1):
        at = now + number * series.step
        place = prepared.age + number
        value = float(np.interp(place, ahead, path)) + series.hour_effect(at)
        width = float(np.interp(place, ahead, widths))
        peak = float(np.interp(place, ahead, peaks)) + series.above
        points.append(
            ForecastPoint(at, *(_bounded(one, bounds) for one in (value, value - width, value + width, peak)))
        )
    trend = ("rising" if slope > 0 else "falling") if slope else "fluctuates" if prepared.jumps.clean_ups else "steady"
    return Forecast(
        name,
        now,
        tuple(points),
        slope * prepared.unit / (series.step / _DAY) if slope else None,
        trend,
        None,
        readings,
        float(series.values[-1]),
    )


def _slope(prepared: _Prepared) -> float:
    """Return the slope a step, 0 without a significant one; of a saw-tooth, that of its peaks."""
    values, found = prepared.values, prepared.jumps
    if found.clean_ups or found.steps:
        return jumping_slope(values, found)
    line = direction(found.joined(values))
    return line.slope if line.significant else 0.0


def _scatter(prepared: _Prepared) -> float:
    """Return the standard deviation of what does not last: minus the lag-1 covariance of changes is its variance."""
    import numpy as np

    changes = np.delete(np.diff(prepared.values), [place - 1 for place in prepared.jumps.places])
    if len(changes) < 3:
        return 0.0
    changes = changes - np.median(changes)
    limit = 4 * 1.4826 * float(np.median(np.abs(changes)))
    changes = changes.clip(-limit, limit)
    return max(0.0, -float(np.mean(changes[1:] * changes[:-1]))) ** 0.5


def _bounded(value: float, bounds: Bounds) -> float:
    low, high = bounds
    value = value if low is None else max(low, value)
    return value if high is None else min(high, value)


def _nothing(reason: str, now: datetime, readings: int) -> Forecast:
    return Forecast("none", now, (), None, "unknown", reason, readings)
