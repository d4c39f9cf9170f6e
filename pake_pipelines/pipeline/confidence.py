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
from pake_pipelines.pipeline.batches import at_once, batches
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
from pake_pipelines.store.judgements import HeldJudgement, Judgement
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
        todo = await marks.pending(
            connection, Stage.CONFIDENCE, run.day, version, everywhere=run.everywhere, sources=run.sources
        )
    result = StageResult()

    async def settle(batch: Sequence[int]) -> Saved:
        async with database.transaction() as connection:
            # whoever changes the evidence of these meanwhile waits, and then asks for another turn
            await marks.hold(connection, Stage.CONFIDENCE, batch)
            found = await evidence_of(connection, batch, rules)
            judged = [judge(one, rules, run.now, calibration) for one in found]
            saved = await save(connection, judged)
            changed = [one.document.pake_id for one in found if one.document.entry_id in saved.changed]
            await marks.disturb(connection, marks.after(Stage.CONFIDENCE), changed)
            await marks.mark(connection, Stage.CONFIDENCE, batch, version, run.run_id)
        crash.point(CrashPoint.CONFIDENCE_COMMITTED)
        return saved

    async for batch, saved in at_once(batches(todo), settle):
        result = replace(
            result,
            new=result.new + saved.new,
            updated=result.updated + len(saved.changed) - saved.new,
            unchanged=result.unchanged + len(batch) - len(saved.changed),
        )
    return replace(result, looked_at=len(todo), seconds=watch.seconds)


def confidence_version(rules: QualityConfig, calibration: Calibration | None) -> str:
    """Return the version of the confidence stage."""
    return version_of(
        f"{quality.VERSION} {text.VERSION} {calibration.version if calibration else 'uncalibrated'}",
        rules.content,
        rules.language,
        rules.spam,
        f"{rules.links.check_external} {rules.links.max_per_item}",
        rules.confidence,
    )


@dataclass(frozen=True, slots=True)
class Saved:
    """The entries whose judgement is new or differs, and how many of them were judged for the first time."""

    changed: set[int]
    new: int


async def save(connection: Connection, judged: Sequence[Judgement]) -> Saved:
    """Store what differs from the judgements that there were, and in what it differs. Belongs into a transaction."""
    held = await judgements.load_judgements(connection, [one.entry_id for one in judged])
    outcomes = [one for one in judged if not (old := held.get(one.entry_id)) or not old.has_outcomes(one)]
    otherwise = {one.entry_id for one in outcomes}
    differing = [
        replace(one, changes=_changes(one, old))
        for one in judged
        if not (old := held.get(one.entry_id)) or one.entry_id in otherwise or not old.has_confidence(one)
    ]
    await judgements.save_outcomes(connection, outcomes)
    crash.point(CrashPoint.CONFIDENCE_WRITTEN)
    await judgements.save_confidences(connection, differing)
    changed = {one.entry_id for one in differing}
    return Saved(changed, len(changed - held.keys()))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that one item is judged by; `linked` holds (type, strength) of its connections."""

    document: StoredDocument
    signals: Signals
    linked: Sequence[tuple[str, float]]
    links: Sequence[CheckedLink] | None


async def evidence_of(connection: Connection, entry_ids: Sequence[int], rules: QualityConfig) -> list[Evidence]:
    """Return what each of `entry_ids` is judged by; signals that are missing or outdated are found and kept."""
    found = await documents.load_documents(connection, entry_ids)
    signals = await signals_of(connection, [one.entry_id for one in found], rules)
    linked = await connections.connections_of(connection, [one.pake_id for one in found])
    most = rules.links.max_per_item
    links = await link_checks.links_of(connection, entry_ids, most) if rules.links.check_external else {}
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


def _changes(fresh: Judgement, held: HeldJudgement | None) -> tuple[str, ...]:
    if held is None:
        return (FIRST,)
    return changes(held.outcomes, held.confidence, fresh.outcomes, fresh.confidence)
