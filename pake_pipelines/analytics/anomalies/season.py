"""How far the last points are from what was usual at their time of day, where the series follows the day."""

from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.rhythm import DAY, after_gap, points_of_a_day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DAYS: Final = 7  # so that a weekday finds a weekday and a Sunday a Sunday
_LEARNT: Final = 3  # days before anything is said
_LENGTH: Final = 6  # points compared at once
_LEEWAY: Final = 48  # a day's pattern may come this part of a day (half an hour) early or late
_FEWEST: Final = 8  # samples a day
_FOLLOWS: Final = 0.7
"""Share of the variance that the time of day must explain; white noise comes to 0.4, as the best of 21 is taken."""


def season_distance(times: "Floats", values: "Floats", deviation: "Floats") -> "Floats":
    """Distance of the last six points to the nearest six about the same time on the seven days before.

    0 in the first days, and wherever the series doesn't follow the day. `deviation` is the standard deviation of the
    values before each point.
    """
    import numpy as np

    day = points_of_a_day(times)
    size = len(values)
    nothing = np.zeros(size)
    if day < _FEWEST or size <= _LEARNT * day:
        return nothing
    clock = np.maximum.accumulate(times)  # a clock set back has no earlier times to search
    square = np.full(size, np.inf)
    windows = np.ascontiguousarray(
        np.lib.stride_tricks.sliding_window_view(np.pad(values - values[0], (_LENGTH - 1, 0), mode="edge"), _LENGTH)
    )
    leeway = day // _LEEWAY
    tolerance = 2 * DAY / day
    for days in range(1, _DAYS + 1):
        then = clock - days * DAY
        same = np.searchsorted(clock, then)
        known = (same >= _LENGTH) & (np.abs(clock[np.minimum(same, size - 1)] - then) <= tolerance)
        at = np.flatnonzero(known)
        for place in sorted({-leeway, 0, leeway}):
            earlier = same[at] + place
            usable = (earlier >= _LENGTH) & (earlier <= at - _LENGTH)
            now, earlier = at[usable], earlier[usable]
            apart = windows[now] - windows[earlier]
            square[now] = np.minimum(square[now], np.einsum("ij,ij->i", apart, apart) / _LENGTH)
    seen = np.isfinite(square) & (clock >= clock[0] + _LEARNT * DAY) & ~after_gap(times, _LENGTH)
    square = np.where(seen, square, 0.0)
    return np.where(_follows(square, seen, deviation, day), np.sqrt(square), 0.0)


def _follows(square: "Floats", seen: "NDArray[np.bool_]", deviation: "Floats", day: int) -> "NDArray[np.bool_]":
    import numpy as np

    count = np.concatenate([[0], np.cumsum(seen)[:-1]])
    unexplained = np.concatenate([[0.0], np.cumsum(square)[:-1]]) / np.maximum(count, 1)
    follows: NDArray[np.bool_] = (count > day) & (unexplained < (1 - _FOLLOWS) * deviation**2)
    return follows
