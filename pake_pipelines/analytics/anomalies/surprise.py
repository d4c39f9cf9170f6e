"""How odd each point of a series is: several views of it, joined to one number.

Every view is brought to a scale on which 1 is worth a look, and their squares are added: two views that are both half
convinced count as much as one that is. The divisors were chosen on NAB's artificial, advertisement, traffic and tweet
series (benchmarks/anomaly.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.history import (
    excess,
    mean_and_deviation,
    moving_mean,
    reign,
    resolution,
    spread,
)
from pake_pipelines.analytics.anomalies.novelty import value_distance, window_distance
from pake_pipelines.analytics.anomalies.rhythm import after_gap
from pake_pipelines.analytics.anomalies.season import season_distances

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEARNING: Final = 100
"""Points before a view that is measured by its own history says anything."""

_VALUE: Final = 0.054
"""A value as far as this from every earlier one, in the geometric mean of standard deviation and range: the one alone
floods where the series is quiet, the other is blind after one huge value."""

_STEPS: Final = 15
"""That mean is taken to be at least this many of the series' smallest steps: one more than ever in a small count, or
another last digit of what hardly moves, is no anomaly."""

_MEANS: Final = (6, 24)
_MEAN: Final = 0.077
"""The same of the mean of the last 6 and 24 points (half an hour and two hours of samples every five minutes), which
rises out of noise that hides a burst, a drift or a small shift of level."""

_WINDOW: Final = 12
_SHAPE: Final = 5.0  # standard deviations of a window's distance to every earlier one above what is usual for it
_SEASON: Final = 8.0  # standard deviations above the usual distance
_FLAT_POINTS: Final = 24  # fewer equal values in a row are no flat line
_FLAT_TIMES: Final = 3.0  # a flat line is this many times as long as every one before
_SMALLEST: Final = 0.05  # of a standard deviation: distances are no finer than this

_BOUND: Final = 1e6  # of a view: more of it says no more, and its square stays finite

_EPISODE: Final = 100
"""A point is news only if it is odder than everything in this many points before it ..."""

_WORTH: Final = 1.1  # news of this much score one half

_GROWTH: Final = 3.0
"""... and this many times as odd as an anomaly among them: what goes on rising is not one at every point."""

_LONG_AGO: Final = 4000
_MEMORY: Final = 0.3
"""What is odder than everything in 4,000 points counts in full, what is odder than a tenth of that counts half."""


@dataclass(frozen=True, slots=True)
class Novelty:
    """A view by distance: the values compared, and how far each is from the nearest earlier one."""

    values: "Floats"
    distance: "Floats"


@dataclass(frozen=True, slots=True)
class Surprise:
    """By the point: how odd it is (`odd`, 0 and up), how much of that is news (`news`, 0..1), and each view's part."""

    odd: "Floats"
    news: "Floats"
    views: "Mapping[str, Floats]"
    novelties: "Mapping[str, Novelty]"


def surprise(times: "Floats", values: "Floats", threshold: float = 0.5) -> Surprise:
    """Judge every point by the earlier ones; `times` in seconds, `values` finite, of the same length, not empty.

    From a score of `threshold` on a point is an anomaly, and those that go on with it are none of their own.
    """
    import numpy as np

    values = _scaled(values)
    deviation = mean_and_deviation(values)[1]
    step = resolution(values)
    novelties = {"value": Novelty(values, value_distance(values))}
    views = {"value": _relative(novelties["value"], step) / _VALUE}
    for length in _MEANS:
        mean = moving_mean(values, length)
        novelties[f"mean of {length}"] = novelty = Novelty(mean, value_distance(mean, length))
        views[f"mean of {length}"] = _relative(novelty, step / length**0.5) / _MEAN
    views |= {
        "shape": np.where(after_gap(times, _WINDOW), 0.0, _shape(values, deviation)) / _SHAPE,
        "season": _season(times, values, deviation) / _SEASON,
        "flat": _flat(values),
    }
    odd = np.sqrt(sum(np.minimum(view, _BOUND) ** 2 for view in views.values()))
    return Surprise(odd, _news(odd, news_of(threshold)), views, novelties)


def score_of(news: float) -> float:
    """News from 0 up as a score of 0..1."""
    return news / (_WORTH + news)


def news_of(score: float) -> float:
    """The news that score so much; infinite from 1 on."""
    return _WORTH * score / (1 - score) if score < 1 else float("inf")


def _scaled(values: "Floats") -> "Floats":
    """By a power of two, which changes no digit: squares of huge values stay finite."""
    import numpy as np

    largest = float(np.abs(values).max())
    return np.ldexp(values, -int(np.frexp(largest)[1])) if largest else values


def _relative(novelty: Novelty, step: "Floats") -> "Floats":
    """The distances on the series' own scale."""
    import numpy as np

    values, distance = novelty.values, novelty.distance
    scale = np.maximum(np.sqrt(mean_and_deviation(values)[1] * spread(values)), _STEPS * step)
    first_change = np.where(distance > 0, distance, 1.0)
    return distance / np.where(scale > 0, scale, first_change)


def _shape(values: "Floats", deviation: "Floats") -> "Floats":
    return excess(window_distance(values, _WINDOW), _floor(deviation), LEARNING + 2 * _WINDOW)


def _season(times: "Floats", values: "Floats", deviation: "Floats") -> "Floats":
    import numpy as np

    by_day, by_week = (_above_usual(one, deviation) for one in season_distances(times, values, deviation))
    return np.maximum(by_day, by_week)


def _above_usual(distance: "Floats", deviation: "Floats") -> "Floats":
    """The distances from the first one on, beside those before them."""
    import numpy as np

    first = int(np.argmax(distance > 0))
    return np.concatenate([np.zeros(first), excess(distance[first:], _floor(deviation[first:]), LEARNING)])


def _flat(values: "Floats") -> "Floats":
    """3 where a value has stayed for three times as long as any did before."""
    import numpy as np

    at = np.arange(len(values))
    changed = np.append(True, values[1:] != values[:-1])
    since = at - np.maximum.accumulate(np.where(changed, at, 0)) + 1
    ended = np.where(changed[1:], since[:-1], 0)
    longest = np.concatenate([[0], np.maximum.accumulate(ended)]) if len(ended) else np.zeros(len(values))
    bar = np.maximum(_FLAT_POINTS, _FLAT_TIMES * longest)
    return np.where((since >= bar) & (at >= LEARNING) & (since <= at / 2), 3.0, 0.0)


def _floor(deviation: "Floats") -> "Floats":
    import numpy as np

    return np.maximum(_SMALLEST * deviation, np.finfo(float).tiny ** 0.5)


def _news(odd: "Floats", enough: float) -> "Floats":
    import numpy as np

    lasting = reign(odd)
    news = np.zeros(len(odd))
    told, told_at = 0.0, -_EPISODE
    for at in np.flatnonzero(lasting > _EPISODE).tolist():
        if at - told_at >= _EPISODE or odd[at] >= _GROWTH * told:
            news[at] = odd[at] * min(lasting[at] / _LONG_AGO, 1.0) ** _MEMORY
            if news[at] >= enough:
                told, told_at = odd[at], at
    return news / (_WORTH + news)
