"""What jumps again and again, continued: a saw-tooth that clean-ups take back, or stairs.

Many futures are drawn from the teeth that are known: how long they were or how high, what was left of them and how fast
they grew. Whether a saw-tooth fills is told by its peaks and floors.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.forecasts.direction import direction, theil_sen

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.jumps import Jumps
    from pake_pipelines.analytics.forecasts.series import Floats

FUTURES: Final = 120

_SURE: Final = 0.025
_CLEARLY: Final = 0.1  # of what a clean-up takes
_FEW: Final = 3
_LONG_TOOTH: Final = 5  # steps from which a tooth has a growth of its own
_ENDED: Final = 3.0  # usual distances without a step, after which stairs have ended


@dataclass(frozen=True, slots=True)
class Teeth:
    """The stretches between jumps: `distances` in steps, `peaks` before and `floors` after each jump, growth a step."""

    places: "Floats"
    distances: "Floats"
    peaks: "Floats"
    floors: "Floats"
    growth: "Floats"


def teeth(values: "Floats", found: "Jumps") -> Teeth:
    """Return the teeth of values that jumped at least twice."""
    import numpy as np

    places = np.array(found.places)
    parts = [values[begin:end] for begin, end in pairwise([0, *places, len(values)]) if end - begin > 1]
    slopes = np.array([theil_sen(part) for part in parts] or [0.0])
    lengths = np.array([len(part) for part in parts] or [1])
    pooled = float(np.average(slopes, weights=lengths - 1.0)) if parts else 0.0
    own = slopes[lengths >= _LONG_TOOTH]
    growth = own if len(own) > 1 and found.clean_ups else np.array([pooled])
    return Teeth(places.astype(float), np.diff(places).astype(float), values[places - 1], values[places], growth)


def jumping_slope(values: "Floats", found: "Jumps") -> float:
    """Return how fast the peaks and floors of a saw-tooth, or stairs, rise or fall a step; 0 where they do not."""
    import numpy as np

    known = teeth(values, found)
    if found.steps:
        waited = len(values) - known.places[-1]
        ended = waited > _ENDED * float(np.median(known.distances))
        line = direction(values)
        rises = not ended and (len(found.places) > 2 or line.significant)
        return max(line.slope, (values[-1] - values[0]) / len(values)) if rises else 0.0
    places = np.concatenate([known.places, known.places])
    middle = places - places.mean()
    levels = np.concatenate([known.peaks - known.peaks.mean(), known.floors - known.floors.mean()])
    slope = float(middle @ levels / (middle @ middle))
    taken = float(np.median(known.peaks - known.floors))
    if abs(slope) * np.ptp(places) < _CLEARLY * taken:
        return 0.0
    if len(known.peaks) <= _FEW and (_all_clear(known.peaks, taken) and _all_clear(known.floors, taken)):
        return slope
    return slope if _chance(levels - slope * middle, slope, middle) < _SURE else 0.0


def futures(values: "Floats", found: "Jumps", horizon: int) -> "Floats":
    """Return drawn continuations as (futures, steps); the same values have the same ones."""
    import numpy as np

    drawing = np.random.default_rng(0)

    def drawn(of: "Floats") -> "Floats":
        return drawing.choice(of, FUTURES)

    known = teeth(values, found)
    habit = _habit(values, found, known)
    waited = len(values) - known.places[-1]
    longer = known.distances[known.distances >= waited]
    value, since = np.full(FUTURES, values[-1]), np.full(FUTURES, waited)
    due = drawn(longer) if len(longer) else waited + np.ceil(drawing.random(FUTURES) * np.median(known.distances) / 2)
    rate, top = drawn(known.growth), drawn(habit.peaks)
    paths = np.empty((FUTURES, horizon))
    for ahead in range(horizon):
        risen = habit.slope * (len(values) + ahead)
        jumps = value + rate / 2 > top + risen if habit.by_peak else since >= due
        left = drawn(habit.floors) + risen if habit.to_floor else value + drawn(known.floors - known.peaks)
        value = np.where(jumps, left, value + rate)
        since = np.where(jumps, 1, since + 1)
        if jumps.any():
            due, top = np.where(jumps, drawn(known.distances), due), np.where(jumps, drawn(habit.peaks), top)
            rate = np.where(jumps, drawn(known.growth), rate)
        paths[:, ahead] = value
    return paths


@dataclass(frozen=True, slots=True)
class _Habit:
    """How a saw-tooth is cleaned up: at a peak or after a time, down to a floor or by an amount.

    Of both what was kept to better. `peaks` and `floors` are less the `slope` of both.
    """

    slope: float
    peaks: "Floats"
    floors: "Floats"
    by_peak: bool
    to_floor: bool


def _habit(values: "Floats", found: "Jumps", known: Teeth) -> _Habit:
    import numpy as np

    if found.steps:
        return _Habit(0.0, known.peaks, known.floors, by_peak=False, to_floor=False)
    slope = jumping_slope(values, found)
    peaks, floors = known.peaks - slope * known.places, known.floors - slope * known.places
    growth = float(np.mean(known.growth))
    by_peak = growth > 0 and float(np.std(peaks)) / growth < float(np.std(known.distances))
    to_floor = float(np.std(floors)) < float(np.std(known.floors - known.peaks))
    return _Habit(slope, peaks, floors, by_peak, to_floor)


def _all_clear(levels: "Floats", taken: float) -> bool:
    """Whether each level differs from the one before by a part of what a clean-up takes, all the same way."""
    import numpy as np

    rises = np.diff(levels) / taken
    return bool(rises.min() > _CLEARLY or rises.max() < -_CLEARLY)


def _chance(rest: "Floats", slope: float, middle: "Floats") -> float:
    import numpy as np
    from scipy.special import stdtr

    freedom = len(rest) - 3
    error = max(float(rest @ rest) / freedom, 1e-24) ** 0.5 / float(np.sqrt(middle @ middle))
    return float(2 * stdtr(freedom, -abs(slope) / error))
