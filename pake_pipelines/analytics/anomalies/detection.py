"""Anomalies of one series of samples, found as they come: a point is judged by earlier points only."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.episodes import episodes
from pake_pipelines.analytics.anomalies.model import Detection, Point
from pake_pipelines.analytics.anomalies.rhythm import points_of_a_day
from pake_pipelines.analytics.anomalies.surprise import LEARNING, surprise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

THRESHOLD: Final = 0.5
"""The score from which on a point is an anomaly. What scores that much (`_WORTH` in surprise.py) was chosen on NAB's
artificial, advertisement, traffic and tweet series, in the middle of where the result hardly changes."""

_WARM_UP_DAYS: Final = 2  # so that a night and a weekday's rush have been seen twice
_WARM_UP_AT_MOST: Final = 750  # points: the longest probation of NAB


def detect(points: Sequence[Point], *, threshold: float = THRESHOLD, probation: int | None = None) -> Detection:
    """Score every point of a series in the order given, and group those from `threshold` on into episodes.

    The first `probation` points that hold a value are only learnt from; left out, these are two days of samples, but
    at least 100 and at most 750. Whatever a series holds (nothing, gaps, NaN, times that run backwards), this answers.
    """
    import numpy as np

    held = [(at, value) for at, point in enumerate(points) if (value := _finite(point.value)) is not None]
    scores = np.zeros(len(points))
    if not held:
        return Detection(scores.tolist(), (), len(points), "no point holds a value")
    places = np.array([at for at, _ in held])
    values = np.array([value for _, value in held])
    times = np.array([_seconds(points[at].at) for at in places])
    learnt = _warm_up(times) if probation is None else max(probation, 0)
    if len(held) <= learnt:
        reason = f"{len(held)} points hold a value, the first {learnt} are only learnt from"
        return Detection(scores.tolist(), (), len(points), reason)
    warm_up = int(places[learnt])
    if values.min() == values.max():
        return Detection(scores.tolist(), (), warm_up, "every point holds the same value")
    found = surprise(times, values, threshold)
    news = np.where(np.arange(len(values)) >= learnt, found.news, 0.0)
    scores[places] = news
    shown = [points[at] for at in places]
    return Detection(scores.tolist(), tuple(episodes(shown, values, news, found, threshold)), warm_up, None)


def _warm_up(times: "NDArray[np.float64]") -> int:
    return min(max(_WARM_UP_DAYS * points_of_a_day(times), LEARNING), _WARM_UP_AT_MOST)


def _finite(value: float | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except OverflowError:  # an integer beyond every float
        return None
    return number if math.isfinite(number) else None


def _seconds(at: datetime) -> float:
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
