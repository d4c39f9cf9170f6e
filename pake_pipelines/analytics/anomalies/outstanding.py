"""Whether an episode stands out of the noise, beyond being new: what an operator should be told of.

A new highest value is news even in pure noise, which brings one now and then. It stands out if it lies as far from
everything earlier as the highest values do not lie from one another.
"""

from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.anomalies.surprise import Novelty, Surprise, score_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_TAIL: Final = 0.02  # the share of the values to either side that is taken for the tail
_FEWEST: Final = 8  # values in a tail
_EXCESSES: Final = 3.0
"""Mean excesses over the tail's beginning that a value must lie beyond the nearest one, to count as much as it is odd:
the next highest value of exponential noise does so once in e^3 = 20 times."""

_MEMORY: Final = 4000  # values before


def outstanding(surprise: Surprise, begin: int, end: int, weight: float) -> float:
    """The score (0..1) of the points from `begin` to before `end` when no view counts for more than the noise allows.

    `weight` is how much of being odd is news.
    """
    import numpy as np

    square = np.zeros(end - begin)
    for name, view in surprise.views.items():
        part = view[begin:end]
        if name in surprise.novelties:
            part = np.minimum(part, _excesses(surprise.novelties[name], begin, end) / _EXCESSES)
        square += part * part
    return score_of(weight * float(np.sqrt(square.max())))


def _excesses(novelty: Novelty, begin: int, end: int) -> "Floats":
    """Distances in mean excesses of the tail that each value lies in; infinite for those that lie in none."""
    import numpy as np

    before = novelty.values[max(0, begin - _MEMORY) : begin]
    tail = max(_FEWEST, int(_TAIL * len(before)))
    if len(before) <= 2 * tail:
        return np.zeros(end - begin)
    parted = np.partition(before, [tail, len(before) - 1 - tail])
    low, high = parted[: tail + 1], parted[-1 - tail :]
    values, distance = novelty.values[begin:end], novelty.distance[begin:end]
    above = np.where(values >= high.min(), high.mean() - high.min(), 0.0)
    excess = np.where(values <= low.max(), low.max() - low.mean(), above)
    excesses: Floats = np.divide(distance, excess, out=np.full(end - begin, np.inf), where=excess > 0)
    return excesses
