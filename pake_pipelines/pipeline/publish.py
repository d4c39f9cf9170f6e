"""Publish: the verdict on every judged item, written as its knowledge node."""

from collections import Counter
from dataclasses import replace

from pake_pipelines import crash, quality
from pake_pipelines.config.quality import Actions, QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.judgement import Verdict
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.quality.verdict import decide
from pake_pipelines.store import judgements, marks, nodes
from pake_pipelines.store.database import Database
from pake_pipelines.store.judgements import Judged
from pake_pipelines.store.marks import Stage
from pake_pipelines.store.nodes import HistoryRow, NodeRow


async def publish_nodes(kit: Kit, database: Database, run: Run) -> StageResult:
    """Decide on the run's day, and on items elsewhere whose judgement changed, and store what came of it."""
    watch, rules = Stopwatch(), kit.quality
    version = version_of(quality.VERSION, rules.verdict, rules.actions)
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.KNOWLEDGE_NODES, run.day, version, everywhere=run.everywhere)
    result, verdicts = StageResult(), Counter[str]()
    for batch in batches(todo):
        async with database.transaction() as connection:
            judged = await judgements.load_judged(connection, batch)
            decided = [(one, decide_item(one, rules), shown_score(one, rules.actions)) for one in judged]
            changed = await nodes.save_nodes(
                connection,
                [_node(one, verdict, score) for one, verdict, score in decided],
                [row for one, verdict, score in decided if (row := _history(one, verdict, score))],
                run.run_id,
            )
            await marks.mark(connection, Stage.KNOWLEDGE_NODES, [one.entry_id for one in judged], version, run.run_id)
        crash.point(CrashPoint.PUBLISH_COMMITTED)
        verdicts.update(verdict.status.value for _, verdict, _ in decided)
        new = sum(1 for one in judged if one.old_status is None)
        result = replace(
            result,
            new=result.new + new,
            updated=result.updated + len(changed) - new,
            unchanged=result.unchanged + len(judged) - len(changed),
            failed=result.failed + len(batch) - len(judged),
        )
    return replace(result, looked_at=len(todo), seconds=watch.seconds, details={"verdicts": dict(verdicts)})


def decide_item(judged: Judged, rules: QualityConfig) -> Verdict:
    """Return the verdict on one judged item; a copy that was cleaned away stays so while it is one."""
    canonical = judged.canonical_id if judged.canonical_id != judged.pake_id else None
    verdict = decide(
        judged.outcomes,
        judged.confidence,
        is_duplicate=canonical is not None,
        canonical=str(canonical) if canonical else None,
        rules=rules.verdict,
        actions=rules.actions,
    )
    if canonical is None or judged.archived_as != "duplicate" or verdict.status is VerificationStatus.REJECTED:
        return verdict
    reason = f"It repeats {canonical}, which stays."
    flags = {**verdict.flags, "archived": "duplicate"}
    return Verdict(VerificationStatus.ARCHIVED, flags, (reason, *verdict.reasons))


def shown_score(judged: Judged, actions: Actions) -> float:
    """Return the score that the node shows: it keeps its first one while `auto_update_confidence` is off (QA-20)."""
    if judged.old_score is not None and not actions.auto_update_confidence:
        return judged.old_score
    return judged.confidence.score


def _node(judged: Judged, verdict: Verdict, score: float) -> NodeRow:
    return NodeRow(
        pake_id=judged.pake_id,
        entry_id=judged.entry_id,
        title=judged.title,
        content=judged.text,
        confidence_score=score,
        verification_status=verdict.status.value,
        reasons=verdict.reasons,
        flags=verdict.flags,
        source_name=judged.source_name,
        source_uri=judged.source_uri,
        tags=judged.tags,
        content_hash=judged.content_hash,
        published_at=judged.published_at,
    )


def _history(judged: Judged, verdict: Verdict, score: float) -> HistoryRow | None:
    """Return the change of score or status to remember, None when there is none."""
    status = verdict.status.value
    if judged.old_status == status and judged.old_score == score:
        return None
    reason = verdict.reasons[0] if verdict.reasons else "no reason given"
    return HistoryRow(judged.pake_id, judged.old_score, score, judged.old_status, status, reason)
