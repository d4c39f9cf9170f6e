"""Trends of the monitoring report (MON-25): a direction only where enough days tell of it, and only if it is no chance.

Mann-Kendall's test over daily means says whether there is a direction at all, Theil-Sen's slope how much it is: both
look at ranks and medians, so that one bad day makes no trend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import median
from typing import Final

FEWEST_SHARE: Final = 0.6
"""Of the days of a window at least so many must have been measured."""

FEWEST_SAMPLES: Final = 12
"""A day with fewer samples (an hour of them) is not measured."""

_SIGNIFICANCE: Final = 0.05
# a change that small is true and means nothing
_RELEVANT_SHARE: Final = 0.05


class Direction(StrEnum):
    """Where a figure goes; `UNCLEAR` when there are too few days to tell."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    UNCLEAR = "unclear"


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


def trend(measured: Sequence[Day], window_days: int) -> Trend:
    """Return the trend of a window of `window_days` days; days may be missing."""
    days = sorted((one for one in measured if one.samples >= FEWEST_SAMPLES), key=lambda one: one.day)
    mean = sum(one.mean for one in days) / len(days) if days else None
    if mean is None or len(days) < FEWEST_SHARE * window_days:
        return Trend(window_days, Direction.UNCLEAR, None, mean, len(days))
    change = _slope(days) * (window_days - 1)
    return Trend(window_days, _direction(days, change), change, mean, len(days))


def _direction(days: Sequence[Day], change: float) -> Direction:
    values = [one.mean for one in days]
    if abs(change) <= _RELEVANT_SHARE * abs(median(values)) or min(values) == max(values):
        return Direction.STEADY
    from scipy.stats import kendalltau

    chance = kendalltau([one.day.toordinal() for one in days], values).pvalue
    if chance >= _SIGNIFICANCE:
        return Direction.STEADY
    return Direction.RISING if change > 0 else Direction.FALLING


def _slope(days: Sequence[Day]) -> float:
    """Return the change per day: the median of the slopes between any two days (Theil-Sen)."""
    slopes = [
        (later.mean - one.mean) / (later.day - one.day).days
        for number, one in enumerate(days)
        for later in days[number + 1 :]
    ]
    return median(slopes)
