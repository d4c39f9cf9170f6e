"""Judgements: what the rules found and what the factors say (`qa_results`, `confidence_scores`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.judgement import Confidence, Factor, Review, RuleOutcome
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcomes of all rules and the confidence of one entry version.

    `spam_score` in [0, 1]; at `due_at` the confidence falls by the item's age alone; `changes` says what differs from
    the judgement before.
    """

    entry_id: int
    outcomes: tuple[RuleOutcome, ...]
    confidence: Confidence
    spam_score: float | None
    due_at: datetime | None = None
    changes: tuple[str, ...] = ()


async def load_judgements(connection: Connection, entry_ids: Sequence[int]) -> dict[int, Judgement]:
    """Return the judgements of those of `entry_ids` that have one."""
    rows = await connection.fetch(
        """
        SELECT entry_id, q.checks, q.spam_score, c.score, c.decision_score, c.probability, c.factors, c.due_at,
               c.changes
        FROM qa_results q JOIN confidence_scores c USING (entry_id) WHERE entry_id = ANY ($1::bigint[])
        """,
        list(entry_ids),
    )
    return {
        row["entry_id"]: Judgement(
            row["entry_id"],
            _outcomes(row["checks"]),
            Confidence(row["score"], row["decision_score"], _factors(row["factors"]), row["probability"]),
            row["spam_score"],
            row["due_at"],
            tuple(row["changes"]),
        )
        for row in rows
    }


async def save_judgements(connection: Connection, judgements: Sequence[Judgement]) -> None:
    """Store `judgements` in the place of those that there were."""
    given = [_record(judgement) for judgement in judgements]
    await connection.execute(
        """
        INSERT INTO qa_results AS q (entry_id, valid, errors, warnings, unknowns, spam_score, checks)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, valid boolean, errors text[], warnings text[],
             unknowns text[], spam_score double precision, checks jsonb)
        ON CONFLICT (entry_id) DO UPDATE SET (valid, errors, warnings, unknowns, spam_score, checks)
            = (excluded.valid, excluded.errors, excluded.warnings, excluded.unknowns, excluded.spam_score,
               excluded.checks)
        WHERE q IS DISTINCT FROM excluded
        """,
        given,
    )
    await connection.execute(
        """
        INSERT INTO confidence_scores AS c (entry_id, score, decision_score, probability, factors, due_at, changes)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, score double precision,
             decision_score double precision, probability double precision, factors jsonb, due_at timestamptz,
             changes text[])
        ON CONFLICT (entry_id) DO UPDATE SET (score, decision_score, probability, factors, due_at, changes)
            = (excluded.score, excluded.decision_score, excluded.probability, excluded.factors, excluded.due_at,
               excluded.changes)
        """,
        given,
    )
    crash.point(CrashPoint.CONFIDENCE_WRITTEN)


async def disturb_aged(connection: Connection, now: datetime) -> None:
    """Ask for another judgement of every item whose age counts otherwise at `now` than when it was judged."""
    await connection.execute(
        """
        UPDATE stage_marks m SET stale = true FROM confidence_scores c
        WHERE c.due_at <= $1 AND m.entry_id = c.entry_id AND m.stage = 'confidence' AND NOT m.stale
        """,
        now,
    )


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
        "probability": judgement.confidence.probability,
        "factors": [
            {"name": factor.name, "value": factor.value, "weight": factor.weight, "reason": factor.reason}
            for factor in judgement.confidence.factors
        ],
        "due_at": judgement.due_at.isoformat() if judgement.due_at else None,
        "changes": list(judgement.changes),
    }


def _outcomes(checks: Sequence[Mapping[str, Any]]) -> tuple[RuleOutcome, ...]:
    return tuple(
        RuleOutcome(check["code"], CheckStatus(check["status"]), check["message"], check["evidence"])
        for check in checks
    )


def _factors(factors: Sequence[Mapping[str, Any]]) -> tuple[Factor, ...]:
    return tuple(Factor(**factor) for factor in factors)


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry version with everything its verdict is drawn from, and the node as it stands."""

    entry_id: int
    pake_id: UUID
    canonical_id: UUID | None
    outcomes: tuple[RuleOutcome, ...]
    confidence: Confidence
    changes: tuple[str, ...]
    review: Review | None
    old_status: str | None
    old_score: float | None
    archived_as: str | None


async def load_judged(connection: Connection, entry_ids: Sequence[int]) -> list[Judged]:
    """Return what the verdicts of `entry_ids` are drawn from, in that order, without those not judged yet."""
    rows = await connection.fetch(
        """
        SELECT e.entry_id, e.pake_id, g.canonical_id, q.checks, c.score, c.decision_score, c.probability, c.factors,
               c.changes, r.decision, v.actor, v.details ->> 'reason' AS reason, v.created_at AS decided_at,
               n.verification_status AS old_status, n.confidence_score AS old_score,
               CASE WHEN n.entry_id = e.entry_id THEN n.metadata ->> 'archived' END AS archived_as
        FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted(entry_id, position)
        JOIN entries e USING (entry_id) JOIN qa_results q USING (entry_id) JOIN confidence_scores c USING (entry_id)
        LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
        LEFT JOIN knowledge_nodes n USING (pake_id)
        LEFT JOIN reviews r ON r.entry_id = e.entry_id LEFT JOIN audit_events v USING (event_id)
        ORDER BY position
        """,
        list(entry_ids),
    )
    return [
        Judged(
            row["entry_id"],
            row["pake_id"],
            row["canonical_id"],
            _outcomes(row["checks"]),
            Confidence(row["score"], row["decision_score"], _factors(row["factors"]), row["probability"]),
            tuple(row["changes"]),
            Review(row["decision"], row["actor"], row["reason"], row["decided_at"]) if row["decision"] else None,
            row["old_status"],
            row["old_score"],
            row["archived_as"],
        )
        for row in rows
    ]
