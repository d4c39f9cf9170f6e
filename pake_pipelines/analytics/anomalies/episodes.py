"""From scores to episodes: where one begins, how long it goes on, and what it looks like."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.model import Episode, Kind, Point
from pake_pipelines.analytics.anomalies.novelty import MEMORY
from pake_pipelines.analytics.anomalies.outstanding import outstanding
from pake_pipelines.analytics.anomalies.surprise import Surprise, news_of, score_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Band = tuple[float, float] | tuple[None, None]

_STAYS_ODD: Final = 0.5  # an episode goes on while points are half as odd as what begins one
_QUIET: Final = 12  # points in a row below that end it
_EXPECTED: Final = (1.0, 99.0)  # per cent of the samples before
_LASTING: Final = 0.75  # share of an episode's points outside what was expected that makes it a new level


def episodes(
    points: Sequence[Point], values: "Floats", scores: "Floats", surprise: Surprise, threshold: float
) -> Iterator[Episode]:
    """Yield the episodes of `points`, all of which hold a value; `values`, `scores` and `surprise` are by the point."""
    import numpy as np

    odd = np.flatnonzero((surprise.odd >= _STAYS_ODD * news_of(threshold)) | (scores >= threshold))
    flat = surprise.views["flat"]
    after = 0
    for begin in np.flatnonzero((scores >= threshold) & (scores > 0)).tolist():
        if begin < after:
            continue
        last = _last(odd, begin)
        after = last + 1
        peak = begin + int(np.argmax(surprise.odd[begin:after]))
        weight = _weight(surprise, begin + int(np.argmax(scores[begin:after])))
        around = values[begin : last + _QUIET]
        expected = _expected(values[max(0, begin - MEMORY) : begin])
        yield Episode(
            started_at=points[begin].at,
            last_at=points[last].at,
            peak_at=points[peak].at,
            score=score_of(weight * float(surprise.odd[peak])),
            value=float(values[peak]),
            expected_low=expected[0],
            expected_high=expected[1],
            kind=Kind.FLAT if flat[begin:after].any() else _kind(around, float(values[peak]), expected, surprise, peak),
            over=last + _QUIET < len(points),
            stands_out=outstanding(surprise, begin, after, weight) >= threshold,
        )


def _last(odd: "NDArray[np.int64]", begin: int) -> int:
    import numpy as np

    following = odd[odd >= begin]
    breaks = np.flatnonzero(np.diff(following) > _QUIET)
    return int(following[breaks[0]] if len(breaks) else following[-1])


def _weight(surprise: Surprise, at: int) -> float:
    """How much of being odd is news at a point that is news."""
    return news_of(float(surprise.news[at])) / float(surprise.odd[at])


def _expected(before: "Floats") -> Band:
    import numpy as np

    if not len(before):
        return None, None
    low, high = np.percentile(before, _EXPECTED)
    return float(low), float(high)


def _kind(around: "Floats", value: float, expected: Band, surprise: Surprise, peak: int) -> Kind:
    low, high = expected
    if low is None or high is None or low <= value <= high:
        oddest = max(surprise.views, key=lambda view: float(surprise.views[view][peak]))
        return Kind.LEVEL if oddest.startswith("mean") else Kind.SHAPE
    outside = around > high if value > high else around < low
    if len(around) >= 2 * _QUIET and float(outside.mean()) >= _LASTING:
        return Kind.LEVEL
    return Kind.SPIKE if value > high else Kind.DROP
