"""Judgements: what the rules found and what the factors say (`qa_results`, `confidence_scores`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

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


@dataclass(frozen=True, slots=True)
class HeldJudgement:
    """A judgement as it is stored: `checks` and `factors` in their JSON form, for most of them are only compared."""

    checks: list[Any]
    factors: list[Any]
    score: float
    decision_score: float
    probability: float | None
    due_at: datetime | None

    @property
    def outcomes(self) -> tuple[RuleOutcome, ...]:
        """The outcome of each rule."""
        return _outcomes(self.checks)

    @property
    def confidence(self) -> Confidence:
        """The scores and what they are made of."""
        return Confidence(self.score, self.decision_score, _factors(self.factors), self.probability)

    def has_outcomes(self, of: Judgement) -> bool:
        """Return whether every rule found the same."""
        return self.checks == _checks(of)

    def has_confidence(self, of: Judgement) -> bool:
        """Return whether scores and factors are the same."""
        scores = (of.confidence.score, of.confidence.decision_score, of.confidence.probability, of.due_at)
        return scores == (self.score, self.decision_score, self.probability, self.due_at) and (
            self.factors == _factor_records(of)
        )


async def load_judgements(connection: Connection, entry_ids: Sequence[int]) -> dict[int, HeldJudgement]:
    """Return the judgements of those of `entry_ids` that have one."""
    rows = await connection.fetch(
        """
        SELECT entry_id, q.checks, c.factors, c.score, c.decision_score, c.probability, c.due_at
        FROM qa_results q JOIN confidence_scores c USING (entry_id) WHERE entry_id = ANY ($1::bigint[])
        """,
        list(entry_ids),
    )
    return {row["entry_id"]: HeldJudgement(*tuple(row)[1:]) for row in rows}


async def save_outcomes(connection: Connection, judgements: Sequence[Judgement]) -> None:
    """Store what the rules found in the place of what they found before."""
    await connection.execute(
        """
        INSERT INTO qa_results AS q (entry_id, valid, errors, warnings, unknowns, spam_score, checks)
        SELECT * FROM jsonb_to_recordset($1) AS g(entry_id bigint, valid boolean, errors text[], warnings text[],
             unknowns text[], spam_score double precision, checks jsonb)
        ON CONFLICT (entry_id) DO UPDATE SET (valid, errors, warnings, unknowns, spam_score, checks)
            = (excluded.valid, excluded.errors, excluded.warnings, excluded.unknowns, excluded.spam_score,
               excluded.checks)
        """,
        [_outcome_record(judgement) for judgement in judgements],
    )


async def save_confidences(connection: Connection, judgements: Sequence[Judgement]) -> None:
    """Store scores and factors in the place of those that there were."""
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
        [_confidence_record(judgement) for judgement in judgements],
    )


async def disturb_aged(connection: Connection, now: datetime) -> None:
    """Ask for another judgement of every item whose age counts otherwise at `now` than when it was judged."""
    await connection.execute(
        """
        UPDATE stage_marks m SET stale = true FROM confidence_scores c
        WHERE c.due_at <= $1 AND m.entry_id = c.entry_id AND m.stage = 'confidence' AND NOT m.stale
        """,
        now,
    )


def _outcome_record(judgement: Judgement) -> dict[str, Any]:
    codes: dict[CheckStatus, list[str]] = {CheckStatus.FAIL: [], CheckStatus.WARN: [], CheckStatus.UNKNOWN: []}
    for outcome in judgement.outcomes:
        if outcome.status in codes:
            codes[outcome.status].append(outcome.code)
    return {
        "entry_id": judgement.entry_id,
        "valid": not codes[CheckStatus.FAIL] and not codes[CheckStatus.UNKNOWN],
        "errors": codes[CheckStatus.FAIL],
        "warnings": codes[CheckStatus.WARN],
        "unknowns": codes[CheckStatus.UNKNOWN],
        "spam_score": judgement.spam_score,
        "checks": _checks(judgement),
    }


def _confidence_record(judgement: Judgement) -> dict[str, Any]:
    return {
        "entry_id": judgement.entry_id,
        "score": judgement.confidence.score,
        "decision_score": judgement.confidence.decision_score,
        "probability": judgement.confidence.probability,
        "factors": _factor_records(judgement),
        "due_at": judgement.due_at,
        "changes": judgement.changes,
    }


def _checks(judgement: Judgement) -> list[dict[str, Any]]:
    return [
        {"code": one.code, "status": one.status, "message": one.message, "evidence": one.evidence}
        for one in judgement.outcomes
    ]


def _factor_records(judgement: Judgement) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "value": one.value, "weight": one.weight, "reason": one.reason}
        for one in judgement.confidence.factors
    ]


_STATUSES: Final = {status.value: status for status in CheckStatus}  # three times as fast as calling the enumeration


def _outcomes(checks: Sequence[Mapping[str, Any]]) -> tuple[RuleOutcome, ...]:
    return tuple(
        RuleOutcome(check["code"], _STATUSES[check["status"]], check["message"], check["evidence"]) for check in checks
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
