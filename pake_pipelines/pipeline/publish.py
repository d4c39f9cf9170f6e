"""Publish: the verdict on every judged item, written as its knowledge node."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pake_pipelines import crash, quality
from pake_pipelines.config.quality import Actions, QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.judgement import Verdict
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.pipeline.batches import at_once, batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.pipeline.sweep import SWEPT, SWEPT_BECAUSE
from pake_pipelines.quality.verdict import archived, decide, reviewed
from pake_pipelines.store import judgements, marks, nodes
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.judgements import Judged
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.nodes import HistoryRow, NodeRow

_REAL: Final = 1e-6  # a node's score is stored with seven digits
_STANDING: Final = "the rules of the verdict, the item's place among copies, or what a person decided"


async def publish_nodes(kit: Kit, database: Database, run: Run) -> StageResult:
    """Decide on the run's day, and on items elsewhere whose judgement changed, and store what came of it."""
    watch, rules = Stopwatch(), kit.quality
    version = publish_version(rules)
    async with database.connection() as connection:
        waiting = await marks.pending(
            connection, Stage.KNOWLEDGE_NODES, run.day, version, everywhere=run.everywhere, sources=run.sources
        )
    todo = [entry_id for entry_id in waiting if entry_id not in run.withheld]
    result, verdicts = StageResult(skipped=len(waiting) - len(todo)), Counter[str]()

    async def settle(batch: Sequence[int]) -> Published:
        async with database.transaction() as connection:
            published = await publish(connection, batch, rules, version, run.run_id)
        crash.point(CrashPoint.PUBLISH_COMMITTED)
        return published

    async for batch, published in at_once(batches(todo), settle):
        verdicts.update(published.verdicts)
        result = replace(
            result,
            new=result.new + published.new,
            updated=result.updated + published.updated,
            unchanged=result.unchanged + published.unchanged,
            failed=result.failed + len(batch) - published.decided,
        )
    return replace(result, looked_at=len(todo), seconds=watch.seconds, details={"verdicts": dict(verdicts)})


def publish_version(rules: QualityConfig) -> str:
    """Return the version of the stage."""
    return version_of(quality.VERSION, rules.verdict, rules.actions)


@dataclass(frozen=True, slots=True)
class Published:
    """What came of deciding on some entries: verdicts by status, and nodes that are new, differ or stay the same."""

    verdicts: Counter[str]
    new: int
    updated: int
    unchanged: int

    @property
    def decided(self) -> int:
        """How many entries could be decided on."""
        return self.new + self.updated + self.unchanged


async def publish(
    connection: Connection,
    entry_ids: Sequence[int],
    rules: QualityConfig,
    version: str,
    run_id: str,
    *,
    by: str = "pipeline",
) -> Published:
    """Decide on the judged ones among `entry_ids` and store their nodes, history and marks.

    Belongs into a transaction: whoever else wants to decide on one of them waits for its end, so that no run overrules
    a person with what it read before. The history says that the verdicts are `by` somebody.
    """
    await marks.hold(connection, Stage.KNOWLEDGE_NODES, entry_ids)
    judged = await judgements.load_judged(connection, entry_ids)
    decided = [(one, decide_item(one, rules), shown_score(one, rules.actions)) for one in judged]
    changed = await nodes.save_nodes(
        connection,
        [_node(one, verdict, score) for one, verdict, score in decided],
        [row for one, verdict, score in decided if (row := _history(one, verdict, score, by))],
        run_id,
    )
    await marks.mark(connection, Stage.KNOWLEDGE_NODES, [one.entry_id for one in judged], version, run_id)
    new = sum(1 for one in judged if one.old_status is None)
    verdicts = Counter(verdict.status.value for _, verdict, _ in decided)
    return Published(verdicts, new, len(changed) - new, len(judged) - len(changed))


def decide_item(judged: Judged, rules: QualityConfig) -> Verdict:
    """Return the verdict on one judged item: what a person decided on this version, or else what the rules say.

    A copy that was cleaned away stays so while it is one, and so does an item that was swept away while its score is
    as low.
    """
    canonical = judged.canonical_id if judged.canonical_id != judged.pake_id else None
    verdict = decide(
        judged.outcomes,
        judged.confidence,
        is_duplicate=canonical is not None,
        canonical=str(canonical) if canonical else None,
        rules=rules.verdict,
        actions=rules.actions,
    )
    if judged.review is not None:
        return reviewed(verdict, judged.review)
    if verdict.status is VerificationStatus.REJECTED:
        return verdict
    if judged.archived_as == "duplicate" and canonical is not None:
        return archived(verdict, "duplicate", f"It repeats {canonical}, which stays.")
    if judged.archived_as == SWEPT and judged.confidence.deciding < rules.verdict.auto_archive:
        return archived(verdict, SWEPT, SWEPT_BECAUSE)
    return verdict


def shown_score(judged: Judged, actions: Actions) -> float:
    """Return the score that the node shows: it keeps its first one while `auto_update_confidence` is off (QA-20)."""
    if judged.old_score is not None and not actions.auto_update_confidence:
        return judged.old_score
    return judged.confidence.score


def _node(judged: Judged, verdict: Verdict, score: float) -> NodeRow:
    return NodeRow(judged.entry_id, score, verdict.status.value, verdict.reasons, verdict.flags)


def _history(judged: Judged, verdict: Verdict, score: float, by: str) -> HistoryRow | None:
    """Return the change of score or status to remember, None when there is none."""
    status = verdict.status.value
    same_score = judged.old_score is not None and abs(judged.old_score - score) < _REAL
    if judged.old_status == status and same_score:
        return None
    cause = "; ".join(judged.changes) if not same_score else ""
    return HistoryRow(
        judged.pake_id,
        judged.old_score,
        score,
        judged.old_status,
        status,
        verdict.reasons[0] if verdict.reasons else "no reason given",
        cause or _STANDING,
        by,
    )
