"""The detectors that most tools ship: how far a point lies from the day of points before it."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pake_pipelines.analytics.anomalies import Point

WINDOW: Final = 288
_SIGMA_OF_MEDIAN_DEVIATION: Final = 1.4826  # of a normal distribution
_SIGMA_OF_MEAN_DEVIATION: Final = 1.2533
_ROWS: Final = 4096  # windows at once, so that a long series needs no gigabyte
_FEWEST: Final = 10  # points before the first score

Floats = NDArray[np.float64]


def moving_z_score(points: Sequence[Point]) -> Floats:
    """Distance from the mean of the points before, in their standard deviations."""
    return _scores(points, lambda past: (np.nanmean(past, axis=1), np.nanstd(past, axis=1)))


def robust_z_score(points: Sequence[Point]) -> Floats:
    """Distance from the median of the points before, in their median absolute deviation.

    Where more than half of them are equal that deviation is 0 and the mean absolute one takes its place (Iglewicz and
    Hoaglin, How to Detect and Handle Outliers, 1993): without it the score floods on every quiet series.
    """
    return _scores(points, _robust)


def _robust(past: Floats) -> tuple[Floats, Floats]:
    middle = np.nanmedian(past, axis=1)
    apart = np.abs(past - middle[:, None])
    by_median = _SIGMA_OF_MEDIAN_DEVIATION * np.nanmedian(apart, axis=1)
    return middle, np.where(by_median > 0, by_median, _SIGMA_OF_MEAN_DEVIATION * np.nanmean(apart, axis=1))


def _scores(points: Sequence[Point], of: Callable[[Floats], tuple[Floats, Floats]]) -> Floats:
    values = np.array([np.nan if point.value is None else point.value for point in points], dtype=np.float64)
    padded = np.concatenate([np.full(WINDOW, np.nan), values])
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: len(values)]
    scores = np.zeros(len(values))
    for begin in range(_FEWEST, len(values), _ROWS):
        end = min(begin + _ROWS, len(values))
        middle, deviation = of(windows[begin:end])
        apart = np.abs(values[begin:end] - middle)
        scores[begin:end] = np.divide(apart, deviation, out=np.where(apart > 0, np.inf, 0.0), where=deviation > 0)
    return np.nan_to_num(scores, nan=0.0, posinf=1e12)
