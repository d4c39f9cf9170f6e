"""Calibration: from a decision score to the probability that a person calls the item good.

Applying one takes no library: a verdict is drawn for every item, a calibration is fitted now and then.
"""

import hashlib
import json
import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

Method = Literal["isotonic", "platt"]
_EDGE: Final = 1e-6  # scores nearer to 0 and 1 than this count as this near: beyond lies an infinite logit


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising line through points: `scores` rise strictly, `values` in [0, 1] never fall; flat beyond both ends."""

    scores: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for points that are no such line."""
        if not self.scores or len(self.scores) != len(self.values):
            raise ValueError("an isotonic calibration needs as many values as scores, and one at least")
        if any(after <= before for before, after in pairwise(self.scores)):
            raise ValueError("the scores of an isotonic calibration must rise")
        if any(after < before for before, after in pairwise(self.values)):
            raise ValueError("the values of an isotonic calibration must not fall")
        if not 0.0 <= self.values[0] <= self.values[-1] <= 1.0:
            raise ValueError("the values of an isotonic calibration lie between 0 and 1")

    def apply(self, score: float) -> float:
        """Return the value at `score`, interpolated between its neighbours."""
        right = bisect_left(self.scores, score)
        if right == 0:
            return self.values[0]
        if right == len(self.scores):
            return self.values[-1]
        left = right - 1
        share = (score - self.scores[left]) / (self.scores[right] - self.scores[left])
        low, high = self.values[left], self.values[right]
        # the bounds keep rounding from making a later score smaller than an earlier one at a point
        return min(high, low + share * (high - low))


@dataclass(frozen=True, slots=True)
class Platt:
    """A logistic curve over the logit of the score; a slope of 1 and an intercept of 0 leave scores as they are."""

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        """Raise ValueError for a curve that falls or has no finite form."""
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)) or self.slope < 0.0:
            raise ValueError("a Platt calibration needs a finite intercept, and a finite slope that is not negative")

    def apply(self, score: float) -> float:
        """Return the value at `score`."""
        near = min(1.0 - _EDGE, max(_EDGE, score))
        raised = self.slope * math.log(near / (1.0 - near)) + self.intercept
        # both forms are the logistic function; the exponent of each never overflows
        return 1.0 / (1.0 + math.exp(-raised)) if raised >= 0.0 else math.exp(raised) / (1.0 + math.exp(raised))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted curve; `score_version` is the version of the stage whose scores it was fitted on."""

    curve: Isotonic | Platt
    score_version: str

    @classmethod
    def from_stored(cls, method: Method, parameters: Mapping[str, Any], score_version: str) -> "Calibration":
        """Return the calibration that `to_stored` gave `parameters` of. Raises ValueError for any other."""
        try:
            if method == "platt":
                return cls(Platt(float(parameters["slope"]), float(parameters["intercept"])), score_version)
            scores, values = (tuple(map(float, parameters[name])) for name in ("scores", "values"))
            return cls(Isotonic(scores, values), score_version)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no parameters of a {method} calibration: {dict(parameters)}") from error

    def to_stored(self) -> tuple[Method, dict[str, Any]]:
        """Return method and parameters as JSON-able data."""
        if isinstance(self.curve, Platt):
            return "platt", {"slope": self.curve.slope, "intercept": self.curve.intercept}
        return "isotonic", {"scores": list(self.curve.scores), "values": list(self.curve.values)}

    @property
    def method(self) -> Method:
        """The kind of curve."""
        return self.to_stored()[0]

    @property
    def version(self) -> str:
        """16 hex digits over the curve: what was calibrated by another one has another version."""
        return hashlib.sha256(json.dumps(self.to_stored(), sort_keys=True).encode()).hexdigest()[:16]

    def apply(self, score: float) -> float:
        """Return the probability, in [0, 1], that an item of the decision score `score` is good; it never falls."""
        return self.curve.apply(score)

    def is_outdated(self, score_version: str) -> bool:
        """Return whether scores are made otherwise by now; it still applies, but asks to be fitted anew."""
        return self.score_version != score_version


def first_reaching(calibration: Calibration | None, threshold: float) -> float:
    """Return the smallest score in [0, 1] whose calibrated value reaches `threshold`, infinity if none does.

    None leaves scores as they are. So thresholds can be held against scores that were stored uncalibrated.
    """
    if calibration is None:
        return threshold if threshold <= 1.0 else math.inf
    if calibration.apply(0.0) >= threshold:
        return 0.0
    if calibration.apply(1.0) < threshold:
        return math.inf
    below, reaching = 0.0, 1.0
    while below < (middle := (below + reaching) / 2) < reaching:
        if calibration.apply(middle) >= threshold:
            reaching = middle
        else:
            below = middle
    return reaching
