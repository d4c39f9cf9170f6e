"""How far a value, or a window of values, is from the nearest one earlier in the series (its left discord).

What has been seen once is no news, however rare: this is the long memory of the detector.
"""

from bisect import bisect_left, insort
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MEMORY: Final = 4000
"""Windows that a window is compared with, about two weeks of samples every five minutes: it bounds memory and time."""

_APART: Final = 2  # points between a value and the earlier ones: the second and third point of a spike are as new
_BLOCK: Final = 128  # windows compared at once: their distances fit the processor's cache


def value_distance(values: "Floats", length: int = 1) -> "Floats":
    """Distance of each value to the nearest earlier one; 0 where there is none.

    `length` says of how many points a value was made (a moving mean): values that share points with it, or are at most
    two points earlier than those that don't, are not compared with.
    """
    import numpy as np

    lag = min(length + _APART, len(values))
    listed = values.tolist()
    known = [-inf, inf]
    above, below = [], []
    for earlier, value in zip(listed, listed[lag:], strict=False):
        insort(known, earlier)
        place = bisect_left(known, value)
        above.append(known[place])
        below.append(known[place - 1])
    nearest = np.minimum(np.array(above) - values[lag:], values[lag:] - np.array(below))
    return np.concatenate([np.zeros(lag), nearest])


def window_distance(values: "Floats", length: int, memory: int = MEMORY) -> "Floats":
    """Root mean square distance of the window that ends at each point to the nearest earlier one that it doesn't touch.

    0 for the first windows. The distances are of single precision: those below about a thousandth of the largest
    deviation from the first value are noise.
    """
    import numpy as np

    distances = np.zeros(len(values))
    if len(values) < 3 * length:
        return distances
    windows = np.lib.stride_tricks.sliding_window_view((values - values[0]).astype(np.float32), length)
    squares = np.einsum("ij,ij->i", windows, windows)
    asked = np.column_stack([-2 * windows, np.ones_like(squares)])  # asked @ known is |b|^2 - 2ab: one pass, not three
    known = np.ascontiguousarray(np.column_stack([windows, squares]).T)
    with _linear_algebra().limit(limits=1):  # threads that wait for such small products burn ten times their time
        for begin in range(2 * length, len(windows), _BLOCK):
            end = min(begin + _BLOCK, len(windows))
            oldest, newest = max(0, begin - memory), end - length
            near = asked[begin:end] @ known[:, oldest:newest]
            touching = max(oldest, begin - length + 1)
            late = np.arange(touching, newest) > np.arange(begin, end)[:, None] - length
            near[:, touching - oldest :][late] = np.inf
            square = near.min(axis=1) + squares[begin:end]
            distances[begin + length - 1 : end + length - 1] = np.sqrt(np.maximum(square, 0.0) / length)
    return distances


@cache
def _linear_algebra() -> Any:
    """The libraries behind numpy's products; finding them takes longer than a series does."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    return ThreadpoolController()
