"""Upkeep of what duplicates leave behind: repeated nodes, vectors that no text needs, and how sound the rest is."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection
from pake_pipelines.store.nodes import HistoryRow, save_history


async def repeated_nodes(connection: Connection, before: datetime) -> int:
    """Return how many nodes repeat their group's canonical node and were last changed before `before`."""
    count: int = await connection.fetchval(f"SELECT count(*) {_REPEATED}", before)
    return count


_REPEATED = """
    FROM knowledge_nodes n JOIN duplicate_members m USING (pake_id) JOIN duplicate_groups g USING (group_id)
    WHERE g.canonical_id <> n.pake_id AND n.updated_at < $1
      AND n.verification_status IN ('pending', 'quarantined') AND n.metadata ->> 'flagged' = 'potential_duplicate'
      AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.entry_id = n.entry_id)
"""


async def archive_repeated(connection: Connection, before: datetime, limit: int, run_id: str) -> int:
    """Archive up to `limit` of the nodes that `repeated_nodes` counts; return how many were. Nothing is deleted.

    Belongs into one transaction. A node that stops being a copy gets its verdict back with the next run.
    """
    rows = await connection.fetch(
        f"""
        WITH old AS (
            SELECT n.pake_id, n.verification_status, n.confidence_score, g.canonical_id {_REPEATED}
            ORDER BY n.pake_id LIMIT $2 FOR UPDATE OF n SKIP LOCKED
        ), archived AS (
            UPDATE knowledge_nodes n SET verification_status = 'archived', run_id = $3, updated_at = now(),
                metadata = n.metadata || '{{"archived": "duplicate"}}'
            FROM old WHERE n.pake_id = old.pake_id
        )
        SELECT * FROM old
        """,
        before,
        limit,
        run_id,
    )
    history = [
        HistoryRow(row["pake_id"], row["confidence_score"], row["confidence_score"], row["verification_status"],
                   "archived", f"It repeats {row['canonical_id']}, which stays.", "clean-up")
        for row in rows
    ]  # fmt: skip
    await save_history(connection, history, run_id)
    return len(rows)


async def unneeded_vectors(connection: Connection, model: str) -> int:
    """Return how many vectors no kept document in force needs under `model`."""
    count: int = await connection.fetchval(f"SELECT count(*) {_UNNEEDED}", model)
    return count


# a vector of an earlier model is needed until its text has one of the present model
_UNNEEDED = """
    FROM embeddings v WHERE NOT EXISTS (
        SELECT 1 FROM documents d JOIN entries e USING (entry_id)
        WHERE d.embedding_key = v.embedding_key AND d.dropped IS NULL AND e.superseded_at IS NULL)
    OR v.model <> $1 AND EXISTS (
        SELECT 1 FROM embeddings newer WHERE newer.embedding_key = v.embedding_key AND newer.model = $1)
"""


async def remove_unneeded_vectors(connection: Connection, model: str, limit: int) -> int:
    """Remove up to `limit` of the vectors that `unneeded_vectors` counts; return how many were."""
    status: str = await connection.execute(
        f"""
        DELETE FROM embeddings WHERE (embedding_key, model) IN (
            SELECT embedding_key, model {_UNNEEDED} ORDER BY embedding_key LIMIT $2)
        """,
        model,
        limit,
    )
    return int(status.rpartition(" ")[2])


@dataclass(frozen=True, slots=True)
class Soundness:
    """How many documents are kept and in force, and how many of them are embedded and compared as they stand."""

    documents: int
    sound: int

    @property
    def score(self) -> float | None:
        """Per cent of the documents that are sound; None without any."""
        return round(100 * self.sound / self.documents, 2) if self.documents else None


async def soundness(connection: Connection, model: str) -> Soundness:
    """Count the documents whose vector is of `model` and whose comparison is not stale."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS documents, count(*) FILTER (WHERE NOT m.stale AND EXISTS (
            SELECT 1 FROM embeddings v WHERE v.embedding_key = d.embedding_key AND v.model = $1)) AS sound
        FROM entries e JOIN documents d USING (entry_id)
        LEFT JOIN stage_marks m ON m.entry_id = e.entry_id AND m.stage = 'duplicates' AND m.version <> ''
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL
        """,
        model,
    )
    return Soundness(**row)
