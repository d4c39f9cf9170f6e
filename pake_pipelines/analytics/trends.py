"""Trends (MON-25, ANA-04, ANA-05, ANA-10): a direction only where enough days tell of it, and only if it is no chance.

Mann-Kendall's test over daily means says whether there is a direction at all, Theil-Sen's slope how much it is: both
look at ranks and medians, so that one bad day makes no trend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import expm1, log
from statistics import median
from typing import Final, Literal

FEWEST_SHARE: Final = 0.6
"""Of the days of a window at least so many must have been measured."""

FEWEST_SAMPLES: Final = 12
"""A day with fewer samples (an hour of them) is not measured."""

_SIGNIFICANCE: Final = 0.05
# a change that small is true and means nothing
_RELEVANT_SHARE: Final = 0.05
_FEWEST_DAYS: Final = 4  # of which a growth is told: of fewer any order is chance


class Direction(StrEnum):
    """Where a figure goes; `UNCLEAR` when there are too few days to tell."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNCLEAR = "unclear"


class Judgement(StrEnum):
    """What a direction means where one of the two is better."""

    IMPROVING = "improving"
    DECLINING = "declining"
    STABLE = "stable"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Day:
    """A figure's mean on one day, and the number of samples that it is the mean of."""

    day: date
    mean: float
    samples: int


@dataclass(frozen=True, slots=True)
class Trend:
    """How a figure moved in a window: `change` over the whole of it, in the figure's unit, None where it is unclear.

    `mean` is that of the days that were measured (`days` of them), None without any.
    """

    window_days: int
    direction: Direction
    change: float | None
    mean: float | None
    days: int


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth a day in the figure's unit, and as a share of what it was (0.1: a tenth a day).

    Both are None where `reason` says why nothing is known; the share also where the figure was not above 0 throughout.
    """

    per_day: float | None
    share_per_day: float | None
    days: int
    reason: str | None = None


def trend(measured: Sequence[Day], window_days: int) -> Trend:
    """Return the trend of a window of `window_days` days; days may be missing."""
    days = _measured(measured)
    mean = sum(one.mean for one in days) / len(days) if days else None
    if mean is None or len(days) < FEWEST_SHARE * window_days:
        return Trend(window_days, Direction.UNCLEAR, None, mean, len(days))
    places, values = _places(days), [one.mean for one in days]
    change = _slope(places, values) * (window_days - 1)
    return Trend(window_days, _direction(places, values, change), change, mean, len(days))


def judged(found: Trend, better: Literal["lower", "higher"]) -> Judgement:
    """Return what a trend means for a figure of which `better` is what one wants."""
    if found.direction is Direction.UNCLEAR:
        return Judgement.INSUFFICIENT
    if found.direction is Direction.STEADY:
        return Judgement.STABLE
    wanted = Direction.RISING if better == "higher" else Direction.FALLING
    return Judgement.IMPROVING if found.direction is wanted else Judgement.DECLINING


def growth(measured: Sequence[Day]) -> Growth:
    """Return how fast a figure grows; 0 a day where its days have no direction (Mann-Kendall)."""
    days = _measured(measured)
    if len(days) < _FEWEST_DAYS:
        return Growth(None, None, len(days), f"too few days: {len(days)} of at least {_FEWEST_DAYS}")
    places, values = _places(days), [one.mean for one in days]
    if _chance(places, values) >= _SIGNIFICANCE and len(days) > _FEWEST_DAYS:
        return Growth(0.0, 0.0, len(days))
    share = expm1(_slope(places, [log(one) for one in values])) if min(values) > 0 else None
    return Growth(_slope(places, values), share, len(days))


def _measured(days: Sequence[Day]) -> list[Day]:
    return sorted((one for one in days if one.samples >= FEWEST_SAMPLES), key=lambda one: one.day)


def _places(days: Sequence[Day]) -> list[int]:
    return [one.day.toordinal() for one in days]


def _direction(places: Sequence[int], values: Sequence[float], change: float) -> Direction:
    if abs(change) <= _RELEVANT_SHARE * abs(median(values)) or _chance(places, values) >= _SIGNIFICANCE:
        return Direction.STEADY
    return Direction.RISING if change > 0 else Direction.FALLING


def _chance(places: Sequence[int], values: Sequence[float]) -> float:
    """Return how likely chance alone orders the values so (Mann-Kendall)."""
    if min(values) == max(values):
        return 1.0
    from scipy.stats import kendalltau

    return float(kendalltau(places, values).pvalue)


def _slope(places: Sequence[int], values: Sequence[float]) -> float:
    """Return the change per day: the median of the slopes between any two days (Theil-Sen)."""
    slopes = [
        (values[later] - values[sooner]) / (places[later] - places[sooner])
        for sooner in range(len(places))
        for later in range(sooner + 1, len(places))
    ]
    return median(slopes)
