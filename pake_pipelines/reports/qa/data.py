"""The QA report as JSON-able data."""

from dataclasses import asdict
from typing import Any

from pake_pipelines.reports.qa.report import Measured, QaReport


def qa_said(report: QaReport) -> dict[str, Any]:
    """Return everything that `report` says but when it was made: what has not changed here needs no new report."""
    statistics = asdict(report.statistics)
    return {
        "quality_score": statistics.pop("quality_score"),
        "mean_confidence": report.statistics.avg_confidence,
        "statistics": statistics,
        "recommendations": [asdict(one) for one in report.recommendations],
        "verdicts_by_day": [asdict(one) for one in report.verdicts],
        "confidence": [asdict(one) for one in report.tenths],
        "rules": [asdict(one) for one in report.checks],
        "factors": [asdict(one) for one in report.factors],
        "spam_evidence": [asdict(one) for one in report.spam],
        "languages": [asdict(one) for one in report.languages],
        "sources": [
            {**asdict(one), "failing_rules": {fault.code: fault.items for fault in report.faults.get(one.source, ())}}
            for one in report.sources
        ],
        "links": _links(report),
        "reviews": {**asdict(report.reviews), "total": report.reviews.total},
        "measured": _measured(report.measured),
        "recent_issues": [asdict(issue) for issue in report.issues],
    }


def _links(report: QaReport) -> dict[str, Any]:
    if report.links is None:
        return {"checked": False}
    return {
        "checked": True,
        **{one.state: one.addresses for one in report.links},
        "broken_addresses": [asdict(one) for one in report.broken],
    }


def _measured(measured: Measured) -> dict[str, Any]:
    held = measured.calibration
    return {
        **asdict(measured.labels),
        "calibration": held
        and {
            "calibration_id": held.calibration_id,
            "method": held.calibration.method,
            "version": held.calibration.version,
            "labels": held.labels,
            "actor": held.actor,
            "created_at": held.created_at,
            "outdated": measured.outdated,
            "figures": dict(held.figures),
        },
    }
