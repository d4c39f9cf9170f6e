"""Judgements: what the checks found, what the factors say, and the verdict drawn from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pake_pipelines.model.status import CheckStatus, VerificationStatus


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one quality rule found in one item; `evidence` is JSON-able."""

    code: str
    status: CheckStatus
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of confidence: `value` in [0, 1], or None where the evidence is missing; `reason` for people."""

    name: str
    value: float | None
    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """`score` in [0, 1] over all factors; `decision_score` leaves the verification factor out (C-41).

    `probability` in [0, 1] is the decision score calibrated by people's labels, None while no calibration is in force.
    """

    score: float
    decision_score: float
    factors: tuple[Factor, ...]
    probability: float | None = None

    @property
    def deciding(self) -> float:
        """What thresholds are held against."""
        return self.decision_score if self.probability is None else self.probability


ReviewDecision = Literal["approved", "rejected", "requeued"]


@dataclass(frozen=True, slots=True)
class Review:
    """What a person decided on one version of an item, and why."""

    decision: ReviewDecision
    actor: str
    reason: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The status an item ends with, the flags it carries and the reasons, most important first."""

    status: VerificationStatus
    flags: Mapping[str, str]
    reasons: tuple[str, ...]
