"""How far the last points are from what was usual at their time of the day or the week, where a series follows it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.rhythm import DAY, after_gap, points_of_a_day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_DAYS: Final = range(1, 8)  # so that a weekday finds a weekday and a Sunday a Sunday
_DAYS_LEARNT: Final = 3  # before anything is said
_WEEKS: Final = (7, 14, 21)  # days
_WEEKS_LEARNT: Final = 15  # days, so that one odd week does not make the next one odd
_LENGTH: Final = 6  # points compared at once
_LEEWAY: Final = 48  # a day's pattern may come this part of a day (half an hour) early or late
_FEWEST: Final = 8  # samples a day
_UNEXPLAINED: Final = 0.3
"""Share of the variance that the season may leave; white noise comes to 0.6, as the best of 21 is taken."""

_WEEK_SHOWS: Final = 0.5
"""A weekday like a Sunday is news only where the same time in past weeks is so much nearer (mean square) than that of
the day before."""


def season_distances(times: "Floats", values: "Floats", deviation: "Floats") -> tuple["Floats", "Floats"]:
    """Distance of the last six points to the nearest six about the same time in the last seven days, in three weeks.

    0 in the first days, and wherever the series doesn't follow the day; the second one also wherever it doesn't follow
    the week more than the day. `deviation` is the standard deviation of the values before each point.
    """
    import numpy as np

    day = points_of_a_day(times)
    if day < _FEWEST:
        return np.zeros(len(values)), np.zeros(len(values))
    past = _Past(times, values, day)
    by_day, day_seen = past.nearest(_DAYS, _DAYS_LEARNT)
    by_week, week_seen = past.nearest(_WEEKS, _WEEKS_LEARNT)
    day_before, _ = past.nearest((1,), _WEEKS_LEARNT)
    left = _UNEXPLAINED * deviation**2
    left_by_week = np.minimum(left, _WEEK_SHOWS * _mean_before(day_before, week_seen)[0])
    return _where_followed(by_day, day_seen, left, day), _where_followed(by_week, week_seen, left_by_week, day)


class _Past:
    """The windows of six points of a series, and the moments at which they end."""

    def __init__(self, times: "Floats", values: "Floats", day: int) -> None:
        import numpy as np

        self.day = day
        self.clock = np.maximum.accumulate(times)  # a clock set back has no earlier times to search
        self.whole = ~after_gap(times, _LENGTH)
        self.windows = np.ascontiguousarray(
            np.lib.stride_tricks.sliding_window_view(np.pad(values - values[0], (_LENGTH - 1, 0), mode="edge"), _LENGTH)
        )

    def nearest(self, days: Iterable[int], learnt: int) -> "tuple[Floats, Flags]":
        """Mean square distance to the nearest window so many days ago, and where there is one after `learnt` days."""
        import numpy as np

        clock, size = self.clock, len(self.clock)
        late = clock >= clock[0] + learnt * DAY
        if not late.any():
            return np.zeros(size), late
        square = np.full(size, np.inf)
        leeway = self.day // _LEEWAY
        for ago in days:
            then = clock - ago * DAY
            same = np.searchsorted(clock, then)
            apart = np.abs(clock[np.minimum(same, size - 1)] - then)
            at = np.flatnonzero((same >= _LENGTH) & (apart <= 2 * DAY / self.day))
            for place in sorted({-leeway, 0, leeway}):
                earlier = same[at] + place
                usable = (earlier >= _LENGTH) & (earlier <= at - _LENGTH)
                now, earlier = at[usable], earlier[usable]
                apart = self.windows[now] - self.windows[earlier]
                square[now] = np.minimum(square[now], np.einsum("ij,ij->i", apart, apart) / _LENGTH)
        seen = np.isfinite(square) & late & self.whole
        return np.where(seen, square, 0.0), seen


def _where_followed(square: "Floats", seen: "Flags", left: "Floats", day: int) -> "Floats":
    """The distances, where those before are on average smaller than `left`, and more than a day of them is known."""
    import numpy as np

    mean, count = _mean_before(square, seen)
    return np.where((count > day) & (mean < left), np.sqrt(square), 0.0)


def _mean_before(square: "Floats", seen: "Flags") -> "tuple[Floats, NDArray[np.int64]]":
    """The mean of what was seen before each point, and how much that is."""
    import numpy as np

    count = np.concatenate([[0], np.cumsum(seen)[:-1]])
    total = np.concatenate([[0.0], np.cumsum(np.where(seen, square, 0.0))[:-1]])
    return total / np.maximum(count, 1), count
