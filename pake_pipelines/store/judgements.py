"""Judgements: what the rules found and what the factors say (`qa_results`, `confidence_scores`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.judgement import Confidence, Factor, RuleOutcome
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcomes of all rules and the confidence of one entry version; `spam_score` in [0, 1]."""

    entry_id: int
    outcomes: tuple[RuleOutcome, ...]
    confidence: Confidence
    spam_score: float | None


async def save_judgements(connection: Connection, judgements: Sequence[Judgement]) -> list[int]:
    """Store `judgements`; return the entries whose judgement is new or differs from the stored one."""
    given = [_record(judgement) for judgement in judgements]
    qa = await connection.fetch(
        """
        INSERT INTO qa_results AS q (entry_id, valid, errors, warnings, unknowns, spam_score, checks)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, valid boolean, errors text[], warnings text[],
             unknowns text[], spam_score real, checks jsonb)
        ON CONFLICT (entry_id) DO UPDATE SET (valid, errors, warnings, unknowns, spam_score, checks)
            = (excluded.valid, excluded.errors, excluded.warnings, excluded.unknowns, excluded.spam_score,
               excluded.checks)
        WHERE q IS DISTINCT FROM excluded
        RETURNING entry_id
        """,
        given,
    )
    scores = await connection.fetch(
        """
        INSERT INTO confidence_scores AS c (entry_id, score, decision_score, factors)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, score real, decision_score real, factors jsonb)
        ON CONFLICT (entry_id) DO UPDATE SET (score, decision_score, factors)
            = (excluded.score, excluded.decision_score, excluded.factors)
        WHERE c IS DISTINCT FROM excluded
        RETURNING entry_id
        """,
        given,
    )
    crash.point(CrashPoint.CONFIDENCE_WRITTEN)
    return sorted({row["entry_id"] for row in (*qa, *scores)})


def _record(judgement: Judgement) -> dict[str, Any]:
    def codes(status: CheckStatus) -> list[str]:
        return [outcome.code for outcome in judgement.outcomes if outcome.status is status]

    return {
        "entry_id": judgement.entry_id,
        "valid": not codes(CheckStatus.FAIL) and not codes(CheckStatus.UNKNOWN),
        "errors": codes(CheckStatus.FAIL),
        "warnings": codes(CheckStatus.WARN),
        "unknowns": codes(CheckStatus.UNKNOWN),
        "spam_score": judgement.spam_score,
        "checks": [
            {
                "code": outcome.code,
                "status": outcome.status.value,
                "message": outcome.message,
                "evidence": dict(outcome.evidence),
            }
            for outcome in judgement.outcomes
        ],
        "score": judgement.confidence.score,
        "decision_score": judgement.confidence.decision_score,
        "factors": [
            {"name": factor.name, "value": factor.value, "weight": factor.weight, "reason": factor.reason}
            for factor in judgement.confidence.factors
        ],
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry version with everything its verdict is drawn from, and the node as it stands."""

    entry_id: int
    pake_id: UUID
    title: str
    text: str
    source_name: str
    source_uri: str
    tags: tuple[str, ...]
    content_hash: str
    published_at: Any
    canonical_id: UUID | None
    outcomes: tuple[RuleOutcome, ...]
    confidence: Confidence
    old_status: str | None
    old_score: float | None
    archived_as: str | None


async def load_judged(connection: Connection, entry_ids: Sequence[int]) -> list[Judged]:
    """Return what the verdicts of `entry_ids` are drawn from, in that order, without those not judged yet."""
    rows = await connection.fetch(
        """
        SELECT e.entry_id, e.pake_id, d.title, d.text, s.name AS source_name,
               coalesce(e.url, 'local://' || i.source || '/' || i.key) AS source_uri, e.tags, d.content_hash,
               e.published_at, g.canonical_id, q.checks, c.score, c.decision_score, c.factors,
               n.verification_status AS old_status, n.confidence_score AS old_score,
               CASE WHEN n.entry_id = e.entry_id THEN n.metadata ->> 'archived' END AS archived_as
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position)
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id) JOIN items i USING (pake_id)
        JOIN sources s USING (source) JOIN qa_results q USING (entry_id) JOIN confidence_scores c USING (entry_id)
        LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
        LEFT JOIN knowledge_nodes n USING (pake_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [_judged(dict(row)) for row in rows]


def _judged(row: dict[str, Any]) -> Judged:
    factors = tuple(Factor(**factor) for factor in row.pop("factors"))
    outcomes = tuple(
        RuleOutcome(check["code"], CheckStatus(check["status"]), check["message"], check["evidence"])
        for check in row.pop("checks")
    )
    confidence = Confidence(row.pop("score"), row.pop("decision_score"), factors)
    return Judged(outcomes=outcomes, confidence=confidence, tags=tuple(row.pop("tags")), **row)
