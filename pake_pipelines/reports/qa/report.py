"""The QA report: whether the knowledge base can be trusted, why, and what to do about it (QA-25..30)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.reports.advice.bounds import Bounds
from pake_pipelines.reports.advice.situation import Knowledge, Situation
from pake_pipelines.reports.advice.table import advise
from pake_pipelines.reports.document import Recommendation
from pake_pipelines.reports.qa.figures import (
    Reviewed,
    RuleLine,
    Statistics,
    faults_of,
    read_statistics,
    reviewed,
    rule_lines,
)
from pake_pipelines.store import calibrations, qa_findings, qa_statistics
from pake_pipelines.store.calibrations import StoredCalibration
from pake_pipelines.store.database import Connection
from pake_pipelines.store.qa_findings import BrokenAddress, FactorMean, LinkCount, SourceFault, SpamEvidence
from pake_pipelines.store.qa_statistics import DayVerdicts, Issue, LabelCount, LanguageCount, SourceLine, Tenth

DAYS: Final = 30
"""How many days of verdicts the report shows."""

_ISSUES: Final = 20
_SAMPLES: Final = 3
_FAULTS: Final = 3
_BROKEN: Final = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """By what the scores are measured and put right. `outdated` when scores are made otherwise since the fit."""

    labels: LabelCount
    calibration: StoredCalibration | None
    outdated: bool


@dataclass(frozen=True, slots=True)
class QaReport:
    """Everything the report says. `links` is None while links are not checked."""

    made_at: datetime
    rules: QualityConfig
    statistics: Statistics
    recommendations: Sequence[Recommendation]
    verdicts: Sequence[DayVerdicts]
    tenths: Sequence[Tenth]
    checks: Sequence[RuleLine]
    factors: Sequence[FactorMean]
    spam: Sequence[SpamEvidence]
    languages: Sequence[LanguageCount]
    sources: Sequence[SourceLine]
    faults: Mapping[str, Sequence[SourceFault]]
    links: Sequence[LinkCount] | None
    broken: Sequence[BrokenAddress]
    reviews: Reviewed
    measured: Measured
    issues: Sequence[Issue]


async def build_report(
    connection: Connection, rules: QualityConfig, bounds: Bounds, score_version: str, now: datetime
) -> QaReport:
    """Return the report; `score_version` names how scores are made now, beyond `bounds` something is recommended.

    Begins its transaction, which it only reads.
    """
    await qa_statistics.hold_still(connection)
    statistics = await read_statistics(connection, rules)
    checks = rule_lines(await qa_findings.rules(connection), await qa_findings.rule_samples(connection, _SAMPLES))
    factors = await qa_findings.factors(connection)
    sources = await qa_statistics.by_source(connection)
    checking, asked = rules.links.check_external, rules.links.max_per_item
    return QaReport(
        made_at=now,
        rules=rules,
        statistics=statistics,
        recommendations=advise(Situation(now, bounds, knowledge=Knowledge(statistics, checks, factors, sources))),
        verdicts=await qa_statistics.verdicts_by_day(connection, _since(now)),
        tenths=await qa_statistics.tenths(connection),
        checks=checks,
        factors=factors,
        spam=await qa_findings.spam_evidence(connection),
        languages=await qa_statistics.languages(connection),
        sources=sources,
        faults=faults_of(await qa_findings.faults_by_source(connection), _FAULTS),
        links=await qa_findings.links(connection, asked) if checking else None,
        broken=await qa_findings.broken_addresses(connection, asked, _BROKEN) if checking else [],
        reviews=reviewed(await qa_statistics.reviews(connection)),
        measured=await _measured(connection, score_version),
        issues=await qa_statistics.newest_issues(connection, _ISSUES),
    )


def _since(now: datetime) -> datetime:
    """Return the beginning of the first of the days shown."""
    return datetime.combine(now.astimezone(UTC).date() - timedelta(days=DAYS - 1), time(), UTC)


async def _measured(connection: Connection, score_version: str) -> Measured:
    held = next((one for one in await calibrations.listed(connection) if one.in_force), None)
    outdated = held is not None and held.calibration.is_outdated(score_version)
    return Measured(await qa_statistics.labels(connection), held, outdated)
