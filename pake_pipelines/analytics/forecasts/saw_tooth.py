"""A saw-tooth: growth that clean-ups take back, again and again. Whether it fills is told by its peaks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.forecasts.direction import theil_sen

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.drops import Drops
    from pake_pipelines.analytics.forecasts.series import Floats

_FEW: Final = 3
_CLEARLY: Final = 0.1
_SURE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Teeth:
    """The teeth of a series: places of the last values before clean-ups, `peaks` and `floors` (the values after)."""

    at: "Floats"
    peaks: "Floats"
    floors: "Floats"


def teeth(values: "Floats", found: "Drops") -> Teeth:
    """Return the peaks and floors at the drops."""
    import numpy as np

    places = np.array(found.places)
    return Teeth(places - 1.0, values[places - 1], values[places])


def peak_slope(values: "Floats", found: "Drops") -> float:
    """Return how fast the peaks rise or fall a step, 0 where they do not; there are at least two.

    Of two or three peaks each must differ from the one before by a tenth of what a clean-up takes, the same way.
    """
    import numpy as np
    from scipy.stats import linregress

    known = teeth(values, found)
    line = linregress(known.at, known.peaks)
    if len(known.at) > _FEW:
        return float(line.slope) if line.pvalue < _SURE else 0.0
    rises = np.diff(known.peaks) / float(np.median(known.peaks - known.floors))
    return float(line.slope) if min(rises) > _CLEARLY or max(rises) < -_CLEARLY else 0.0


def saw_tooth(values: "Floats", found: "Drops", horizon: int) -> "Floats | None":
    """Return the path that grows as before and is cleaned up as before: in the usual time, or at the usual peak.

    Of both that is taken which was kept to better; likewise what a clean-up leaves: the usual floor, or the peak less
    the usual size.
    """
    import numpy as np

    known = teeth(values, found)
    growth = _growth(values, found)
    if growth <= 0:
        return None
    every = float(np.median(np.diff(known.at)))
    slope = peak_slope(values, found)
    by_peak = float(np.std(known.peaks - slope * known.at)) / growth < float(np.std(np.diff(known.at)))
    usual_peak = float(np.median(known.peaks - slope * known.at))
    sizes = known.peaks - known.floors
    by_size = float(np.std(sizes)) < float(np.std(known.floors - slope * known.at))
    usual_floor = float(np.median(known.floors - slope * known.at))
    path, value, since = np.empty(horizon), float(values[-1]), len(values) - 1 - known.at[-1]
    for ahead in range(horizon):
        step = len(values) + ahead
        due = value + growth / 2 > usual_peak + slope * step if by_peak else since >= every
        if due:
            value = value - float(np.median(sizes)) if by_size else usual_floor + slope * step
            since = 0.0
        else:
            value += growth
        since += 1
        path[ahead] = value
    return path


def _growth(values: "Floats", found: "Drops") -> float:
    """Return the growth a step between clean-ups."""
    import numpy as np

    edges = [0, *found.places, len(values)]
    parts = [values[begin:end] for begin, end in zip(edges, edges[1:], strict=False) if end - begin > 1]
    slopes = [theil_sen(part) for part in parts]
    return float(np.average(slopes, weights=[len(part) - 1 for part in parts])) if parts else 0.0
