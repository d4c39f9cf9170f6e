"""Connections between items (`node_connections`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.comparison import ConnectionType, Edge, Pair
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class ChangedConnections:
    """The items at either end of a connection that changed, and the types of those written and of those removed."""

    items: frozenset[UUID]
    written: tuple[str, ...]
    removed: tuple[str, ...]


async def lock_connecting(connection: Connection) -> None:
    """Let only one transaction at a time connect or change what connects, so that lists of two runs never mix.

    A plan that was made when the tables were empty reads them from end to end, so the transaction keeps no plans.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('pake.node_connections'))")
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")


async def pairs_of(connection: Connection, entry_ids: Sequence[int]) -> list[Pair]:
    """Return every compared pair of the items of `entry_ids` with an item that was kept, strongest first."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, c.other_id, c.level, c.reason, c.score, c.decision, g.canonical_id
        FROM entries e CROSS JOIN LATERAL (
            SELECT b_id AS other_id, level, reason, score, decision FROM duplicate_candidates WHERE a_id = e.pake_id
            UNION ALL
            SELECT a_id, level, reason, score, decision FROM duplicate_candidates WHERE b_id = e.pake_id
        ) AS c
        LEFT JOIN duplicate_members m ON m.pake_id = e.pake_id LEFT JOIN duplicate_groups g USING (group_id)
        WHERE e.entry_id = ANY ($1::bigint[]) AND NOT EXISTS (
            SELECT 1 FROM entries o JOIN documents d USING (entry_id)
            WHERE o.pake_id = c.other_id AND o.superseded_at IS NULL AND d.dropped IS NOT NULL)
        ORDER BY e.pake_id, c.score DESC, c.other_id
        """,
        list(entry_ids),
    )
    return [Pair(**row) for row in rows]


async def lists_around(
    connection: Connection, connection_type: ConnectionType, pake_ids: Collection[UUID], others: Collection[UUID]
) -> dict[UUID, list[Edge]]:
    """Return all edges of the type that start at `others` or at an item with an edge to one of `pake_ids`, by start."""
    rows = await connection.fetch(
        """
        WITH starts AS MATERIALIZED (
            SELECT unnest($3::uuid[]) AS source_id
            UNION
            SELECT source_id FROM node_connections WHERE connection_type = $1 AND target_id = ANY ($2::uuid[])
        )
        SELECT n.source_id, n.target_id, n.strength, n.metadata FROM starts CROSS JOIN LATERAL (
            SELECT * FROM node_connections WHERE source_id = starts.source_id AND connection_type = $1 OFFSET 0) AS n
        """,
        connection_type,
        list(pake_ids),
        list(others),
    )
    found: dict[UUID, list[Edge]] = {}
    for source, target, strength, evidence in rows:
        found.setdefault(source, []).append(Edge(source, target, connection_type, round(strength, 4), evidence))
    return found


async def replace_connections(
    connection: Connection,
    starts: Mapping[ConnectionType, Iterable[UUID]],
    edges: Sequence[Edge],
    run_id: str,
    *,
    displaced: Iterable[Edge] = (),
) -> ChangedConnections:
    """Let `edges` be all connections of each type that start at the items which `starts` names for it.

    Edges that start elsewhere are written too, and `displaced` ones removed, beside what else starts there.
    """
    given = {(edge.source_id, edge.target_id, edge.connection_type) for edge in edges}
    gone = {(edge.source_id, edge.target_id, edge.connection_type) for edge in displaced}
    gone |= await _started(connection, starts)
    removed = await _remove(connection, gone - given)
    written = await _write(connection, edges, run_id)
    crash.point(CrashPoint.CONNECTIONS_WRITTEN)
    return ChangedConnections(
        items=_ends((*removed, *written)),
        written=tuple(row["connection_type"] for row in written),
        removed=tuple(row["connection_type"] for row in removed),
    )


async def _started(
    connection: Connection, starts: Mapping[ConnectionType, Iterable[UUID]]
) -> set[tuple[UUID, UUID, ConnectionType]]:
    wanted = [(pake_id, name) for name, ids in starts.items() for pake_id in ids]
    rows = await connection.fetch(
        """
        SELECT n.source_id, n.target_id, n.connection_type
        FROM unnest($1::uuid[], $2::text[]) AS start(source_id, connection_type) CROSS JOIN LATERAL (
            SELECT * FROM node_connections
            WHERE source_id = start.source_id AND connection_type = start.connection_type OFFSET 0) AS n
        """,
        [pake_id for pake_id, _ in wanted],
        [name for _, name in wanted],
    )
    return {tuple(row) for row in rows}


async def _remove(connection: Connection, gone: Collection[tuple[UUID, UUID, ConnectionType]]) -> list[Any]:
    rows: list[Any] = await connection.fetch(
        """
        DELETE FROM node_connections n
        USING unnest($1::uuid[], $2::uuid[], $3::text[]) AS gone(source_id, target_id, connection_type)
        WHERE n.source_id = gone.source_id AND n.target_id = gone.target_id
          AND n.connection_type = gone.connection_type
        RETURNING n.source_id, n.target_id, n.connection_type
        """,
        *([one[column] for one in gone] for column in range(3)),
    )
    return rows


async def _write(connection: Connection, edges: Sequence[Edge], run_id: str) -> list[Any]:
    given = [
        {
            "source_id": str(edge.source_id),
            "target_id": str(edge.target_id),
            "connection_type": edge.connection_type,
            "strength": edge.strength,
            "metadata": dict(edge.evidence),
        }
        for edge in edges
    ]
    rows: list[Any] = await connection.fetch(
        """
        INSERT INTO node_connections AS n (source_id, target_id, connection_type, strength, metadata, run_id)
        SELECT source_id, target_id, connection_type, strength, metadata, $2 FROM jsonb_to_recordset($1)
            AS g(source_id uuid, target_id uuid, connection_type text, strength real, metadata jsonb)
        ON CONFLICT (source_id, target_id, connection_type) DO UPDATE
            SET (strength, metadata, run_id) = (excluded.strength, excluded.metadata, excluded.run_id)
        WHERE (n.strength, n.metadata) IS DISTINCT FROM (excluded.strength, excluded.metadata)
        RETURNING source_id, target_id, connection_type
        """,
        given,
        run_id,
    )
    return rows


async def forget(connection: Connection, pake_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Remove every connection that starts or ends at one of `pake_ids`; return the items at the other ends."""
    removed = await connection.fetch(
        """
        DELETE FROM node_connections WHERE source_id = ANY ($1::uuid[]) OR target_id = ANY ($1::uuid[])
        RETURNING source_id, target_id
        """,
        list(pake_ids),
    )
    return _ends(removed) - set(pake_ids)


def _ends(rows: Iterable[Mapping[str, Any]]) -> frozenset[UUID]:
    return frozenset(row[side] for row in rows for side in ("source_id", "target_id"))


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
