"""Calibration: fitting the curve from decision scores to probabilities, and checking it on sources it has not seen."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pake_pipelines.model.calibration import Calibration, Isotonic, Method, Platt
from pake_pipelines.quality import figures
from pake_pipelines.quality.bootstrap import RESAMPLES
from pake_pipelines.quality.labelled import Labelled
from pake_pipelines.quality.measured import Figure, Measured

__all__ = ["Calibration", "Choice", "Fitted", "HeldOut", "Isotonic", "Method", "Platt", "fit", "fit_best", "held_out"]

Choice = Literal["auto", "isotonic", "platt"]
MIN_LABELS: Final = 50
MIN_OF_A_KIND: Final = 10
# Isotonic regression has as many parameters as the labels ask for, and overfits below some hundreds of them
# (Niculescu-Mizil and Caruana 2005 saw it behind Platt's two up to about 1,000 on some sets, 200 on others).
_ISOTONIC_FROM: Final = 200
_FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A method before and after, on labels of sources that its curve was not fitted on; `gain` is that of Brier."""

    labels: int
    brier_before: float
    brier_after: float
    gain: Figure
    calibration_error_before: Figure
    calibration_error_after: Figure


@dataclass(frozen=True, slots=True)
class Fitted:
    """The chosen method's curve over all labels, what the methods tried did when held out, and what speaks against it.

    `refusal` leaves nothing to be used; an `objection` can be overruled.
    """

    method: Method | None = None
    curve: Isotonic | Platt | None = None
    held_out: Mapping[Method, HeldOut] | None = None
    refusal: str | None = None
    objection: str | None = None


def fit_best(labels: Sequence[Labelled], choice: Choice = "auto", *, seed: int = 0) -> Fitted:
    """Fit the method of `choice`; `auto` takes Platt below 200 labels, else what has the lower Brier when held out."""
    refusal = _too_few(labels)
    if refusal is not None:
        return Fitted(refusal=refusal)
    methods: tuple[Method, ...] = (choice,) if choice != "auto" else ("platt", "isotonic")
    if choice == "auto" and len(labels) < _ISOTONIC_FROM:
        methods = ("platt",)
    if len({one.source for one in labels}) < 2:
        alone = "all labels are from one source, so nothing can be held out to check the curve; label another one"
        return Fitted(methods[0], fit(methods[0], labels), {}, objection=alone)
    checked = {method: held_out(method, labels, seed=seed) for method in methods}
    best = min(methods, key=lambda method: checked[method].brier_after)
    found = checked[best]
    worse = (
        f"on held-out sources the {best} curve makes the Brier score worse, "
        f"{found.brier_after:.4f} instead of {found.brier_before:.4f}"
    )
    objection = worse if found.brier_after > found.brier_before else None
    return Fitted(best, fit(best, labels), checked, objection=objection)


def fit(method: Method, labels: Sequence[Labelled]) -> Isotonic | Platt:
    """Return the curve of `method` through `labels`, which must not be empty. It never falls."""
    return _platt(labels) if method == "platt" else _isotonic(labels)


def held_out(method: Method, labels: Sequence[Labelled], *, seed: int = 0, resamples: int = RESAMPLES) -> HeldOut:
    """Return what `method` does on sources that it has not seen: each label is judged by a curve of other sources'.

    Raises ValueError when all labels are from one source.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    groups = [one.source for one in labels]
    folds = StratifiedGroupKFold(min(_FOLDS, len(set(groups))), shuffle=True, random_state=seed)
    before: list[Labelled] = []
    after: list[Labelled] = []
    for known, unseen in folds.split(groups, [one.good for one in labels], groups):
        if len(known) and len(unseen):
            curve = fit(method, [labels[place] for place in known])
            before += [labels[place] for place in unseen]
            after += [replace(labels[place], score=curve.apply(labels[place].score)) for place in unseen]
    was, now = Measured(before, seed, resamples), Measured(after, seed, resamples)
    gain = was.figure(
        lambda weights: figures.brier(was.scores, was.good, weights) - figures.brier(now.scores, now.good, weights),
        least=-1.0,
    )
    return HeldOut(
        len(after),
        float(figures.brier(was.scores, was.good, was.weights)),
        float(figures.brier(now.scores, now.good, now.weights)),
        gain,
        was.calibration_error(),
        now.calibration_error(),
    )


def _too_few(labels: Sequence[Labelled]) -> str | None:
    good = sum(one.good for one in labels)
    bad = len(labels) - good
    if len(labels) < MIN_LABELS:
        return f"{len(labels)} labels are too few to calibrate by: at least {MIN_LABELS} are needed"
    if min(good, bad) < MIN_OF_A_KIND:
        return f"{good} good and {bad} bad labels: at least {MIN_OF_A_KIND} of each kind are needed"
    return None


def _isotonic(labels: Sequence[Labelled]) -> Isotonic:
    """Return the rising line of least squares (pool adjacent violators).

    One good label at the lowest score and one bad label at the highest are put in: by the rule of succession, as in
    Platt's targets, k good labels out of k at the top promise no more than k of k + 1.
    """
    from sklearn.isotonic import IsotonicRegression

    scores = [one.score for one in labels]
    given = [min(scores), *scores, max(scores)]
    good = [1.0, *(float(one.good) for one in labels), 0.0]
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(given, good, [1.0, *_as_labels(labels), 1.0])
    return Isotonic(tuple(map(float, fitted.X_thresholds_)), tuple(map(float, fitted.y_thresholds_)))


def _platt(labels: Sequence[Labelled]) -> Platt:
    """Return the logistic curve of the greatest likelihood under Platt's targets (Platt 1999; Lin, Lin and Weng 2007).

    It is fitted to the logit of the score, so that scores which are probabilities already stay as they are.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    weights, good = np.array(_as_labels(labels)), np.array([one.good for one in labels])
    scores = np.clip([one.score for one in labels], 1e-6, 1.0 - 1e-6)
    logits = np.log(scores / (1.0 - scores))
    hits, misses = float(weights[good].sum()), float(weights[~good].sum())
    targets = np.where(good, (hits + 1.0) / (hits + 2.0), 1.0 / (misses + 2.0))

    def loss(curve: "figures.Floats") -> "tuple[float, figures.Floats]":
        raised = curve[0] * logits + curve[1]
        off = weights * (expit(raised) - targets)
        value = weights @ (np.logaddexp(0.0, raised) - targets * raised)
        return float(value), np.array([off @ logits, off.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
    return Platt(float(found.x[0]), float(found.x[1]))


def _as_labels(labels: Sequence[Labelled]) -> list[float]:
    """Return the weights on the scale of labels: together they count as many as they are worth (Kish)."""
    total, squares = math.fsum(one.weight for one in labels), math.fsum(one.weight**2 for one in labels)
    return [one.weight * total / squares for one in labels]
