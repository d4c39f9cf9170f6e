"""The backlog: what waits to be judged or published, asked often and so answered from the queue's own index."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many items wait, and since when the first of those that were never judged has been waiting."""

    items: int
    since: datetime | None


async def backlog(
    connection: Connection, now: datetime, *, sources: Sequence[str] | None = None, withheld: Collection[int] = ()
) -> Backlog:
    """Count the kept items (of `sources`, if any are given) in the queues of confidence and knowledge_nodes.

    Those whose age counts otherwise at `now` belong to them. Not counted: what waits for publication only and is
    `withheld` by the gate.
    """
    row = await connection.fetchrow(
        """
        SELECT count(DISTINCT e.entry_id) AS items,
               min(queued.made_at) FILTER (WHERE queued.version = '') AS since
        FROM (
            SELECT entry_id, version, made_at FROM stage_marks
            WHERE stage = 'confidence' AND stale
            UNION ALL
            SELECT entry_id, version, made_at FROM stage_marks
            WHERE stage = 'knowledge_nodes' AND stale AND NOT entry_id = ANY ($3::bigint[])
            UNION ALL
            SELECT entry_id, 'aged', NULL FROM confidence_scores WHERE due_at <= $1
        ) AS queued
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL
          AND ($2::text[] IS NULL OR e.pake_id IN (SELECT pake_id FROM items WHERE source = ANY ($2)))
        """,
        now,
        sources,
        list(withheld),
    )
    return Backlog(row["items"], row["since"])
