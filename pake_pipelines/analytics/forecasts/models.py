"""The models: each continues values by a path, one value for each step to come.

Values lie within -1 and 1 and have neither spikes nor a cycle any more. What grows is told from what does not by
`direction` and `jumping_slope`; of each kind the back-test picks the model.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.forecasts.direction import direction, theil_sen
from pake_pipelines.analytics.forecasts.jumping import futures
from pake_pipelines.analytics.forecasts.jumps import jumps

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Floats

LAST_VALUE: Final = "last value"
LEVELS: Final = (LAST_VALUE, "moving average", "mean reverting")
"""Models that go nowhere."""

EXPONENTIAL: Final = "exponential"
SAW_TOOTH: Final = "saw-tooth"
STAIRS: Final = "stairs"

JUMPING: Final = (SAW_TOOTH, STAIRS)
"""Models of what jumps again and again."""

TRENDS: Final = ("linear", "recent linear", EXPONENTIAL, "quadratic", "damped", "drift")
"""Models of what grows or shrinks."""

_REMEMBERING: Final = 5  # values of which a memory can be told
_RECENT: Final = 7
_RATIO: Final = 1.25  # a series that grew by less is as well a line
_TINY: Final = 1e-9  # of values up to 1: as good as nothing
_SMOOTHING: Final = (0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
_TREND_SMOOTHING: Final = (0.02, 0.05, 0.1, 0.2, 0.4)
_DAMPING: Final = (0.9, 0.97)


def paths(values: "Floats", horizon: int) -> "Mapping[str, Floats]":
    """Return how each model that can be had continues the values for `horizon` steps."""
    import numpy as np

    ahead = np.arange(1, horizon + 1, dtype=float)
    found = jumps(values)
    joined = found.joined(values)
    line = direction(joined)
    answer = {
        LAST_VALUE: np.full(horizon, values[-1]),
        "moving average": np.full(horizon, np.median(values[-_RECENT:])),
        "mean reverting": _reverting(values, ahead),
        "linear": _line(joined, ahead),
        "damped": damped(joined, ahead),
        "drift": values[-1] + (joined[-1] - joined[0]) / (len(joined) - 1) * ahead,
    }
    if line.start:
        answer["recent linear"] = _line(joined[line.start :], ahead)
    if (low := float(joined.min())) > _TINY and joined[-1] > _RATIO * low:
        answer[EXPONENTIAL] = np.exp(np.minimum(_line(np.log(joined), ahead), 200.0))
    if len(joined) >= 2 * _RECENT:
        answer["quadratic"] = _quadratic(joined, ahead)
    if found.clean_ups or found.steps:
        answer[SAW_TOOTH if found.clean_ups else STAIRS] = np.median(futures(values, found, horizon), axis=0)
    return answer


def damped(values: "Floats", ahead: "Floats") -> "Floats":
    """Return the path of Holt's method with a damped trend (Gardner and McKenzie 1985), fitted by a grid."""
    import numpy as np

    grid = np.array([(a, b, p) for a in _SMOOTHING for b in _TREND_SMOOTHING for p in _DAMPING])
    level_by, trend_by, damping = grid.T
    begin = values[: max(3, len(values) // 4)]
    level, trend = np.full(len(grid), begin[0]), np.full(len(grid), theil_sen(begin))
    lost = np.zeros(len(grid))
    for value in values[1:]:
        said = level + damping * trend
        error = value - said
        lost += np.abs(error)
        level, trend = said + level_by * error, damping * trend + level_by * trend_by * error
    best = int(np.argmin(lost))
    power = damping[best] ** np.arange(1, int(ahead[-1]) + 1)
    return np.asarray(level[best] + trend[best] * np.cumsum(power), float)


def _line(values: "Floats", ahead: "Floats") -> "Floats":
    """Return the Theil-Sen line, which the last deviation from it leaves as fast as deviations are forgotten."""
    import numpy as np

    slope = theil_sen(values)
    steps = np.arange(len(values))
    residuals = values - slope * steps
    start = float(np.median(residuals))
    residuals -= start
    kept = memory(residuals, 2) if len(values) > _REMEMBERING else 0.0
    return np.asarray(start + slope * (len(values) - 1 + ahead) + residuals[-1] * kept**ahead, float)


def _quadratic(values: "Floats", ahead: "Floats") -> "Floats":
    import numpy as np

    steps = np.arange(len(values)) / len(values)
    to_come = (len(values) - 1 + ahead) / len(values)
    curve = np.polynomial.Polynomial.fit(steps, values, 2, domain=[])
    residuals = values - curve(steps)
    return np.asarray(curve(to_come) + residuals[-1] * memory(residuals, 3) ** ahead, float)


def _reverting(values: "Floats", ahead: "Floats") -> "Floats":
    import numpy as np

    middle = float(np.median(values))
    return np.asarray(middle + (values[-1] - middle) * memory(values - middle, 1) ** ahead, float)


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
