"""Rolling-origin back-test: what each model would have said at earlier moments, and how wrong it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pake_pipelines.analytics.forecasts.models import EXPONENTIAL, paths

if TYPE_CHECKING:
    from pake_pipelines.analytics.forecasts.series import Flags, Floats

_ORIGINS: Final = 10
_TRAINED: Final = 0.4  # of the series before the first origin
_FEWEST: Final = 5
_TINY: Final = 1e-9
_LEAD: Final = 0.95  # a model that comes later in the list must be better by so much


@dataclass(frozen=True, slots=True)
class BackTest:
    """Errors (truth less forecast) of each model as (origins, steps ahead), nan where no truth is known yet.

    `levels` are the values at the origins by the last one: errors of what grows by a share grow with it.
    """

    errors: "Mapping[str, Floats]"
    levels: "Floats"

    def errors_now(self, name: str) -> "Floats":
        """Return the errors that a model would make now."""
        errors = self.errors[name]
        return errors / self.levels[:, None] if name == EXPONENTIAL else errors


def back_test(values: "Floats", measured: "Flags", horizon: int) -> BackTest:
    """Return the errors of all models at up to ten origins; a bridge is no truth, unless there is nothing else."""
    import numpy as np

    first = max(_FEWEST, int(_TRAINED * len(values)))
    places = np.arange(first, len(values))
    beside = places[measured[places - 1] & measured[places]]
    if len(beside):
        places = beside
    else:
        measured = np.ones_like(measured)
    origins = places[np.unique(np.linspace(0, len(places) - 1, _ORIGINS).astype(int))]
    errors: dict[str, Floats] = {}
    for row, origin in enumerate(origins):
        known = min(horizon, len(values) - origin)
        for name, path in paths(values[:origin], known).items():
            table = errors.setdefault(name, np.full((len(origins), horizon), np.nan))
            truth = np.where(measured[origin : origin + known], values[origin : origin + known], np.nan)
            table[row, :known] = truth - path
    return BackTest(errors, np.maximum(values[origins - 1] / max(float(values[-1]), _TINY), _TINY))


def scaled_error(tested: BackTest, name: str, beside: str = "drift") -> float:
    """Return the mean absolute error of a model by that of `beside`, where both spoke; infinite where it hardly did."""
    import numpy as np

    if name not in tested.errors:
        return float("inf")
    own, other = np.abs(tested.errors[name]), np.abs(tested.errors[beside])
    both = np.isfinite(own) & np.isfinite(other)
    if not both.any() or both.sum() < np.isfinite(other).sum() / 3:
        return float("inf")
    return float(own[both].mean() / max(float(other[both].mean()), 1e-300))


def selected(tested: BackTest, names: Sequence[str]) -> str:
    """Return the model of `names` that did best; an earlier one unless a later one is clearly better."""
    best, least = names[0], scaled_error(tested, names[0])
    for name in names[1:]:
        if (error := scaled_error(tested, name)) < _LEAD * least:
            best, least = name, error
    return best
