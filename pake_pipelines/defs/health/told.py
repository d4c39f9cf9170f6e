"""What Dagster is told, in a run or in a tick: the same facts, as results of a step or as events without a run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to tell of one asset: the metadata of its materialization, and its checks."""

    asset: str
    metadata: Mapping[str, Any]
    checks: Sequence[dg.AssetCheckResult] = ()

    @property
    def key(self) -> dg.AssetKey:
        """The asset's key."""
        return dg.AssetKey(self.asset)


def events(told: Told) -> list[dg.AssetMaterialization | dg.AssetCheckEvaluation | dg.AssetObservation]:
    """Return what a tick reports of an asset: all of it, as Dagster takes a check older than its asset for outdated."""
    return [dg.AssetMaterialization(told.key, metadata=dict(told.metadata)), *map(evaluation, told.checks)]


def evaluation(check: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """Return a check's result as an event without a run."""
    if check.asset_key is None or check.check_name is None:
        raise dg.DagsterInvariantViolationError("outside of a step a check has to say what it is of")
    return dg.AssetCheckEvaluation(
        asset_key=check.asset_key,
        check_name=check.check_name,
        passed=check.passed,
        severity=check.severity,
        description=check.description,
        metadata=check.metadata,
    )


def results(
    context: dg.AssetExecutionContext, told: Iterable[Told]
) -> "Iterable[dg.MaterializeResult | dg.AssetCheckResult]":
    """Yield what a step reports: of what was selected, and only checks of which something can be said."""
    for one in told:
        if one.key in context.selected_asset_keys:
            yield dg.MaterializeResult(one.key, metadata=one.metadata)
        for check in one.checks:
            if dg.AssetCheckKey(one.key, check.check_name or "") in context.selected_asset_check_keys:
                yield check


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """Return a table in Markdown; a cell is one line, whatever was in it."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(one) for one in row)} |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: object) -> str:
    text = " ".join(("" if value is None else str(value)).split())
    return text.replace("\\", "\\\\").replace("|", "\\|")
