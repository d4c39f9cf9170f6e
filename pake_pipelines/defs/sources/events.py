"""What Dagster is told of visits to sources."""

from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from pake_pipelines.defs.shared.metadata import counts
from pake_pipelines.pipeline.run import StageResult

if TYPE_CHECKING:
    from pake_pipelines.pipeline.visitor import Visit

REACHABLE: Final = "source_reachable"


def reachable_result(key: dg.AssetKey, visit: "Visit") -> dg.AssetCheckResult:
    """Return the outcome of a source's `source_reachable` check, with the cause of a failure."""
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
            "replayed_from_archive": visit.replayed,
            "warnings": list(visit.warnings),
        },
    )
    return counts(result)


def together(visits: "list[Visit]", rows: int, seconds: float) -> StageResult:
    """Return the counts of all visits of a run; `rows` is what the day's partition holds."""
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
            "sources_read": sum(not visit.failed for visit in visits),
            "sources_failed": {visit.source: visit.error for visit in visits if visit.failed},
        },
    )
