"""The QA report: how the knowledge base stands, what was flagged lately, and what to do about it (QA-25..30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.config.quality import VerdictRules
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.store.nodes import NodeFact, SourceSummary

_ISSUES_SHOWN = 20
_MANY_PENDING = 100
_LOW_AVERAGE = 0.6
_MANY_LOW = 0.2
_MANY_REJECTED = 0.1


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over all nodes; without any, `average_confidence` is None and `quality_score` (percent verified) 0."""

    total: int
    by_status: dict[str, int]
    average_confidence: float | None
    high_confidence: int
    low_confidence: int
    potential_duplicates: int
    quality_score: float


@dataclass(frozen=True, slots=True)
class Issue:
    """A flagged or rejected item."""

    pake_id: str
    title: str
    source: str
    status: str
    issue: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class QaReport:
    """Everything the report says."""

    made_at: datetime
    statistics: Statistics
    sources: tuple[SourceSummary, ...]
    confidences: tuple[float, ...]
    issues: tuple[Issue, ...]
    recommendations: tuple[str, ...]


def build_report(
    facts: Sequence[NodeFact], sources: Sequence[SourceSummary], rules: VerdictRules, now: datetime
) -> QaReport:
    """Return the report on the nodes `facts` (newest first)."""
    statistics = compute_statistics(facts, rules)
    return QaReport(
        made_at=now,
        statistics=statistics,
        sources=tuple(sources),
        confidences=tuple(fact.confidence_score for fact in facts),
        issues=tuple(_issues(facts)),
        recommendations=tuple(recommend(statistics)),
    )


def compute_statistics(facts: Sequence[NodeFact], rules: VerdictRules) -> Statistics:
    """Count the nodes by status and confidence."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "status": [fact.verification_status for fact in facts],
            "confidence": [fact.confidence_score for fact in facts],
            "copy": [fact.flagged == "potential_duplicate" for fact in facts],
        }
    )
    total = len(frame)
    counts = frame["status"].value_counts()
    by_status = {status.value: int(counts.get(status.value, 0)) for status in VerificationStatus}
    return Statistics(
        total=total,
        by_status=by_status,
        average_confidence=round(float(frame["confidence"].mean()), 4) if total else None,
        high_confidence=int((frame["confidence"] >= rules.high_confidence).sum()),
        low_confidence=int((frame["confidence"] < rules.low_confidence_report).sum()),
        potential_duplicates=int(frame["copy"].sum()),
        quality_score=round(100 * by_status["verified"] / total, 1) if total else 0.0,
    )


def recommend(statistics: Statistics) -> list[str]:
    """Return the recommendations of QA-27..30 that apply."""
    found = []
    if statistics.by_status["pending"] > _MANY_PENDING:
        found.append("High number of pending items - consider increasing validation frequency")
    if statistics.average_confidence is not None and statistics.average_confidence < _LOW_AVERAGE:
        found.append("Low average confidence score - review ingestion sources quality")
    if statistics.low_confidence > _MANY_LOW * statistics.total:
        found.append("High percentage of low-confidence items - adjust confidence scoring weights")
    if statistics.by_status["rejected"] > _MANY_REJECTED * statistics.total:
        found.append("High rejection rate - review QA rules and ingestion filters")
    return found


def _issues(facts: Sequence[NodeFact]) -> list[Issue]:
    bad = {VerificationStatus.REJECTED.value, VerificationStatus.QUARANTINED.value}
    flagged = [fact for fact in facts if fact.flagged or fact.verification_status in bad]
    return [
        Issue(
            str(fact.pake_id),
            fact.title,
            fact.source_name,
            fact.verification_status,
            fact.reason or fact.flagged or "",
            fact.created_at,
        )
        for fact in flagged[:_ISSUES_SHOWN]
    ]
