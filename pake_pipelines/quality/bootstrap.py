"""Bootstrap: how far a figure could be off, from resamples of the labels (Efron and Tibshirani 1993)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pake_pipelines.quality.figures import Floats

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
# Of fewer sources resamples are too coarse: of two, half of them hold only one.
_MIN_SOURCES: Final = 5
_USABLE: Final = 0.9  # a figure that fewer resamples have is not one that resampling can bound
_CELLS: Final = 4_000_000  # of a matrix of resamples: 32 MB


@dataclass(frozen=True, slots=True)
class Resamples:
    """Resamples of labels: how often each took each label, as (resamples, labels).

    `unit` is what was drawn, labels or sources, and `units` how many of them there are.
    """

    counts: "Floats"
    unit: str
    units: int

    def values(self, figure: "Callable[[Floats], Floats]", weights: "Floats") -> "Floats":
        """Return `figure` of the weighting that each resample makes of `weights`."""
        import numpy as np

        rows = max(1, _CELLS // max(1, self.counts.shape[1]))
        parts = [self.counts[start : start + rows] for start in range(0, len(self.counts), rows)]
        return np.concatenate([np.asarray(figure(part * weights), float) for part in parts])

    def interval(
        self, values: "Floats", estimate: float, *, raised_by_chance: bool = False
    ) -> tuple[float, float] | None:
        """Return the percentile interval of a figure from its `values` over resamples; None where too many have none.

        Resamples of few units scatter too little: the interval is widened about `estimate` as that of a mean would be,
        by sqrt(m / (m - 1)) and Student's t with m - 1 degrees of freedom (Cameron, Gelbach and Miller 2008). What
        chance can only raise is raised once more in each resample, so it is taken as far as they scatter about their
        mean.
        """
        import numpy as np
        from scipy.stats import norm, t

        finite = values[np.isfinite(values)]
        if len(finite) < _USABLE * len(values) or self.units < 2:
            return None
        tail = (1.0 - LEVEL) / 2
        centre = float(finite.mean()) if raised_by_chance else estimate
        widened = (self.units / (self.units - 1)) ** 0.5 * t.ppf(1.0 - tail, self.units - 1) / norm.ppf(1.0 - tail)
        low, high = estimate + (np.quantile(finite, [tail, 1.0 - tail]) - centre) * widened
        return float(low), float(high)


def resample(labels: int, sources: Sequence[str], seed: int, number: int = RESAMPLES) -> Resamples:
    """Draw `number` resamples of so many labels; the same `seed` draws the same.

    From five sources on, whole sources are drawn: the items of one are alike, and the next source is what a score must
    do well on. With fewer, single labels are, also of a sample that was drawn in strata: that makes its intervals
    rather too wide than too narrow.
    """
    import numpy as np

    drawing = np.random.default_rng(seed)
    names, source_of = np.unique(np.asarray(sources), return_inverse=True)
    units = len(names) if len(names) >= _MIN_SOURCES else labels
    drawn = drawing.multinomial(units, np.full(units, 1.0 / units), size=number).astype(np.float64)
    return Resamples(drawn[:, source_of], "sources", units) if units != labels else Resamples(drawn, "labels", units)
