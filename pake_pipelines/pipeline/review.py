"""Review: a person's decision on items, and the verdicts that follow from it, in one transaction.

It holds for the version that was looked at: automation does not overrule it, a new version is judged anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.judgement import ReviewDecision
from pake_pipelines.pipeline.publish import publish, publish_version
from pake_pipelines.store import audit, marks, reviews
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.reviews import Reviewable

AUDITED: Final = "review."
"""What the names of these actions begin with in the audit."""


class ReviewError(Exception):
    """What was asked for cannot be done, and nothing was; `items` are those that stand in the way."""

    def __init__(self, message: str, items: Sequence[UUID]) -> None:
        """Say why, and which items are meant."""
        super().__init__(message)
        self.items = items


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person decides on which items, and why."""

    decision: ReviewDecision
    items: tuple[UUID, ...]
    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An item before and after a decision."""

    before: Reviewable
    after: Reviewable


class _DryRunError(Exception):
    """Takes everything back, and brings what it would have been."""

    def __init__(self, outcome: list[Reviewed]) -> None:
        super().__init__()
        self.outcome = outcome


async def review(rules: QualityConfig, database: Database, ruling: Ruling, *, dry_run: bool = False) -> list[Reviewed]:
    """Carry out `ruling`, or only find out what it would do; all items or none. Raises ReviewError."""
    try:
        async with database.transaction() as connection:
            return await _review(connection, rules, ruling, dry_run=dry_run)
    except _DryRunError as taken_back:
        return taken_back.outcome


async def _review(connection: Connection, rules: QualityConfig, ruling: Ruling, *, dry_run: bool) -> list[Reviewed]:
    before = await reviews.reviewables(connection, ruling.items)
    missing = [one for one in ruling.items if one not in before]
    if missing:
        raise ReviewError("has no verdict yet, or its newest version was dropped", missing)
    event_id = await audit.record(
        connection,
        actor=ruling.actor,
        action=f"{AUDITED}{ruling.decision}",
        subject=str(ruling.items[0]),
        details={
            "items": [str(one) for one in ruling.items],
            "before": {str(one): before[one].status for one in ruling.items},
            "reason": ruling.reason,
        },
    )
    given = [before[one] for one in ruling.items]
    entry_ids = [one.entry_id for one in given]
    # a run that is deciding on them now comes first, and this after it
    await marks.hold(connection, Stage.KNOWLEDGE_NODES, entry_ids)
    await reviews.save_reviews(connection, given, ruling.decision, event_id)
    await publish(connection, entry_ids, rules, publish_version(rules), f"audit-{event_id}", by=ruling.actor)
    after = await reviews.reviewables(connection, ruling.items)
    outcome = [Reviewed(before[one], after[one]) for one in ruling.items]
    if dry_run:
        raise _DryRunError(outcome)
    return outcome
