"""The profile of a cycle: how far each phase of a week (or day) lies from the level, where the phases really differ."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

_CYCLES: Final = 3
_CHANCE: Final = 0.002


def profile(values: "Floats", period: int) -> "Floats | None":
    """Return the deviation of each phase, that of the first value first; None where chance could have made it.

    At least three whole cycles are needed. Deviations are taken from the moving mean of one cycle; phases differ when
    an analysis of variance says so.
    """
    import numpy as np
    from scipy.stats import f as fisher

    if period < 2 or len(values) < (_CYCLES + 1) * period:
        return None
    weights = np.ones(period) if period % 2 else np.concatenate([[0.5], np.ones(period - 1), [0.5]])
    half = len(weights) // 2
    level = np.convolve(values, weights / weights.sum(), mode="valid")
    deviations = values[half : len(values) - half] - level
    phases = (np.arange(len(deviations)) + half) % period
    found = np.array([np.median(deviations[phases == phase]) for phase in range(period)])
    found -= found.mean()
    rest = deviations - found[phases]
    explained, left = float(found[phases] @ found[phases]), float(rest @ rest)
    freedom = len(deviations) - period
    if explained <= 1e-18 * float(values @ values):
        return None
    ratio = explained / (period - 1) / max(left / freedom, 1e-12 * explained)
    return found if fisher.sf(ratio, period - 1, freedom) < _CHANCE else None
