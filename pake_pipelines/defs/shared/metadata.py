"""From a stage's counts to the metadata of its materialization: the same keys on every asset."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pake_pipelines.pipeline.run import StageResult


def counts(result: "StageResult") -> dict[str, Any]:
    """Return the metadata of `result`; the details of the stage come after the common keys."""
    return {
        "dagster/partition_row_count": result.rows,
        "looked_at": result.looked_at,
        "new": result.new,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "skipped": result.skipped,
        "failed": result.failed,
        "seconds": result.seconds,
        **{name: dict(value) if isinstance(value, dict) else value for name, value in result.details.items()},
    }
