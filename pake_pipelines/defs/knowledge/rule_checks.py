"""One asset check for each quality rule: what it found in the items of the partition's day."""

from datetime import date
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.model.status import CheckStatus
from pake_pipelines.quality.rules import RULES

if TYPE_CHECKING:
    from pake_pipelines.store.database import Database
    from pake_pipelines.store.rule_counts import RuleCounts

_JUDGED = dg.AssetKey("confidence")
_AGAINST: Final = (CheckStatus.FAIL, CheckStatus.UNKNOWN, CheckStatus.UNAVAILABLE)


def rule_check_specs() -> list[dg.AssetCheckSpec]:
    """Return the specs of the checks, in the order of the rules."""
    return [
        dg.AssetCheckSpec(
            _name(code),
            asset=_JUDGED,
            description=f"No item of the day fails the rule `{code}` or leaves it open. A warning does not count.",
        )
        for code in RULES
    ]


async def check_rules(database: "Database", day: date) -> list[dg.AssetCheckResult]:
    """Evaluate the checks for the items of `day`, whichever run judged them."""
    from pake_pipelines.store.rule_counts import RuleCounts, count_rules

    async with database.connection() as connection:
        found = await count_rules(connection, day)
    return [_result(code, found.get(code, RuleCounts())) for code in RULES]


def _name(code: str) -> str:
    return f"rule_{code}"


def _result(code: str, found: "RuleCounts") -> dg.AssetCheckResult:
    against = {status.value: found.counts[status] for status in _AGAINST if found.counts.get(status)}
    return dg.AssetCheckResult(
        asset_key=_JUDGED,
        check_name=_name(code),
        passed=not against,
        severity=dg.AssetCheckSeverity.WARN,
        description=_said(found.judged, against),
        metadata={
            "judged": found.judged,
            **{status.value: found.counts.get(status, 0) for status in CheckStatus},
            "failing_share": round(found.share(CheckStatus.FAIL), 4),
            **{f"{status}_items": [str(one) for one in ids] for status, ids in sorted(found.ids.items())},
        },
    )


def _said(judged: int, against: dict[str, int]) -> str:
    if not judged:
        return "No item of the day was judged."
    counted = ", ".join(f"{count} {status}" for status, count in against.items())
    return f"{judged} items judged: {counted or 'none fails, none is unknown'}."
