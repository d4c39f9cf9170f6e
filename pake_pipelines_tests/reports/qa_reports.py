"""QA reports that tests write: of an empty knowledge base, or full, with whatever words strangers put into it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pake_pipelines.config.loading import load_quality
from pake_pipelines.model.calibration import Calibration, Platt
from pake_pipelines.reports.advice.situation import Knowledge, Situation
from pake_pipelines.reports.advice.table import advise
from pake_pipelines.reports.qa.figures import RuleLine, compute_statistics, reviewed
from pake_pipelines.reports.qa.report import Measured, QaReport
from pake_pipelines.settings import PACKAGE_HOME
from pake_pipelines.store.calibrations import StoredCalibration
from pake_pipelines.store.qa_findings import (
    BrokenAddress,
    FactorMean,
    LinkCount,
    RuleSample,
    SourceFault,
    SpamEvidence,
)
from pake_pipelines.store.qa_statistics import (
    DayVerdicts,
    Issue,
    LabelCount,
    LanguageCount,
    ReviewCount,
    SourceLine,
    Tenth,
    Totals,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = load_quality(PACKAGE_HOME / "configs")
NOBODY = Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, None)


def totals(*, verified=0, pending=0, rejected=0, average=0.7, low=0, high=0, duplicates=0):
    total = verified + pending + rejected
    return Totals(total, verified, pending, rejected, 0, 0, duplicates, high, low, average if total else None)


def issue(number, title="Title", source="Source", why="why"):
    return Issue(UUID(int=number), title, source, "rejected", why, NOW - timedelta(minutes=number))


def empty():
    return QaReport(
        made_at=NOW, rules=RULES, statistics=compute_statistics(NOBODY), recommendations=(), verdicts=(), tenths=(),
        checks=(), factors=(), spam=(), languages=(), sources=(), faults={}, links=(), broken=(),
        reviews=reviewed([]), measured=Measured(LabelCount(0, 0, 0), None, False), issues=(),
    )  # fmt: skip


def full(said="Title", *, issues=3, linked=True):
    """Return a report in which everything is told, and every stranger's word is `said`."""
    statistics = compute_statistics(totals(verified=40, pending=120, rejected=40, average=0.5, low=60))
    samples = [RuleSample("spam", status, UUID(int=9), said, said) for status in ("fail", "unknown", "warn")]
    checks = [RuleLine("spam", ok=150, warn=5, fail=40, unknown=5, samples=samples), RuleLine("links", not_run=200)]
    factors = [
        FactorMean("cross_reference_strength", 200, 200, 0.1, 0.2, 0.18),
        FactorMean("age", 200, 0, None, 0.1, 0),
    ]
    sources = [
        SourceLine("s", said, 200, 40, 120, 0, 40, 0, 3, 1, 0.5),
        SourceLine("d", said, 0, 0, 0, 0, 0, 0, 0, 2, None),
    ]
    held = {"platt": {"brier_before": 0.25, "brier_after": 0.2}}
    stored = StoredCalibration(3, Calibration(Platt(1.0, 0.0), "v"), {"held_out": held}, 60, True, said, NOW)
    return replace(
        empty(),
        statistics=statistics,
        recommendations=advise(Situation(NOW, knowledge=Knowledge(statistics, checks, factors, sources))),
        verdicts=[DayVerdicts(NOW.date(), "verified", 40), DayVerdicts(NOW.date(), "pending", 120)],
        tenths=[Tenth(0.9, "verified", 40), Tenth(0.3, "pending", 120)],
        checks=checks,
        factors=factors,
        spam=[SpamEvidence(said, 40, 0.2, said)],
        languages=[LanguageCount("en", 150), LanguageCount("de", 40), LanguageCount("und", 10)],
        sources=sources,
        faults={"s": [SourceFault("s", "spam", 40)]},
        links=[LinkCount("broken", 3), LinkCount("working", 9)] if linked else None,
        broken=[BrokenAddress(said, said, 2)] if linked else [],
        reviews=reviewed([ReviewCount("approved", "rejected", 2), ReviewCount("rejected", "pending", 1)]),
        measured=Measured(LabelCount(60, 50, 2), stored, True),
        issues=[issue(number, said, said, said) for number in range(issues)],
    )
