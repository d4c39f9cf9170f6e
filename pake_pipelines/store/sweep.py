"""The sweep: nodes that have waited with too low a score go out of sight (C-04)."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection
from pake_pipelines.store.nodes import HistoryRow, save_history


@dataclass(frozen=True, slots=True)
class Candidates:
    """How many pending nodes have too low a score, and how many of them have had their time."""

    low: int
    due: int


# The last verdict was drawn on a low score, and the score it would be drawn on now is low too. A node that has not
# changed since has been below all that time: whatever moves the score moves the node.
_LOW = """
    FROM knowledge_nodes n JOIN entries e USING (entry_id) JOIN confidence_scores c USING (entry_id)
    WHERE n.verification_status = 'pending' AND n.metadata ? 'archive_candidate' AND e.superseded_at IS NULL
      AND coalesce(c.probability, c.decision_score) < $1
      AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.entry_id = n.entry_id)
"""


async def candidates(connection: Connection, below: float, before: datetime) -> Candidates:
    """Count the pending nodes with a deciding score under `below`; due are those unchanged since `before`."""
    row = await connection.fetchrow(
        f"SELECT count(*) AS low, count(*) FILTER (WHERE n.updated_at <= $2) AS due {_LOW}", below, before
    )
    return Candidates(**row)


async def archive_low(
    connection: Connection, below: float, before: datetime, limit: int, flag: str, reason: str, run_id: str
) -> int:
    """Archive up to `limit` of the nodes that are due, with `flag` and `reason`; return how many were.

    Belongs into one transaction. Nothing is deleted.
    """
    rows = await connection.fetch(
        f"""
        WITH old AS (
            SELECT n.pake_id, n.confidence_score {_LOW} AND n.updated_at <= $2
            ORDER BY n.pake_id LIMIT $3 FOR UPDATE OF n SKIP LOCKED
        ), archived AS (
            UPDATE knowledge_nodes n SET verification_status = 'archived', run_id = $6, updated_at = now(),
                metadata = n.metadata || jsonb_build_object('archived', $4::text), reasons = $5::text || n.reasons
            FROM old WHERE n.pake_id = old.pake_id
        )
        SELECT * FROM old
        """,
        below,
        before,
        limit,
        flag,
        reason,
        run_id,
    )
    history = [
        HistoryRow(row["pake_id"], row["confidence_score"], row["confidence_score"], "pending", "archived", reason,
                   "the sweep")
        for row in rows
    ]  # fmt: skip
    await save_history(connection, history, run_id)
    return len(rows)
