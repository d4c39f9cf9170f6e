"""What the QA report tells of the nodes as a whole, counted in the database: no query returns a row for each node.

What the rules and factors found is in `qa_findings`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pake_pipelines.model.judgement import ReviewDecision
from pake_pipelines.model.status import VerificationStatus
from pake_pipelines.store.database import Connection

# what makes a node one that a person should look at; the first flag that applies is shown
_FLAGGED = """
coalesce(metadata ->> 'auto_rejected', metadata ->> 'quarantined', metadata ->> 'invalid', metadata ->> 'flagged')
"""


@dataclass(frozen=True, slots=True)
class Totals:
    """Nodes by status and confidence; `average` is None without any.

    `judged` are those that the rules have looked at, `passed` those of them that no rule failed.
    """

    total: int
    verified: int
    pending: int
    rejected: int
    quarantined: int
    archived: int
    duplicates: int
    high: int
    low: int
    average: float | None
    judged: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class DayVerdicts:
    """How many nodes came to `status` on one day (UTC)."""

    day: date
    status: str
    items: int


@dataclass(frozen=True, slots=True)
class Tenth:
    """How many nodes of `status` have a confidence in the tenth that begins at `low`."""

    low: float
    status: str
    items: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """How the items of one source ended; `average` is the mean confidence, None where every item was dropped."""

    source: str
    name: str
    items: int
    verified: int
    pending: int
    quarantined: int
    rejected: int
    archived: int
    duplicates: int
    dropped: int
    average: float | None


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """How many nodes are of one language; `und` where it could not be told."""

    language: str
    items: int


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """How many nodes people decided on in one way; `before` is what automation had made of them, if anything."""

    decision: ReviewDecision
    before: str | None
    items: int


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many labels there are, of how many versions of items and people."""

    labels: int
    items: int
    actors: int


@dataclass(frozen=True, slots=True)
class Issue:
    """A flagged, quarantined or rejected node; `issue` says why."""

    pake_id: UUID
    title: str
    source: str
    status: str
    issue: str
    created_at: datetime


async def hold_still(connection: Connection) -> None:
    """Let the queries of this transaction see one state, so that their figures agree; its first statement."""
    await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def totals(connection: Connection, *, high: float, low: float) -> Totals:
    """Count the nodes; `high` confidence is that score or more, `low` is less than that."""
    statuses = ", ".join(
        f"count(*) FILTER (WHERE verification_status = '{status.value}') AS {status.value}"
        for status in VerificationStatus
    )
    row = await connection.fetchrow(
        f"""
        SELECT count(*) AS total, {statuses},
               count(*) FILTER (WHERE metadata ->> 'flagged' = 'potential_duplicate') AS duplicates,
               count(*) FILTER (WHERE confidence_score >= $1::real) AS high,
               count(*) FILTER (WHERE confidence_score < $2::real) AS low,
               round(avg(confidence_score)::numeric, 4)::float8 AS average,
               count(q.entry_id) AS judged, count(*) FILTER (WHERE q.valid) AS passed
        FROM knowledge_nodes LEFT JOIN qa_results q USING (entry_id)
        """,
        high,
        low,
    )
    return Totals(**row)


