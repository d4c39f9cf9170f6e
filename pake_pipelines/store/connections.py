"""Connections between items (`node_connections`)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.comparison import Edge, Pair
from pake_pipelines.store.database import Connection


async def pairs_of(connection: Connection, entry_ids: Sequence[int]) -> list[Pair]:
    """Return every compared pair of the items of `entry_ids`, strongest first."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, CASE WHEN c.a_id = e.pake_id THEN c.b_id ELSE c.a_id END AS other_id,
               c.level, c.score, c.decision, g.canonical_id
        FROM entries e JOIN duplicate_candidates c ON e.pake_id IN (c.a_id, c.b_id)
        LEFT JOIN duplicate_members m ON m.pake_id = e.pake_id LEFT JOIN duplicate_groups g USING (group_id)
        WHERE e.entry_id = ANY ($1::bigint[])
        ORDER BY e.pake_id, c.score DESC, other_id
        """,
        list(entry_ids),
    )
    return [Pair(**row) for row in rows]


async def replace_connections(
    connection: Connection, pake_ids: Sequence[UUID], rows: Sequence[Edge], run_id: str
) -> tuple[set[UUID], int, int]:
    """Let `rows` be all connections that start at `pake_ids`.

    Return the items at either end of a connection that changed, and how many were written and removed.
    """
    given = [
        {
            "source_id": str(row.source_id),
            "target_id": str(row.target_id),
            "connection_type": row.connection_type,
            "strength": row.strength,
            "metadata": {"level": row.level},
        }
        for row in rows
    ]
    removed = await connection.fetch(
        """
        DELETE FROM node_connections n WHERE source_id = ANY ($1::uuid[]) AND NOT EXISTS (
            SELECT 1 FROM jsonb_to_recordset($2) AS g(source_id uuid, target_id uuid, connection_type text)
            WHERE (g.source_id, g.target_id, g.connection_type) = (n.source_id, n.target_id, n.connection_type))
        RETURNING source_id, target_id
        """,
        list(pake_ids),
        given,
    )
    written = await connection.fetch(
        """
        INSERT INTO node_connections AS n (source_id, target_id, connection_type, strength, metadata, run_id)
        SELECT source_id, target_id, connection_type, strength, metadata, $2 FROM jsonb_to_recordset($1)
            AS g(source_id uuid, target_id uuid, connection_type text, strength real, metadata jsonb)
        ON CONFLICT (source_id, target_id, connection_type) DO UPDATE
            SET (strength, metadata, run_id) = (excluded.strength, excluded.metadata, excluded.run_id)
        WHERE (n.strength, n.metadata) IS DISTINCT FROM (excluded.strength, excluded.metadata)
        RETURNING source_id, target_id
        """,
        given,
        run_id,
    )
    crash.point(CrashPoint.CONNECTIONS_WRITTEN)
    touched: set[Any] = {row[side] for row in (*removed, *written) for side in ("source_id", "target_id")}
    return touched, len(written), len(removed)


async def forget(connection: Connection, pake_ids: Sequence[UUID]) -> None:
    """Remove every connection that starts or ends at one of `pake_ids`."""
    await connection.execute(
        "DELETE FROM node_connections WHERE source_id = ANY ($1::uuid[]) OR target_id = ANY ($1::uuid[])",
        list(pake_ids),
    )


async def connections_of(connection: Connection, pake_ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, float]]]:
    """Return (type, strength) of every connection that starts or ends at each of `pake_ids`, strongest first.

    A connection between the same two items in both directions counts once.
    """
    rows = await connection.fetch(
        """
        SELECT pake_id, connection_type, max(strength) AS strength FROM (
            SELECT source_id AS pake_id, target_id AS other_id, connection_type, strength FROM node_connections
            WHERE source_id = ANY ($1::uuid[])
            UNION ALL
            SELECT target_id, source_id, connection_type, strength FROM node_connections
            WHERE target_id = ANY ($1::uuid[])
        ) AS either
        GROUP BY pake_id, other_id, connection_type
        ORDER BY pake_id, strength DESC
        """,
        list(pake_ids),
    )
    found: dict[UUID, list[tuple[str, float]]] = {}
    for row in rows:
        found.setdefault(row["pake_id"], []).append((row["connection_type"], row["strength"]))
    return found
