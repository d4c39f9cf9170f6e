"""Integrity: queries that return what should not be there, one for each promise that a stage makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from pake_pipelines.store.database import Connection

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Offenders:
    """How many items break a promise, and up to 20 of them."""

    count: int
    ids: tuple[UUID, ...]


_KEPT = """
FROM entries e JOIN documents d USING (entry_id)
WHERE e.day = $1 AND e.superseded_at IS NULL AND d.dropped IS NULL
"""

# each takes the day as $1 and returns offending pake_ids
PROMISES: Final[Mapping[str, str]] = {
    "no_dead_letters": """
        SELECT NULL::uuid AS pake_id FROM dead_letters WHERE day = $1
    """,
    "documents_complete": """
        SELECT e.pake_id FROM entries e LEFT JOIN documents d USING (entry_id)
        WHERE e.day = $1 AND e.superseded_at IS NULL AND d.entry_id IS NULL
    """,
    "vectors_complete": f"""
        SELECT e.pake_id {_KEPT} AND NOT EXISTS (
            SELECT 1 FROM embeddings v WHERE v.embedding_key = d.embedding_key)
    """,
    "groups_consistent": """
        SELECT g.group_id AS pake_id FROM duplicate_groups g LEFT JOIN duplicate_members m USING (group_id)
        WHERE $1::date IS NOT NULL GROUP BY g.group_id, g.members, g.canonical_id
        HAVING count(m.pake_id) <> g.members OR bool_or(m.pake_id = g.canonical_id) IS NOT TRUE
    """,
    "duplicates_point_at_canonical": """
        SELECT c.source_id AS pake_id FROM node_connections c
        LEFT JOIN duplicate_members m ON m.pake_id = c.source_id LEFT JOIN duplicate_groups g USING (group_id)
        WHERE $1::date IS NOT NULL AND c.connection_type = 'duplicate_of'
          AND g.canonical_id IS DISTINCT FROM c.target_id
    """,
    "connections_between_kept": """
        SELECT DISTINCT e.pake_id FROM documents d JOIN entries e USING (entry_id)
        JOIN node_connections c ON e.pake_id IN (c.source_id, c.target_id)
        WHERE e.day = $1 AND e.superseded_at IS NULL AND d.dropped IS NOT NULL
    """,
    "judged_completely": f"""
        SELECT e.pake_id {_KEPT} AND NOT EXISTS (
            SELECT 1 FROM qa_results JOIN confidence_scores USING (entry_id) WHERE entry_id = e.entry_id)
    """,
    "nothing_unknown": """
        SELECT e.pake_id FROM entries e JOIN qa_results q USING (entry_id)
        WHERE e.day = $1 AND e.superseded_at IS NULL AND q.unknowns <> '{}'
    """,
    "verdicts_complete": f"""
        SELECT e.pake_id {_KEPT} AND NOT EXISTS (SELECT 1 FROM knowledge_nodes n WHERE n.entry_id = e.entry_id)
    """,
    "verified_are_sound": """
        SELECT n.pake_id FROM knowledge_nodes n JOIN entries e USING (entry_id) JOIN qa_results q USING (entry_id)
        WHERE e.day = $1 AND n.verification_status = 'verified'
          AND (NOT q.valid OR n.metadata ->> 'flagged' = 'potential_duplicate')
    """,
}


async def offenders(
    connection: Connection, promise: str, day: date, *, sources: Sequence[str] | None = None
) -> Offenders:
    """Return what breaks `promise` on `day`, among the items of `sources` if any are given.

    Raises KeyError for an unknown promise.
    """
    row = await connection.fetchrow(
        f"""
        SELECT count(*) AS count, (array_agg(pake_id))[:{_SHOWN}] AS ids FROM ({PROMISES[promise]}) AS broken
        WHERE $2::text[] IS NULL OR pake_id IN (SELECT pake_id FROM items WHERE source = ANY ($2))
        """,
        day,
        sources,
    )
    return Offenders(row["count"], tuple(one for one in row["ids"] or () if one is not None))
