"""Confidence: every rule evaluated and the six factors weighed, for every kept document."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from pake_pipelines import crash, quality, text
from pake_pipelines.config.quality import QualityConfig
from pake_pipelines.config.version import version_of
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.merit import own_factors, spam_of
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.quality import factors
from pake_pipelines.quality.confidence import combine
from pake_pipelines.quality.rules import QaItem, evaluate
from pake_pipelines.store import connections, documents, judgements, marks
from pake_pipelines.store.database import Database
from pake_pipelines.store.documents import StoredDocument
from pake_pipelines.store.judgements import Judgement
from pake_pipelines.store.marks import Stage


async def score_items(kit: Kit, database: Database, run: Run) -> StageResult:
    """Judge what was not judged under the current rules: the run's day, and items elsewhere whose evidence changed."""
    watch, rules = Stopwatch(), kit.quality
    version = confidence_version(rules)
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.CONFIDENCE, run.day, version, everywhere=run.everywhere)
    result = StageResult()
    for batch in batches(todo):
        async with database.connection() as connection:
            found = await documents.load_documents(connection, batch)
            linked = await connections.connections_of(connection, [one.pake_id for one in found])
        judged = [judge(one, linked.get(one.pake_id, []), rules, run.now) for one in found]
        async with database.transaction() as connection:
            changed = await judgements.save_judgements(connection, judged)
            await marks.disturb(connection, marks.after(Stage.CONFIDENCE), _ids(found, changed))
            await marks.mark(connection, Stage.CONFIDENCE, batch, version, run.run_id)
        crash.point(CrashPoint.CONFIDENCE_COMMITTED)
        result = replace(result, new=result.new + len(changed), unchanged=result.unchanged + len(batch) - len(changed))
    return replace(result, looked_at=len(todo), seconds=watch.seconds)


def confidence_version(rules: QualityConfig) -> str:
    """Return the version of the confidence stage."""
    return version_of(
        f"{quality.VERSION} {text.VERSION}", rules.content, rules.language, rules.spam, rules.links, rules.confidence
    )


def judge(
    document: StoredDocument, linked: Sequence[tuple[str, float]], rules: QualityConfig, now: datetime
) -> Judgement:
    """Evaluate every rule and weigh every factor; `linked` holds (type, strength) of the document's connections."""
    weights = rules.confidence.weights
    authority, coherence, language = own_factors(document, weights)
    confidence = combine(
        (
            authority,
            coherence,
            factors.cross_reference_strength(linked, weights.cross_reference_strength),
            factors.temporal_relevance(document.published_at, now, weights.temporal_relevance),
            language,
            factors.verification_status(VerificationStatus.PENDING, weights.verification_status),
        )
    )
    spam = spam_of(document, rules)
    item = QaItem(
        pake_id=str(document.pake_id),
        title=document.title,
        text=document.text,
        source_uri=document.url or f"local://{document.source}/{document.key}",
        published_at=document.published_at,
        language=document.language,
        spam=spam,
        confidence=confidence.score,
        duplicate=document.is_copy,
        links_checked=None,
    )
    return Judgement(document.entry_id, evaluate(item, rules), confidence, spam.score)


def _ids(found: Sequence[StoredDocument], changed: Sequence[int]) -> list[UUID]:
    wanted = set(changed)
    return [one.pake_id for one in found if one.entry_id in wanted]
