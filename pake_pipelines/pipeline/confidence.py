"""Confidence: every rule evaluated and the six factors weighed, for every kept document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pake_pipelines import crash, quality, text
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.calibration import Calibration
from pake_pipelines.model.link import CheckedLink
from pake_pipelines.model.signals import Signals
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.merit import own_factors
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.pipeline.signals import signals_of
from pake_pipelines.quality import factors
from pake_pipelines.quality.change import FIRST, changes
from pake_pipelines.quality.confidence import combine
from pake_pipelines.quality.rules import QaItem, evaluate
from pake_pipelines.store import calibrations, connections, documents, judgements, link_checks, marks
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.documents import StoredDocument
from pake_pipelines.store.judgements import Judgement
from pake_pipelines.store.marks import Stage


async def score_items(kit: Kit, database: Database, run: Run) -> StageResult:
    """Judge what was not judged under the current rules: the run's day, and items elsewhere whose evidence changed.

    Evidence is also the age of an item: who has become older since the last judgement is judged again.
    """
    watch, rules = Stopwatch(), kit.quality
    async with database.connection() as connection:
        calibration = await calibrations.in_force(connection)
        version = confidence_version(rules, calibration)
        await judgements.disturb_aged(connection, run.now)
        todo = await marks.pending(connection, Stage.CONFIDENCE, run.day, version, everywhere=run.everywhere)
    result = StageResult()
    for batch in batches(todo):
        async with database.connection() as connection:
            found = await _evidence(connection, batch, rules)
            held = await judgements.load_judgements(connection, batch)
        judged = [judge(one, rules, run.now, calibration) for one in found]
        differing = [fresh for one in judged if (fresh := _with_changes(one, held.get(one.entry_id)))]
        changed = {one.entry_id for one in differing}
        async with database.transaction() as connection:
            await judgements.save_judgements(connection, differing)
            items = [one.document.pake_id for one in found if one.document.entry_id in changed]
            await marks.disturb(connection, marks.after(Stage.CONFIDENCE), items)
            await marks.mark(connection, Stage.CONFIDENCE, batch, version, run.run_id)
        crash.point(CrashPoint.CONFIDENCE_COMMITTED)
        new = len(changed - held.keys())
        result = replace(
            result,
            new=result.new + new,
            updated=result.updated + len(changed) - new,
            unchanged=result.unchanged + len(batch) - len(changed),
        )
    return replace(result, looked_at=len(todo), seconds=watch.seconds)


def confidence_version(rules: QualityConfig, calibration: Calibration | None) -> str:
    """Return the version of the confidence stage."""
    return version_of(
        f"{quality.VERSION} {text.VERSION} {calibration.version if calibration else 'uncalibrated'}",
        rules.content,
        rules.language,
        rules.spam,
        rules.links,
        rules.confidence,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one item is judged by; `linked` holds (type, strength) of its connections."""

    document: StoredDocument
    signals: Signals
    linked: Sequence[tuple[str, float]]
    links: Sequence[CheckedLink] | None


async def _evidence(connection: Connection, entry_ids: Sequence[int], rules: QualityConfig) -> list[Evidence]:
    found = await documents.load_documents(connection, entry_ids)
    signals = await signals_of(connection, [one.entry_id for one in found], rules)
    linked = await connections.connections_of(connection, [one.pake_id for one in found])
    links = await link_checks.links_of(connection, entry_ids) if rules.links.check_external else {}
    return [Evidence(one, signals[one.entry_id], linked.get(one.pake_id, []), links.get(one.entry_id)) for one in found]


def judge(evidence: Evidence, rules: QualityConfig, now: datetime, calibration: Calibration | None) -> Judgement:
    """Evaluate every rule and weigh every factor."""
    document, weights = evidence.document, rules.confidence.weights
    authority, coherence, language = own_factors(document, weights)
    confidence = combine(
        (
            authority,
            coherence,
            factors.cross_reference_strength(evidence.linked, weights.cross_reference_strength),
            factors.temporal_relevance(document.published_at, now, weights.temporal_relevance),
            language,
            factors.verification_status(VerificationStatus.PENDING, weights.verification_status),
        )
    )
    if calibration is not None:
        confidence = replace(confidence, probability=calibration.apply(confidence.decision_score))
    item = QaItem(
        pake_id=str(document.pake_id),
        characters=document.characters,
        source_uri=document.url or f"local://{document.source}/{document.key}",
        patterns=evidence.signals.patterns,
        language=document.language,
        spam=evidence.signals.spam,
        confidence=confidence.score,
        duplicate=document.is_copy,
        links=evidence.links,
    )
    due_at = factors.ages_at(document.published_at, now)
    return Judgement(document.entry_id, evaluate(item, rules), confidence, evidence.signals.spam.score, due_at)


def _with_changes(fresh: Judgement, held: Judgement | None) -> Judgement | None:
    """Return `fresh` with what sets it apart from the stored judgement, None where nothing does."""
    if held is None:
        return replace(fresh, changes=(FIRST,))
    if replace(held, changes=()) == fresh:
        return None
    return replace(fresh, changes=changes(held.outcomes, held.confidence, fresh.outcomes, fresh.confidence))
