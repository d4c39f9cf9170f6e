"""Baselines: what any useful score must beat, which are knowing only the base rate, the source or the length."""

from collections.abc import Sequence
from dataclasses import dataclass

from pake_pipelines.quality import figures
from pake_pipelines.quality.labelled import Labelled, too_few
from pake_pipelines.quality.measured import Figure, Measured


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simpler score; `lead` is by how much the measured one is better.

    `beaten` is None while the interval of `lead` holds 0: the labels do not tell.
    """

    name: str
    measure: str
    value: Figure
    lead: Figure
    beaten: bool | None


def baselines(measured: Measured, seed: int, resamples: int) -> list[Baseline]:
    """Return the baselines of the labels of `measured`, each on the labels that have what it needs."""
    labels = measured.labels
    authority = [(one, one.authority) for one in labels if one.authority is not None]
    length = [(one, float(one.characters)) for one in labels if one.characters is not None]
    return [
        *_constant(measured),
        *_ordered_by("source authority alone", authority, seed, resamples),
        *_ordered_by("text length alone", length, seed, resamples),
    ]


def _constant(of: Measured) -> list[Baseline]:
    def brier(weights: "figures.Floats") -> "figures.Floats":
        rate = figures.base_rate(of.good, weights)
        return rate * (1.0 - rate)

    gain = of.figure(lambda weights: brier(weights) - figures.brier(of.scores, of.good, weights), least=-1.0)
    above = of.figure(
        lambda weights: figures.pr_auc(of.scores, of.good, weights) - figures.base_rate(of.good, weights), least=-1.0
    )
    return [
        Baseline("constant base rate", "brier", of.figure(brier), gain, _beaten(gain)),
        Baseline("constant base rate", "pr_auc", of.base_rate(), above, _beaten(above)),
    ]


def _ordered_by(name: str, known: Sequence[tuple[Labelled, float]], seed: int, resamples: int) -> list[Baseline]:
    """Return how the score fares against ordering labels by a value, by both measures, on the same resamples."""
    import numpy as np

    reason = too_few([one for one, _ in known])
    if reason is not None:
        none = Figure(None, because=reason)
        return [Baseline(name, measure, none, none, None) for measure in ("roc_auc", "pr_auc")]
    of = Measured([one for one, _ in known], seed, resamples)
    values = np.array([value for _, value in known])
    return [
        _against(of, values, name, "roc_auc", figures.roc_auc),
        _against(of, values, name, "pr_auc", figures.pr_auc),
    ]


def _against(of: Measured, values: "figures.Floats", name: str, measure: str, figure: "figures.Ranking") -> Baseline:
    lead = of.figure(lambda weights: figure(of.scores, of.good, weights) - figure(values, of.good, weights), least=-1.0)
    return Baseline(name, measure, of.ranked(values, figure), lead, _beaten(lead))


def _beaten(lead: Figure) -> bool | None:
    if lead.low is None or lead.high is None or lead.low <= 0.0 <= lead.high:
        return None
    return lead.low > 0.0