async def verdicts_by_day(connection: Connection, since: datetime) -> list[DayVerdicts]:
    """Return how many nodes came to which status on each day from `since` on; days without any are left out."""
    rows = await connection.fetch(
        """
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, new_status AS status, count(*) AS items
        FROM confidence_history WHERE created_at >= $1 AND old_status IS DISTINCT FROM new_status
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        since,
    )
    return [DayVerdicts(**row) for row in rows]


async def tenths(connection: Connection) -> list[Tenth]:
    """Return how the confidence of the nodes is spread, by status; tenths without any are left out."""
    # numeric: as a float, the stored 0.7 lies below 0.7
    rows = await connection.fetch(
        """
        SELECT least(width_bucket(confidence_score::numeric, 0, 1, 10), 10) AS tenth, verification_status AS status,
               count(*) AS items
        FROM knowledge_nodes GROUP BY 1, 2 ORDER BY 1, 2
        """
    )
    return [Tenth((row["tenth"] - 1) / 10, row["status"], row["items"]) for row in rows]


async def by_source(connection: Connection) -> list[SourceLine]:
    """Return how the items of each source ended, by name."""
    rows = await connection.fetch(
        """
        WITH ended AS (
            SELECT i.source, count(*) AS items,
                   count(*) FILTER (WHERE n.verification_status = 'verified') AS verified,
                   count(*) FILTER (WHERE n.verification_status = 'pending') AS pending,
                   count(*) FILTER (WHERE n.verification_status = 'quarantined') AS quarantined,
                   count(*) FILTER (WHERE n.verification_status = 'rejected') AS rejected,
                   count(*) FILTER (WHERE n.verification_status = 'archived') AS archived,
                   count(*) FILTER (WHERE n.metadata ->> 'flagged' = 'potential_duplicate') AS duplicates,
                   round(avg(n.confidence_score)::numeric, 4)::float8 AS average
            FROM knowledge_nodes n JOIN items i USING (pake_id) GROUP BY i.source
        ), stopped AS (
            SELECT i.source, count(*) AS dropped
            FROM documents d JOIN entries e USING (entry_id) JOIN items i USING (pake_id)
            WHERE d.dropped IS NOT NULL AND e.superseded_at IS NULL GROUP BY i.source
        )
        SELECT source, s.name, coalesce(items, 0) AS items, coalesce(verified, 0) AS verified,
               coalesce(pending, 0) AS pending, coalesce(quarantined, 0) AS quarantined,
               coalesce(rejected, 0) AS rejected, coalesce(archived, 0) AS archived,
               coalesce(duplicates, 0) AS duplicates, coalesce(dropped, 0) AS dropped, average
        FROM ended FULL JOIN stopped USING (source) JOIN sources s USING (source) ORDER BY s.name, source
        """
    )
    return [SourceLine(**row) for row in rows]


async def languages(connection: Connection) -> list[LanguageCount]:
    """Return how many nodes are of each language, the most frequent first."""
    rows = await connection.fetch(
        """
        SELECT d.language, count(*) AS items FROM knowledge_nodes n JOIN documents d USING (entry_id)
        GROUP BY d.language ORDER BY items DESC, d.language
        """
    )
    return [LanguageCount(**row) for row in rows]


async def reviews(connection: Connection) -> list[ReviewCount]:
    """Return what people decided on versions in force, and what automation had made of the nodes before."""
    rows = await connection.fetch(
        """
        SELECT r.decision, before.new_status AS before, count(*) AS items
        FROM reviews r JOIN entries e ON e.entry_id = r.entry_id AND e.superseded_at IS NULL
        JOIN audit_events v USING (event_id)
        LEFT JOIN LATERAL (
            SELECT h.new_status FROM confidence_history h
            WHERE h.pake_id = r.pake_id AND h.created_at < v.created_at AND h.changed_by = 'pipeline'
              AND h.old_status IS DISTINCT FROM h.new_status
            ORDER BY h.history_id DESC LIMIT 1
        ) AS before ON true
        GROUP BY 1, 2 ORDER BY 1, 2
        """
    )
    return [ReviewCount(**row) for row in rows]


async def labels(connection: Connection) -> LabelCount:
    """Count the labels of people."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS labels, count(DISTINCT entry_id) AS items, count(DISTINCT actor) AS actors
        FROM quality_labels
        """
    )
    return LabelCount(**row)


async def newest_issues(connection: Connection, limit: int) -> list[Issue]:
    """Return the `limit` newest flagged, quarantined or rejected nodes; of one day, those published last first."""
    rows = await connection.fetch(
        f"""
        SELECT pake_id, title, source_name AS source, verification_status AS status,
               coalesce(reasons[1], {_FLAGGED}, '') AS issue, created_at
        FROM knowledge_nodes
        WHERE {_FLAGGED} IS NOT NULL OR verification_status IN ('rejected', 'quarantined')
        ORDER BY (created_at AT TIME ZONE 'UTC')::date DESC, published_at DESC NULLS LAST, pake_id LIMIT $1
        """,
        limit,
    )
    return [Issue(**row) for row in rows]
