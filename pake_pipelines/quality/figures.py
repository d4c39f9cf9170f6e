"""Figures of a score against labels, for one weighting of the labels or for many at once.

`weights` has the labels along its last axis; a bootstrap resample is a weighting, so a thousand of them are one matrix.
Each figure returns one value for each weighting, nan where it has none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Places: TypeAlias = NDArray[np.intp]
    Ranking: TypeAlias = Callable[[Floats, Floats, Floats], Floats]  # of scores, good and weights


def base_rate(good: "Floats", weights: "Floats") -> "Floats":
    """Return the weighted share of good labels; `good` is 1.0 or 0.0."""
    return _ratio(weights @ good, weights.sum(axis=-1))


def roc_auc(scores: "Floats", good: "Floats", weights: "Floats") -> "Floats":
    """Return the weighted share of pairs of a good and a bad label that `scores` order rightly; ties count half."""
    positive, negative = _by_score(scores, good, weights)
    below = negative.cumsum(axis=-1) - negative
    ordered = (positive * (below + negative / 2)).sum(axis=-1)
    return _ratio(ordered, positive.sum(axis=-1) * negative.sum(axis=-1))


def pr_auc(scores: "Floats", good: "Floats", weights: "Floats") -> "Floats":
    """Return the average precision: the mean precision at the scores of the good labels, without interpolation.

    With sampling weights it is that at the base rate of all items; a score that knows nothing has the base rate.
    """
    positive, negative = (one[..., ::-1] for one in _by_score(scores, good, weights))
    hits, misses = positive.cumsum(axis=-1), negative.cumsum(axis=-1)
    return _ratio((positive * _ratio(hits, hits + misses, nothing=0.0)).sum(axis=-1), positive.sum(axis=-1))


def brier(scores: "Floats", good: "Floats", weights: "Floats") -> "Floats":
    """Return the weighted mean of (score - label) squared."""
    return _ratio(weights @ (scores - good) ** 2, weights.sum(axis=-1))


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Brier = reliability - resolution + uncertainty, exactly; all are at least 0."""

    reliability: float
    resolution: float
    uncertainty: float


def decompose(scores: "Floats", good: "Floats", weights: "Floats") -> Decomposition:
    """Return the parts of the Brier score of one weighting, by isotonic recalibration, so without bins.

    CORP (Dimitriadis, Gneiting and Jordan 2021, PNAS 118(8)): uncertainty is the score of the constant base rate,
    resolution what the best rising recalibration gains on it, reliability what the scores as they are lose to that.
    The best one is fitted to these labels, so with few of them reliability and resolution come out a little high.
    """
    import numpy as np
    from sklearn.isotonic import IsotonicRegression

    ranks = np.unique(scores, return_inverse=True)[1].astype(float)  # scikit-learn takes scores 1e-16 apart as equal
    best = IsotonicRegression(y_min=0.0, y_max=1.0).fit_transform(ranks, good, sample_weight=weights)
    as_they_are = float(brier(scores, good, weights))
    recalibrated = float(brier(best, good, weights))
    uncertainty = float(brier(np.full_like(good, base_rate(good, weights)), good, weights))
    return Decomposition(max(0.0, as_they_are - recalibrated), max(0.0, uncertainty - recalibrated), uncertainty)


def squared_calibration_error(
    scores: "Floats", good: "Floats", weights: "Floats", bins: "list[Places]", *, debiased: bool = False
) -> "Floats":
    """Return the weighted mean over bins of (observed share - mean score) squared.

    Chance alone makes it larger than 0: by observed * (1 - observed) / (n - 1) for each bin, which `debiased` takes
    off (Broecker 2012; Kumar, Liang and Ma 2019), with n as Kish's effective number of labels; it can be below 0.
    """
    import numpy as np

    total = np.zeros(weights.shape[:-1])
    for places in bins:
        some = weights[..., places]
        mass = some.sum(axis=-1)
        observed, said = _ratio(some @ good[places], mass), _ratio(some @ scores[places], mass)
        squared = (observed - said) ** 2
        if debiased:
            squared = squared - observed * (1.0 - observed) / np.maximum(effective(some) - 1.0, 1.0)
        total = total + np.where(mass > 0.0, mass * squared, 0.0)
    return _ratio(total, weights.sum(axis=-1))


def effective(weights: "Floats") -> "Floats":
    """Return how many equally weighted labels say as much as these (Kish 1965): (sum of w)^2 / sum of w^2."""
    return _ratio(weights.sum(axis=-1) ** 2, (weights**2).sum(axis=-1), nothing=0.0)


def _by_score(scores: "Floats", good: "Floats", weights: "Floats") -> "tuple[Floats, Floats]":
    """Return the weights of good and of bad labels at each distinct score, rising."""
    import numpy as np

    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf))
    sorted_weights, sorted_good = weights[..., order], good[order]
    positive = np.add.reduceat(sorted_weights * sorted_good, starts, axis=-1)
    negative = np.add.reduceat(sorted_weights * (1.0 - sorted_good), starts, axis=-1)
    return positive, negative


def _ratio(part: "Floats", whole: "Floats", nothing: float = float("nan")) -> "Floats":
    import numpy as np

    part, whole = np.asarray(part, float), np.asarray(whole, float)
    found: Floats = np.divide(part, whole, out=np.full(whole.shape, nothing), where=whole > 0.0)
    return found
