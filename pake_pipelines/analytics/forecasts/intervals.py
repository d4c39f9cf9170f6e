"""Intervals from the errors of the back-test: empirical quantiles, widened with the horizon as the errors were."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_WIDENING: Final = (0.0, 1.0)  # exponents of the steps ahead between which errors grow
_EXPECTED: Final = 0.5  # that of a random walk
_WEIGHT: Final = 1.0  # origins that the expectation is worth

_BEYOND: Final = 0.3
"""As far ahead as the past is long an interval is wider by this share: so far no error of the back-test reaches."""


def half_widths(errors: "Floats", level: float, horizon: int, known: int) -> "Floats":
    """Return how far an interval reaches on both sides, for 1 to `horizon` steps ahead.

    `errors` are those of the model as (origins, steps), `known` the steps of the past. Errors are taken by the steps
    ahead to a power, so that all of them tell of each step.
    """
    import numpy as np

    ahead = np.arange(1, horizon + 1, dtype=float)
    rows, steps = np.nonzero(np.isfinite(errors))
    if not len(rows):
        return np.full(horizon, np.nan)
    sizes: Floats = np.abs(errors[rows, steps])
    power = _power(sizes, np.asarray(steps + 1, float), errors.shape[0])
    pooled = errors[rows, steps] / (steps + 1.0) ** power
    scale = float(np.quantile(np.abs(pooled), level))
    return np.asarray(scale * ahead**power * (1 + _BEYOND * ahead / known), float)


def _power(sizes: "Floats", ahead: "Floats", origins: int) -> float:
    """Return the exponent by which errors grow with the steps ahead, drawn towards that of a random walk."""
    import numpy as np

    low = float(np.median(sizes[sizes > 0])) * 1e-3 if (sizes > 0).any() else 0.0
    known = sizes > low
    if known.sum() < 3 or ahead[known].max() == ahead[known].min():
        return _EXPECTED
    found = float(np.polyfit(np.log(ahead[known]), np.log(sizes[known]), 1)[0])
    drawn = (found * origins + _EXPECTED * _WEIGHT) / (origins + _WEIGHT)
    return min(max(drawn, _WIDENING[0]), _WIDENING[1])
