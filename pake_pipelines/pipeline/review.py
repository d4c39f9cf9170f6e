"""Review: a person's decision on items, and the verdicts that follow from it, in one transaction.

It holds for the version that was looked at: automation does not overrule it, a new version is judged anew.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.model.judgement import ReviewDecision
from pake_pipelines.pipeline.publish import publish, publish_version
from pake_pipelines.pipeline.refusal import RefusedError
from pake_pipelines.store import audit, marks, reviews
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.reviews import Reviewable

AUDITED: Final = "review."
"""What the names of these actions begin with in the audit."""


class ReviewError(RefusedError):
    """These items cannot be decided on."""


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


async def review(rules: QualityConfig, database: Database, ruling: Ruling, *, dry_run: bool = False) -> list[Reviewed]:
    """Carry out `ruling`, or only find out what it would do; all items or none. Raises ReviewError."""
    async with database.transaction(keep=not dry_run) as connection:
        return await _review(connection, rules, ruling)


async def _review(connection: Connection, rules: QualityConfig, ruling: Ruling) -> list[Reviewed]:
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
    return [Reviewed(before[one], after[one]) for one in ruling.items]
