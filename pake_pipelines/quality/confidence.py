"""Confidence: the factors combined into one score."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from pake_pipelines.model.judgement import Confidence, Factor

_LEFT_OUT_OF_DECISIONS: Final = "verification_status"


def combine(factors: Sequence[Factor]) -> Confidence:
    """Return the weighted means of `factors`: over all of them, and without the verification status for decisions.

    A factor without a value is left out and the other weights are renormalised: what is not known neither helps nor
    harms. The decision score leaves out the status, because a status that feeds the decision about itself keeps both
    ends of the scale out of reach (C-41). Raises ValueError where no factor with a weight has a value.
    """
    deciding = [factor for factor in factors if factor.name != _LEFT_OUT_OF_DECISIONS]
    return Confidence(_weighted_mean(factors), _weighted_mean(deciding), tuple(factors))


def _weighted_mean(factors: Iterable[Factor]) -> float:
    known = [(factor.value, factor.weight) for factor in factors if factor.value is not None]
    total = math.fsum(weight for _, weight in known)
    if total <= 0.0:
        raise ValueError("no factor with a weight has a value")
    return min(1.0, max(0.0, math.fsum(value * weight for value, weight in known) / total))
