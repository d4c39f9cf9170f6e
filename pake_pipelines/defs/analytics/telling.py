"""From a finding to what Dagster shows of it: numbers that the UI draws over time, a sentence, a table, checks."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from pake_pipelines.defs.health.told import Told, table

if TYPE_CHECKING:
    from pake_pipelines.foresight.finding import Finding


def told(asset: str, *findings: "Finding") -> Told:
    """Return what there is to tell of an asset, the first finding's sentence first."""
    metadata: dict[str, Any] = {}
    checks: list[dg.AssetCheckResult] = []
    for place, one in enumerate(findings):
        suffix = f"_{place + 1}" if place else ""
        metadata |= {f"summary{suffix}": one.summary, **one.numbers}
        if one.rows:
            metadata[f"found{suffix}"] = table(one.columns, [_cells(row) for row in one.rows])
        checks += [_check(asset, name, verdict.passed, verdict.says) for name, verdict in one.checks.items()]
    return Told(asset, metadata, checks)


def _check(asset: str, name: str, passed: bool, says: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(asset),
        check_name=name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=says,
    )


def _cells(row: Sequence[object]) -> list[object]:
    return [f"{one:%Y-%m-%d %H:%M}" if isinstance(one, datetime) else one for one in row]
