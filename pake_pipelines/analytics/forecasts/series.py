"""Readings made into a regular series: one value a step, gaps bridged, the hour of the day taken out where it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.intp]
    Flags: TypeAlias = NDArray[np.bool_]

_FEWEST_STEPS: Final = 6  # five to learn from, one to test the model on
_MOST_STEPS: Final = 400  # what is older says little, and the work grows with the square
_DENSE: Final = 3.0  # readings a step; from here on a step's value stands for its middle
_LARGEST: Final = 1e100  # sums of squares of what is larger are not finite
_DAY: Final = 86_400.0
_HOURS: Final = 24
_FEWEST_DAYS: Final = 3
_SHOWS: Final = 0.1  # adjusted R squared of the hour of the day
_DEVIATIONS: Final = 41


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured at a moment, in the unit of the figure."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Series:
    """One value per step, the last of which stands for `end`; `measured` says which are not bridged.

    `within` are quantiles of how far single readings lie from the value of their step, `hours` how far the readings of
    each hour of the day (UTC) lie from it, which is already taken out of the other two. `above` is how far the highest
    reading of a step usually lies above its value.
    """

    end: datetime
    step: timedelta
    values: "Floats"
    measured: "Flags"
    within: "Floats"
    hours: "Floats"
    above: float

    def hour_effect(self, at: datetime) -> float:
        """Return how far a reading at `at` lies from the value of its step by its hour."""
        return float(self.hours[at.astimezone(UTC).hour])


def regular(readings: Sequence[Reading], step: timedelta, now: datetime) -> Series | str:
    """Return the series of what was read up to `now`, or why there is none.

    What is not finite is left out, as is what claims to be from later than `now`, by a clock that was wrong.
    """
    import numpy as np

    limit, width = _seconds(now), step.total_seconds()
    known = [(_seconds(one.at), one.value) for one in readings if abs(one.value) < _LARGEST]
    pairs = np.array(sorted(pair for pair in known if pair[0] <= limit), float).reshape(-1, 2)
    if not len(pairs):
        return "nothing was measured"
    times, values = pairs[pairs[:, 0] > pairs[-1, 0] - _MOST_STEPS * width].T
    occupied = len(np.unique(np.floor((times[-1] - times) / width)))
    dense = len(times) >= _DENSE * occupied
    end = times[-1] - width / 2 if dense else times[-1]
    places = np.rint((end - times) / width).clip(0).astype(int)
    medians = _medians(places, values)
    hours = _by_hour(times, values, end - places * width, medians[places]) if dense and width >= _DAY else None
    if hours is not None:
        values = values - hours[_hour(times)]
        medians = _medians(places, values)
    measured = np.isfinite(medians)[::-1]
    if measured.sum() < _FEWEST_STEPS:
        return f"too few {'days' if width == _DAY else 'steps'}: {measured.sum()} of at least {_FEWEST_STEPS}"
    at = np.arange(len(medians))
    whole = _bridged(medians[::-1])
    deviations = values - np.interp(times, (end - at * width)[::-1], whole)
    hours = np.zeros(_HOURS) if hours is None else hours
    within, above = np.zeros(1), 0.0
    if dense:
        within = np.quantile(deviations, np.linspace(0, 1, _DEVIATIONS))
        highest = np.full(len(whole), -np.inf)
        np.maximum.at(highest, places, deviations + hours[_hour(times)])
        above = max(0.0, float(np.median(highest[np.isfinite(highest)])))
    return Series(datetime.fromtimestamp(end, UTC), step, whole, measured, within, hours, above)


def _bridged(values: "Floats") -> "Floats":
    """Return the values with gaps bridged: by a line upwards, by what was before downwards, as clean-ups are sudden."""
    import numpy as np

    at, known = np.arange(len(values)), np.flatnonzero(np.isfinite(values))
    line = np.interp(at, known, values[known])
    before = known[np.searchsorted(known, at, side="right") - 1]
    return np.where(np.isfinite(values), values, np.maximum(line, values[before]))


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _hour(times: "Floats") -> "Places":
    return (times % _DAY // 3600).astype(int)


def _medians(places: "Places", values: "Floats") -> "Floats":
    """Return the median of the values at each place, nan where there are none."""
    import numpy as np

    medians = np.full(int(places.max()) + 1, np.nan)
    order = np.argsort(places, kind="stable")
    found, starts = np.unique(places[order], return_index=True)
    for place, part in zip(found, np.split(values[order], starts[1:]), strict=True):
        medians[place] = np.median(part)
    return medians


def _by_hour(times: "Floats", values: "Floats", centres: "Floats", medians: "Floats") -> "Floats | None":
    """Return the median deviation of each hour of the day, None where the hour tells nothing."""
    import numpy as np

    days = len(np.unique(times // _DAY))
    order = np.unique(centres, return_index=True)[1]
    deviations = values - np.interp(times, centres[order], medians[order])
    hour = _hour(times)
    counted = np.bincount(hour, minlength=_HOURS)
    if days < _FEWEST_DAYS or len(values) < 3 * _HOURS or not deviations.any():
        return None
    effect = np.array([np.median(deviations[hour == one]) if counted[one] else 0.0 for one in range(_HOURS)])
    effect -= np.average(effect, weights=counted)
    kept = np.abs(deviations[:, None] - np.array([[0.0]]) - effect[hour][:, None]).mean()
    shows = 1 - kept / np.abs(deviations - np.median(deviations)).mean() if deviations.any() else 0.0
    return effect if shows > _SHOWS else None
