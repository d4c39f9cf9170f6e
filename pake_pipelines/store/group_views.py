"""Groups of duplicates as people look at them: with titles, sources and what ties each member."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pake_pipelines.model.comparison import Group
from pake_pipelines.store.database import Connection
from pake_pipelines.store.groups import TIES


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A member with the closest tie to another one; the tie is None for an item that is in no group."""

    pake_id: UUID
    title: str
    source: str
    source_name: str
    url: str | None
    published_at: datetime | None
    level: str | None = None
    reason: str | None = None
    score: float | None = None
    other_id: UUID | None = None
    evidence: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class SeenPair:
    """A compared pair with the titles of both."""

    a: UUID
    b: UUID
    a_title: str
    b_title: str
    level: str
    reason: str
    score: float
    decision: str
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group as a list shows it; `levels` counts its members by what ties them."""

    group_id: UUID
    canonical_id: UUID
    title: str
    members: int
    levels: Mapping[str, int]
    suspicious: bool


async def groups_of(connection: Connection, pake_ids: Iterable[UUID]) -> list[Group]:
    """Return the groups that hold any of `pake_ids`, each with all its members, by id."""
    rows = await connection.fetch(
        """
        SELECT g.group_id, g.canonical_id, g.canonical_because,
               array_agg(mate.pake_id ORDER BY mate.pake_id) AS members
        FROM duplicate_groups g JOIN duplicate_members mate USING (group_id)
        WHERE g.group_id IN (SELECT group_id FROM duplicate_members WHERE pake_id = ANY ($1::uuid[]))
        GROUP BY g.group_id ORDER BY g.group_id
        """,
        list(pake_ids),
    )
    return [Group(**{**row, "members": tuple(row["members"])}) for row in rows]


async def members_of(connection: Connection, group_id: UUID) -> list[GroupMember]:
    """Return the members of a group, the canonical one first, then the closest."""
    rows = await connection.fetch(
        f"""
        SELECT i.pake_id, e.title, i.source, s.name AS source_name, e.url, e.published_at,
               t.level, t.reason, t.score, t.other_id, t.evidence
        FROM duplicate_groups g JOIN duplicate_members m USING (group_id) JOIN items i USING (pake_id)
        JOIN sources s USING (source) JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
        LEFT JOIN ({TIES}) AS t ON t.group_id = g.group_id AND t.pake_id = i.pake_id
        WHERE g.group_id = $1 ORDER BY i.pake_id <> g.canonical_id, t.score DESC NULLS LAST, i.pake_id
        """,
        group_id,
    )
    return [GroupMember(**row) for row in rows]


async def items(connection: Connection, pake_ids: Iterable[UUID]) -> list[GroupMember]:
    """Return items by themselves, without what ties them to any other."""
    rows = await connection.fetch(
        """
        SELECT i.pake_id, e.title, i.source, s.name AS source_name, e.url, e.published_at
        FROM items i JOIN sources s USING (source) JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
        WHERE i.pake_id = ANY ($1::uuid[]) ORDER BY i.pake_id
        """,
        list(pake_ids),
    )
    return [GroupMember(**row) for row in rows]


async def pairs_around(connection: Connection, pake_ids: Sequence[UUID], limit: int) -> tuple[list[SeenPair], int]:
    """Return the compared pairs of `pake_ids` that lead out of them or are no duplicates, and how many there are.

    Contradictions come first, then the closest; at most `limit` are returned.
    """
    rows = await connection.fetch(
        """
        WITH around AS (
            SELECT c.* FROM duplicate_candidates c WHERE c.a_id = ANY ($1::uuid[])
            UNION
            SELECT c.* FROM duplicate_candidates c WHERE c.b_id = ANY ($1::uuid[])
        )
        SELECT c.a_id AS a, c.b_id AS b, a.title AS a_title, b.title AS b_title, c.level, c.reason, c.score,
               c.decision, c.evidence, count(*) OVER () AS total
        FROM around c JOIN entries a ON a.pake_id = c.a_id AND a.superseded_at IS NULL
        JOIN entries b ON b.pake_id = c.b_id AND b.superseded_at IS NULL
        WHERE c.decision <> 'duplicate' OR NOT (c.a_id = ANY ($1::uuid[]) AND c.b_id = ANY ($1::uuid[]))
        ORDER BY c.decision = 'similar', c.score DESC, c.a_id, c.b_id LIMIT $2
        """,
        pake_ids,
        limit,
    )
    total = rows[0]["total"] if rows else 0
    return [SeenPair(**{name: value for name, value in row.items() if name != "total"}) for row in rows], total


async def list_groups(
    connection: Connection, *, suspicious_members: int, only_suspicious: bool, limit: int
) -> list[GroupLine]:
    """Return the largest groups; those with more than `suspicious_members` different texts are suspicious."""
    rows = await connection.fetch(
        f"""
        WITH chosen AS (
            SELECT * FROM duplicate_groups WHERE NOT $2 OR members > $1
            ORDER BY members DESC, group_id LIMIT CASE WHEN $2 THEN NULL ELSE $3::bigint END
        ), levels AS (
            SELECT group_id, level, count(*) AS members, count(*) FILTER (WHERE reason <> 'same_text') AS different
            FROM ({TIES}) AS ties WHERE group_id IN (SELECT group_id FROM chosen) GROUP BY group_id, level
        ), told AS (
            SELECT group_id, jsonb_object_agg(level, members) AS levels, sum(different) > $1 AS suspicious
            FROM levels GROUP BY group_id
        )
        SELECT c.group_id, c.canonical_id, e.title, c.members, coalesce(t.levels, '{{}}') AS levels,
               coalesce(t.suspicious, false) AS suspicious
        FROM chosen c LEFT JOIN told t USING (group_id)
        JOIN entries e ON e.pake_id = c.canonical_id AND e.superseded_at IS NULL
        WHERE NOT $2 OR t.suspicious ORDER BY c.members DESC, c.group_id LIMIT $3
        """,
        suspicious_members,
        only_suspicious,
        limit,
    )
    return [GroupLine(**row) for row in rows]
