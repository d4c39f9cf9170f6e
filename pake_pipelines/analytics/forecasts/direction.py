"""Whether a series goes anywhere: a line, perhaps with one bend, and a test that random walks pass as well as noise.

The residuals of a line are taken to remember the step before (AR(1)). Where they forget, the slope is tested as that
of a line in noise; where they remember nearly everything, as the drift of a random walk, in which lines show by chance
(Perron and Yabu 2009: feasible least squares with a memory that is set to 1 near 1).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_BENDS: Final = 4.2
"""A bend is believed from this t on: it was looked for at many places (Andrews 1993: sup-F of 12 at 1 %, and more)."""

_BEND_ROOM: Final = 0.12  # of the series on both sides of a bend
_BEND_STEPS: Final = 6
_PLACES: Final = 24


@dataclass(frozen=True, slots=True)
class Direction:
    """The line that a series follows at its end: from `start` on it rises by `slope` a step.

    `t` is the slope by its standard error; `memory` (0 to 1) what is left of a deviation from the line a step later.
    """

    start: int
    slope: float
    t: float
    memory: float

    def significant(self, steps: int) -> bool:
        """Whether chance gives such a slope in less than 5 of 100 series of so many steps."""
        from scipy.stats import t

        return bool(abs(self.t) > t.ppf(0.975, max(2, steps - 3)))


def direction(values: "Floats") -> Direction:
    """Return where the values go at their end; there are at least three."""
    import numpy as np

    steps = np.arange(len(values), dtype=float)
    plain = np.column_stack([np.ones_like(steps), steps])
    straight = _tested(values, plain, np.array([0.0, 1.0]))
    room = max(_BEND_STEPS, int(_BEND_ROOM * len(values)))
    places = np.unique(np.linspace(room, len(values) - room, _PLACES).astype(int)) if len(values) > 2 * room else []
    bent = [np.column_stack([plain, np.maximum(0.0, steps - place)]) for place in places]
    if not bent:
        return Direction(0, *straight)
    best = int(np.argmin([_squares(values, design) for design in bent]))
    if abs(_tested(values, bent[best], np.array([0.0, 0.0, 1.0]))[1]) < _BENDS:
        return Direction(0, *straight)
    return Direction(int(places[best]), *_tested(values, bent[best], np.array([0.0, 1.0, 1.0])))


def memory(residuals: "Floats", parameters: int) -> float:
    """Return how much of a residual is left a step later (0 to 1), its downward bias taken back.

    Within 1 / sqrt(n) of 1 it is 1.
    """
    total = float(residuals[:-1] @ residuals[:-1])
    if total <= 0.0:
        return 0.0
    number = len(residuals)
    found = float(residuals[1:] @ residuals[:-1]) / total
    freed = (found * number + parameters) / max(1.0, number - 2 * parameters)
    return 1.0 if freed > 1.0 - number**-0.5 else max(0.0, freed)


def theil_sen(values: "Floats") -> float:
    """Return the median of the slopes between any two values, per step."""
    import numpy as np

    later, sooner = np.tril_indices(len(values), -1)
    return float(np.median((values[later] - values[sooner]) / (later - sooner))) if len(values) > 1 else 0.0


def _squares(values: "Floats", design: "Floats") -> float:
    import numpy as np

    residuals = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(residuals @ residuals)


def _tested(values: "Floats", design: "Floats", of: "Floats") -> tuple[float, float, float]:
    """Return a sum of coefficients, its t and the memory of the residuals, by feasible generalised least squares."""
    import numpy as np

    residuals = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    left = memory(residuals, design.shape[1])
    first = 1.0 if left < 1.0 else 0.0
    head = (1 - left**2) ** 0.5 * first
    turned = np.concatenate([values[:1] * head, values[1:] - left * values[:-1]])
    columns = np.vstack([design[:1] * head, design[1:] - left * design[:-1]])
    if left == 1.0:
        turned, columns = turned[1:], columns[1:, 1:]
        of = of[1:]
    found = np.linalg.lstsq(columns, turned, rcond=None)[0]
    rest = turned - columns @ found
    freedom = max(1, len(turned) - columns.shape[1])
    spread = float(of @ np.linalg.pinv(columns.T @ columns) @ of) * float(rest @ rest) / freedom
    slope = float(of @ found)
    size = float(np.abs(values).max()) or 1.0
    # what is below rounding is no scatter: a straight line is as sure as can be
    return slope, slope / max(spread**0.5, 1e-9 * size / len(values)) if abs(slope) > 1e-12 * size else 0.0, left
