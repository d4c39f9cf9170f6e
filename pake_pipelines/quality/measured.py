"""Labels made ready to be measured: as arrays, with bins and with the resamples that say how sure a figure is."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pake_pipelines.quality import figures
from pake_pipelines.quality.bins import equal_mass
from pake_pipelines.quality.bootstrap import Resamples, resample
from pake_pipelines.quality.labelled import Labelled

if TYPE_CHECKING:
    from pake_pipelines.quality.figures import Floats, Places

_MAX_BINS: Final = 10
_LABELS_PER_BIN: Final = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % interval; `because` says why there is no value, or no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    because: str | None = None


class Measured:
    """Labels as arrays, rising bins of equal mass, and resamples. There is at least one label."""

    def __init__(self, labels: Sequence[Labelled], seed: int, number: int) -> None:
        """Bin the labels and draw `number` resamples from `seed`."""
        import numpy as np

        self.labels = labels
        self.scores: Floats = np.array([one.score for one in labels], float)
        self.good: Floats = np.array([one.good for one in labels], float)
        self.weights: Floats = np.array([one.weight for one in labels], float)
        self.resamples: Resamples = resample(len(labels), [one.source for one in labels], seed, number)
        bins = min(_MAX_BINS, max(2, len(labels) // _LABELS_PER_BIN))
        self.bins: list[Places] = [np.array(one) for one in equal_mass(self.scores.tolist(), bins)]

    def figure(self, of: "Callable[[Floats], Floats]", *, least: float = 0.0) -> Figure:
        """Return the figure `of` the labels' weighting with its interval; it lies between `least` and 1."""
        value = float(of(self.weights))
        return bounded(value, self.resamples.interval(self.resamples.values(of, self.weights), value), least)

    def ranked(self, scores: "Floats", measure: "figures.Ranking") -> Figure:
        """Return how well `scores` order the labels by `measure`."""
        return self.figure(lambda weights: measure(scores, self.good, weights))

    def base_rate(self) -> Figure:
        """Return the share of good items."""
        return self.figure(lambda weights: figures.base_rate(self.good, weights))

    def calibration_error(self) -> Figure:
        """Return the debiased calibration error, the root of a mean square."""

        def squared(weights: "Floats") -> "Floats":
            return figures.squared_calibration_error(self.scores, self.good, weights, self.bins)

        debiased = float(
            figures.squared_calibration_error(self.scores, self.good, self.weights, self.bins, debiased=True)
        )
        values = self.resamples.values(squared, self.weights)
        within = self.resamples.interval(values, debiased, raised_by_chance=True)
        root = within and (math.sqrt(max(0.0, within[0])), math.sqrt(max(0.0, within[1])))
        return bounded(math.sqrt(max(0.0, debiased)), root)


def bounded(value: float, within: tuple[float, float] | None, least: float = 0.0) -> Figure:
    """Return `value` with its interval as far as it lies between `least` and 1, or with the reason why it has none."""
    if within is None:
        return Figure(value, because="too few resamples have both kinds of labels for an interval")
    return Figure(value, max(least, within[0]), min(1.0, within[1]))
