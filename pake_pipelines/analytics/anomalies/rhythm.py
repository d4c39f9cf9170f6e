"""How often a series is sampled, and where samples are missing."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY: Final = 86400.0

_INTERVALS: Final = 24  # the rhythm is that of the first of them: a point is never judged by later ones
_GAP: Final = 6.0  # intervals without a sample


def interval(times: "Floats") -> float:
    """Seconds between samples, as the median of the first 24 intervals; 0 if time doesn't pass. `times` in seconds."""
    import numpy as np

    steps = np.diff(times[: _INTERVALS + 1])
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 0.0


def points_of_a_day(times: "Floats") -> int:
    """How many samples a day has; 0 if that can't be said."""
    seconds = interval(times)
    return round(DAY / seconds) if seconds else 0


def after_gap(times: "Floats", length: int) -> "NDArray[np.bool_]":
    """Whether samples are missing, or the clock was set, between a point and the `length` - 1 points before it."""
    import numpy as np

    steps = np.diff(times, prepend=times[0])
    seconds = interval(times)
    missing = (steps > _GAP * seconds) | (steps < 0) if seconds else np.zeros(len(times), dtype=bool)
    at = np.arange(len(times))
    last = np.maximum.accumulate(np.where(missing, at, -length))
    return at - last < length - 1
