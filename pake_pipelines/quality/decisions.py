"""Decisions: how good what is verified or rejected by itself is, and how sure the labels make us of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pake_pipelines.quality.labelled import Labelled

ONE_SIDED: Final = 0.95
_POINTS: Final = 10


@dataclass(frozen=True, slots=True)
class Bounded:
    """A share in [0, 1] among `labels` labels with its one-sided 95 % bound, or `because` of what there is none."""

    value: float | None
    bound: float | None
    labels: int
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the thresholds do by score alone; rules, duplicates and reviews keep further items from being verified.

    `precision` is the share of good items among those that are verified, with its lower bound; `false_rejects` the
    share of the good items that is rejected, `good_rejected` the share of good items among the rejected, both with
    their upper bounds. `verified` and `rejected` are shares of all items.
    """

    auto_verify: float
    auto_reject: float
    verified: float
    rejected: float
    precision: Bounded
    false_rejects: Bounded
    good_rejected: Bounded


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """When the `coverage` best items are trusted, which are those from `threshold` on, `risk` of them are bad."""

    coverage: float
    threshold: float
    risk: float


def decisions(labels: Sequence[Labelled], auto_verify: float, auto_reject: float) -> Decisions:
    """Return what verifying from `auto_verify` on and rejecting below `auto_reject` does to `labels`."""
    verified = [one for one in labels if one.score >= auto_verify]
    rejected = [one for one in labels if one.score < auto_reject]
    good = [one for one in labels if one.good]
    total = _weight(labels)
    return Decisions(
        auto_verify,
        auto_reject,
        _weight(verified) / total,
        _weight(rejected) / total,
        _bounded(verified, [one.good for one in verified], "no label reaches the threshold", upper=False),
        _bounded(good, [one.score < auto_reject for one in good], "no label is good", upper=True),
        _bounded(rejected, [one.good for one in rejected], "no label lies below the threshold", upper=True),
    )


def risk_coverage(labels: Sequence[Labelled]) -> list[RiskPoint]:
    """Return the risk at every tenth of coverage (El-Yaniv and Wiener 2010); equal scores are trusted together."""
    total, trusted, bad = _weight(labels), 0.0, 0.0
    points: list[RiskPoint] = []
    for score, tie in groupby(sorted(labels, key=lambda one: -one.score), key=lambda one: one.score):
        some = list(tie)
        trusted += _weight(some)
        bad += _weight([one for one in some if not one.good])
        if trusted >= total * (len(points) + 1) / _POINTS - 1e-9:
            points.append(RiskPoint(min(1.0, trusted / total), score, bad / trusted))
    return points


def exact_bounds(share: float, count: float, level: float) -> tuple[float, float]:
    """Return the one-sided lower and the one-sided upper bound of a share, each of `level` (Clopper and Pearson 1934).

    `count` may be an effective number of weighted labels and no integer (Korn and Graubard 1998). Both bounds together
    make an interval of 2 * level - 1.
    """
    from scipy.stats import beta

    hits = share * count
    misses = count - hits
    low = float(beta.ppf(1.0 - level, hits, misses + 1.0)) if hits > 0.0 else 0.0
    high = float(beta.ppf(level, hits + 1.0, misses)) if misses > 0.0 else 1.0
    return low, high


def _bounded(labels: Sequence[Labelled], hits: Sequence[bool], nothing: str, *, upper: bool) -> Bounded:
    if not labels:
        return Bounded(None, None, 0, nothing)
    weight, squares = _weight(labels), sum(one.weight**2 for one in labels)
    share = sum(one.weight for one, hit in zip(labels, hits, strict=True) if hit) / weight
    share = 1.0 if all(hits) else min(1.0, share)
    return Bounded(share, exact_bounds(share, weight**2 / squares, ONE_SIDED)[upper], len(labels))


def _weight(labels: Sequence[Labelled]) -> float:
    return sum(one.weight for one in labels)
