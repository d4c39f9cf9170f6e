"""Reviews: what waits for a person, and what persons decided (`reviews`)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pake_pipelines.model.judgement import ReviewDecision
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Reviewable:
    """A node as a person who decides on it sees it; `reviewed` is an earlier decision on the same version."""

    pake_id: UUID
    entry_id: int
    title: str
    source: str
    source_name: str
    source_uri: str
    status: str
    confidence: float
    published_at: datetime | None
    reasons: tuple[str, ...]
    reviewed: ReviewDecision | None


_REVIEWABLE = """
SELECT n.pake_id, n.entry_id, n.title, i.source, n.source_name, n.source_uri, n.verification_status AS status,
       n.confidence_score AS confidence, n.published_at, n.reasons, r.decision AS reviewed
FROM knowledge_nodes n JOIN items i USING (pake_id)
JOIN entries e ON e.entry_id = n.entry_id AND e.superseded_at IS NULL
LEFT JOIN reviews r ON r.entry_id = n.entry_id
"""


async def queue(
    connection: Connection, statuses: Collection[str], *, source: str | None = None, limit: int
) -> list[Reviewable]:
    """Return the nodes of `statuses`: the quarantined first, then those that come closest to being verified."""
    rows = await connection.fetch(
        f"""
        {_REVIEWABLE} WHERE n.verification_status = ANY ($1::text[]) AND ($2::text IS NULL OR i.source = $2)
        ORDER BY n.verification_status <> 'quarantined', n.confidence_score DESC, n.pake_id LIMIT $3
        """,
        list(statuses),
        source,
        limit,
    )
    return [_reviewable(row) for row in rows]


async def count_by_status(connection: Connection, *, source: str | None = None) -> dict[str, int]:
    """Return how many nodes in force there are of each status."""
    rows = await connection.fetch(
        """
        SELECT n.verification_status AS status, count(*) AS nodes FROM knowledge_nodes n JOIN items i USING (pake_id)
        JOIN entries e ON e.entry_id = n.entry_id AND e.superseded_at IS NULL
        WHERE $1::text IS NULL OR i.source = $1 GROUP BY 1 ORDER BY 1
        """,
        source,
    )
    return {row["status"]: row["nodes"] for row in rows}


async def reviewables(connection: Connection, pake_ids: Iterable[UUID]) -> dict[UUID, Reviewable]:
    """Return those of `pake_ids` whose version in force has a node."""
    rows = await connection.fetch(f"{_REVIEWABLE} WHERE n.pake_id = ANY ($1::uuid[])", list(pake_ids))
    return {row["pake_id"]: _reviewable(row) for row in rows}


async def save_reviews(
    connection: Connection, given: Sequence[Reviewable], decision: ReviewDecision, event_id: int
) -> None:
    """Let `decision` be what a person decided on the versions in force of `given`."""
    await connection.execute(
        """
        INSERT INTO reviews (pake_id, entry_id, decision, event_id)
        SELECT pake_id, entry_id, $3, $4 FROM unnest($1::uuid[], $2::bigint[]) AS g(pake_id, entry_id)
        ON CONFLICT (pake_id) DO UPDATE SET (entry_id, decision, event_id)
            = (excluded.entry_id, excluded.decision, excluded.event_id)
        """,
        [one.pake_id for one in given],
        [one.entry_id for one in given],
        decision,
        event_id,
    )


def _reviewable(row: dict[str, object]) -> Reviewable:
    values = dict(row)
    return Reviewable(reasons=tuple(values.pop("reasons")), **values)  # type: ignore[arg-type]
