"""What Dagster is told of visits to sources."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.defs.shared.metadata import counts

if TYPE_CHECKING:
    from pake_pipelines.pipeline.run import StageResult
    from pake_pipelines.pipeline.visitor import Visit

REACHABLE: Final = "source_reachable"
NOT_BACKING_OFF: Final = "source_not_backing_off"

CHECKS: Final = {
    REACHABLE: "The source answered and could be read.",
    NOT_BACKING_OFF: "The source is not at rest after failures in a row, and has not ended for good.",
}


def check_results(key: dg.AssetKey, visit: "Visit") -> Iterator[dg.AssetCheckResult]:
    """Yield what `visit` says about its source; a source that was not asked has not shown that it is reachable."""
    if not visit.skipped:
        yield _reachable(key, visit)
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=NOT_BACKING_OFF,
        passed=not (visit.resting_until or visit.ended_because),
        severity=dg.AssetCheckSeverity.WARN,
        description=visit.ended_because or visit.skipped_because,
        metadata={
            "failures_in_a_row": visit.failures_in_a_row,
            "resting_until": visit.resting_until.isoformat() if visit.resting_until else "",
        },
    )


def _reachable(key: dg.AssetKey, visit: "Visit") -> dg.AssetCheckResult:
    if not visit.failed:
        return dg.AssetCheckResult(
            asset_key=key, check_name=REACHABLE, passed=True, metadata={"outcome": visit.outcome}
        )
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=REACHABLE,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=visit.error,
        metadata={
            "error": visit.error or "",
            "kind": visit.error_kind or "",
            "failures_in_a_row": visit.failures_in_a_row,
        },
    )


def visit_metadata(visit: "Visit") -> dict[str, Any]:
    """Return the metadata of a source's materialization."""
    from pake_pipelines.pipeline.run import StageResult

    result = StageResult(
        rows=visit.rows,
        looked_at=visit.found,
        new=visit.new,
        updated=visit.updated,
        unchanged=visit.unchanged,
        skipped=visit.left_over,
        failed=visit.dead_letters,
        seconds=visit.seconds,
        details={
            "outcome": visit.outcome,
            "gone_from_source": visit.gone,
            "renamed": visit.renamed,
            "replayed_from_archive": visit.replayed,
            "warnings": list(visit.warnings),
        },
    )
    return counts(result)


def together(visits: "list[Visit]", rows: int, seconds: float) -> "StageResult":
    """Return the counts of all visits of a run; `rows` is what the day's partition holds."""
    from pake_pipelines.pipeline.run import StageResult

    return StageResult(
        rows=rows,
        looked_at=sum(visit.found for visit in visits),
        new=sum(visit.new for visit in visits),
        updated=sum(visit.updated for visit in visits),
        unchanged=sum(visit.unchanged for visit in visits),
        skipped=sum(visit.left_over for visit in visits),
        failed=sum(visit.dead_letters for visit in visits),
        seconds=seconds,
        details={
            "sources_read": sum(not visit.failed and not visit.skipped for visit in visits),
            "sources_failed": {visit.source: visit.error for visit in visits if visit.failed},
            "sources_skipped": {visit.source: visit.skipped_because for visit in visits if visit.skipped},
        },
    )
