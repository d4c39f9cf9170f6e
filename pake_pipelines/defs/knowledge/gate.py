"""The gate between judging and publishing (QA-35) as a blocking check: it fails the step, and nothing behind runs.

Dagster decides on blocking checks after the step's own code, outside of what the step's retry policy covers: a closed
gate is not tried again, the run fails, and the judgements stay recorded.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from pake_pipelines.config.quality import GateRules
from pake_pipelines.quality.gate import DayTally, is_closed

if TYPE_CHECKING:
    from pake_pipelines.store.database import Database
    from pake_pipelines.store.gate import Broken

GATE = "quality_gate"
_JUDGED = dg.AssetKey("confidence")
_WAY_OUT = (
    "If a rule is wrong, correct it in configs/quality.yaml and run the day again; if a source is broken, disable it. "
    "If the items are judged as they should be, materialize `knowledge_nodes` alone for this day: that publishes them, "
    "each with its own verdict. Until then those that are new wait."
)


def gate_spec() -> dg.AssetCheckSpec:
    """Return the spec of the gate."""
    return dg.AssetCheckSpec(
        GATE,
        asset=_JUDGED,
        blocking=True,
        description="So many of the day's items break a rule that the rules or a source must have broken: nothing of "
        "the day is published (`gate` in configs/quality.yaml). Counts the items of the run's own day; items of other "
        "days that a run finds waiting are published unless the gate of their own day is closed.",
    )


async def check_gate(database: "Database", day: date, rules: GateRules) -> dg.AssetCheckResult:
    """Evaluate the gate for the items of `day`, whichever run judged them."""
    from pake_pipelines.store.gate import broken_rules

    async with database.connection() as connection:
        found = await broken_rules(connection, day)
    tally = DayTally(found.judged, found.failing)
    closed = is_closed(tally, rules)
    return dg.AssetCheckResult(
        asset_key=_JUDGED,
        check_name=GATE,
        passed=not closed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=_closed(found, day) if closed else _open(tally, rules),
        metadata={
            "judged": found.judged,
            "failing": found.failing,
            "failing_share": round(tally.share, 4),
            "max_failing_share": rules.max_failing_share,
            "min_items": rules.min_items,
            "rules": dict(found.rules),
            "sources": dict(found.sources),
            "items": [str(one) for one in found.ids],
            **({"way_out": _WAY_OUT} if closed else {}),
        },
    )


def _closed(found: "Broken", day: date) -> str:
    return (
        f"{found.failing} of the {found.judged} items of {day} break a rule ({_counted(found.rules)}; from "
        f"{_counted(found.sources)}). That says more about the rules or a source than about the items, so nothing of "
        f"this day is published. {_WAY_OUT}"
    )


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))


def _open(tally: DayTally, rules: GateRules) -> str:
    if tally.judged < rules.min_items:
        return f"{tally.judged} judged items are too few to tell; the gate asks for {rules.min_items}."
    share, most = f"{tally.share:.0%}", f"{rules.max_failing_share:.0%}"
    return f"{tally.failing} of {tally.judged} items break a rule: {share}, and {most} may."
