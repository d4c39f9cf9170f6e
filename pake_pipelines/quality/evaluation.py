"""Evaluation: what a score is worth, measured on labels that people gave. docs/scores.md explains each figure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pake_pipelines.quality import figures
from pake_pipelines.quality.baselines import Baseline, baselines
from pake_pipelines.quality.bootstrap import RESAMPLES
from pake_pipelines.quality.decisions import Decisions, RiskPoint, decisions, exact_bounds, risk_coverage
from pake_pipelines.quality.labelled import Labelled, too_few
from pake_pipelines.quality.measured import Figure, Measured, bounded

if TYPE_CHECKING:
    from pake_pipelines.quality.figures import Floats, Places


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The labels with scores in [low, high]: what was said on average, and the share that was observed to be good."""

    low: float
    high: float
    labels: int
    mean_score: float
    observed: Figure


@dataclass(frozen=True, slots=True)
class Summary:
    """What is measured of any set of labels. `calibration_error` is debiased, the root of a mean square."""

    labels: int
    good: int
    base_rate: Figure
    roc_auc: Figure
    pr_auc: Figure
    brier: Figure
    calibration_error: Figure


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the Brier score, which is reliability - resolution + uncertainty."""

    reliability: Figure
    resolution: Figure
    uncertainty: Figure


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is said of a score. Where labels are too few, `unavailable` says so and nothing has a value.

    `resampled` is what the intervals rest on: whole sources, or single labels. `undated` labels are in no period.
    """

    overall: Summary
    parts: Parts
    table: tuple[ReliabilityBin, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    by_source: Mapping[str, Summary] | None = None
    by_time: Mapping[str, Summary] | None = None
    undated: int = 0
    decisions: Decisions | None = None
    risk_coverage: tuple[RiskPoint, ...] = ()
    resampled: str | None = None
    unavailable: str | None = None


def evaluate(
    labels: Sequence[Labelled], *, auto_verify: float, auto_reject: float, seed: int = 0, resamples: int = RESAMPLES
) -> Evaluation:
    """Measure the score of `labels`; whatever they are too few for is None, with the reason.

    Intervals are bootstrapped from `seed` over `resamples` resamples. Raises ValueError for a score that is not in
    [0, 1], or a weight that is not above 0.
    """
    if any(not 0.0 <= one.score <= 1.0 or not 0.0 < one.weight < math.inf for one in labels):
        raise ValueError("scores lie between 0 and 1, and weights above 0")
    reason = too_few(labels)
    if reason is not None:
        none = Figure(None, because=reason)
        return Evaluation(_unmeasured(labels, reason), Parts(none, none, none), unavailable=reason)
    measured = Measured(labels, seed, resamples)
    return Evaluation(
        overall=_summary(measured),
        parts=_parts(measured),
        table=tuple(_bin(measured, places) for places in measured.bins),
        baselines=tuple(baselines(measured, seed, resamples)),
        by_source={name: summarize(some, seed, resamples) for name, some in _sources(labels).items()},
        by_time={name: summarize(some, seed, resamples) for name, some in _halves(labels).items()},
        undated=sum(one.published is None for one in labels),
        decisions=decisions(labels, auto_verify, auto_reject),
        risk_coverage=tuple(risk_coverage(labels)),
        resampled=measured.resamples.unit,
    )


def summarize(labels: Sequence[Labelled], seed: int = 0, resamples: int = RESAMPLES) -> Summary:
    """Measure the score of `labels`, or say why it cannot be."""
    reason = too_few(labels)
    return _unmeasured(labels, reason) if reason else _summary(Measured(labels, seed, resamples))


def _unmeasured(labels: Sequence[Labelled], reason: str) -> Summary:
    none = Figure(None, because=reason)
    return Summary(len(labels), sum(one.good for one in labels), none, none, none, none, none)


def _summary(of: Measured) -> Summary:
    return Summary(
        labels=len(of.labels),
        good=sum(one.good for one in of.labels),
        base_rate=of.base_rate(),
        roc_auc=of.ranked(of.scores, figures.roc_auc),
        pr_auc=of.ranked(of.scores, figures.pr_auc),
        brier=of.ranked(of.scores, figures.brier),
        calibration_error=of.calibration_error(),
    )


def _parts(of: Measured) -> Parts:
    import numpy as np

    def decomposed(weights: "Floats") -> "Floats":
        parts = (figures.decompose(of.scores, of.good, row) for row in weights)
        return np.array([[one.reliability, one.resolution, one.uncertainty] for one in parts])

    found = figures.decompose(of.scores, of.good, of.weights)
    reliability, resolution, uncertainty = of.resamples.values(decomposed, of.weights).T
    interval = of.resamples.interval
    return Parts(
        bounded(found.reliability, interval(reliability, found.reliability, raised_by_chance=True)),
        bounded(found.resolution, interval(resolution, found.resolution, raised_by_chance=True)),
        bounded(found.uncertainty, interval(uncertainty, found.uncertainty)),
    )


def _bin(of: Measured, places: "Places") -> ReliabilityBin:
    """Return a bin. Its interval is never narrower than the exact one: no resample of ten bad labels has a good one."""
    scores, good, weights = of.scores[places], of.good[places], of.weights[places]
    share = float(figures.base_rate(good, weights))
    low, high = exact_bounds(share, float(figures.effective(weights)), 0.975)
    shares = of.resamples.values(lambda drawn: figures.base_rate(good, drawn[:, places]), of.weights)
    resampled = of.resamples.interval(shares, share)
    if resampled is not None:
        low, high = min(low, max(0.0, resampled[0])), max(high, min(1.0, resampled[1]))
    mean = float(scores @ weights / weights.sum())
    return ReliabilityBin(float(scores.min()), float(scores.max()), len(places), mean, Figure(share, low, high))


def _sources(labels: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    """Return the labels of each source, nothing where all are from one."""
    names = sorted({one.source for one in labels})
    return {name: [one for one in labels if one.source == name] for name in names} if len(names) > 1 else {}


def _halves(labels: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    """Return the older and the newer half of the dated labels; equal dates stay together."""
    dated = sorted(one.published for one in labels if one.published is not None)
    if not dated or dated[0] == dated[-1]:
        return {}
    middle = dated[len(dated) // 2]
    # where half of them bear the first date, these are the older half
    newer_from = middle if middle > dated[0] else min(moment for moment in dated if moment > middle)
    return {
        "older": [one for one in labels if one.published is not None and one.published < newer_from],
        "newer": [one for one in labels if one.published is not None and one.published >= newer_from],
    }
