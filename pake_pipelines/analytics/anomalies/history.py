"""Statistics of everything before a point: each element is computed of earlier elements only."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def mean_and_deviation(values: "Floats") -> tuple["Floats", "Floats"]:
    """Mean and standard deviation of the elements before each one; 0 where there are none."""
    import numpy as np

    shifted = values - values[0]  # sums of squares lose all digits far from zero
    before = np.maximum(np.arange(len(values)), 1)
    mean = _before(np.cumsum(shifted)) / before
    square = _before(np.cumsum(shifted * shifted)) / before
    return mean + values[0], np.sqrt(np.maximum(square - mean * mean, 0.0))


def excess(values: "Floats", floor: "Floats", warm_up: int) -> "Floats":
    """How far each element lies above the mean of those before it, in their standard deviation or `floor` if larger."""
    import numpy as np

    mean, deviation = mean_and_deviation(values)
    above = np.maximum(values - mean, 0.0) / np.maximum(deviation, floor)
    above[:warm_up] = 0.0
    return above


def spread(values: "Floats") -> "Floats":
    """The range of the elements before each one."""
    import numpy as np

    return _before(np.maximum.accumulate(values) - np.minimum.accumulate(values))


def resolution(values: "Floats") -> "Floats":
    """The smallest step between neighbours before each element; 0 while nothing has changed."""
    import numpy as np

    steps = np.abs(np.diff(values, prepend=values[0]))
    smallest = np.minimum.accumulate(np.where(steps > 0, steps, np.inf))
    return _before(np.where(np.isfinite(smallest), smallest, 0.0))


def moving_mean(values: "Floats", length: int) -> "Floats":
    """Mean of each element and the `length` - 1 before it, or of as many as there are."""
    import numpy as np

    total = np.concatenate([[0.0], np.cumsum(values - values[0])])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - length, 0)
    mean: Floats = (total[end] - total[begin]) / (end - begin) + values[0]
    return mean


def reign(values: "Floats") -> "Floats":
    """How many elements back the last one lies that is at least as high; for a new maximum, the elements so far."""
    import numpy as np

    higher: list[tuple[float, int]] = []
    reigns = np.empty(len(values))
    for at, value in enumerate(values.tolist()):
        while higher and higher[-1][0] < value:
            higher.pop()
        reigns[at] = at - higher[-1][1] if higher else at + 1
        higher.append((value, at))
    return reigns


def _before(values: "Floats") -> "Floats":
    import numpy as np

    return np.concatenate([[0.0], values[:-1]])
