"""Duplicates: compared pairs, groups and their members (`duplicate_candidates`, `duplicate_groups`, `_members`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.comparison import Candidate, Group, Member
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class ExactMatch:
    """Another item with the same canonical address or the same words; `shared` is what they share."""

    pake_id: UUID
    other_id: UUID
    level: Literal["exact_url", "exact_text"]
    shared: str


@dataclass(frozen=True, slots=True)
class ChangedPairs:
    """The items of all pairs that changed, and those that shared an address or words with another and do no longer."""

    items: set[UUID]
    parted: set[UUID]


async def lock_grouping(connection: Connection) -> None:
    """Let only one transaction at a time decide on groups, so that two runs never merge past each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('pake.duplicate_groups'))")


async def exact_matches(connection: Connection, entry_ids: Sequence[int]) -> list[ExactMatch]:
    """Return whom each of `entry_ids` shares its address with, and whom its words.

    Of all that share the same, the one with the smallest id is paired with each of the others: that connects them all,
    and keeps a thousand copies from becoming half a million pairs.
    """
    rows = await connection.fetch(
        f"{_sharing('exact_url', 'canonical_url')} UNION ALL {_sharing('exact_text', 'content_hash')} ORDER BY 1, 3, 2",
        list(entry_ids),
    )
    return [ExactMatch(**row) for row in rows]


def _sharing(level: str, column: str) -> str:
    alike = f"""
        FROM documents od JOIN entries o USING (entry_id)
        WHERE od.{column} = d.{column} AND od.dropped IS NULL AND o.superseded_at IS NULL
    """
    return f"""
        SELECT e.pake_id, other.pake_id AS other_id, '{level}' AS level, d.{column} AS shared
        FROM entries e JOIN documents d USING (entry_id)
        CROSS JOIN LATERAL (SELECT o.pake_id {alike} ORDER BY o.pake_id LIMIT 1) AS first
        CROSS JOIN LATERAL (
            SELECT first.pake_id WHERE first.pake_id <> e.pake_id
            UNION ALL
            SELECT o.pake_id {alike} AND o.pake_id <> e.pake_id AND first.pake_id = e.pake_id
        ) AS other
        WHERE e.entry_id = ANY ($1::bigint[])
    """


async def texts(connection: Connection, entry_ids: Iterable[int]) -> dict[int, tuple[UUID, str]]:
    """Return (pake_id, title and text) of each of `entry_ids`."""
    rows = await connection.fetch(
        """
        SELECT entry_id, pake_id, d.title || E'\\n\\n' || d.text AS text
        FROM entries JOIN documents d USING (entry_id) WHERE entry_id = ANY ($1::bigint[])
        """,
        list(entry_ids),
    )
    return {row["entry_id"]: (row["pake_id"], row["text"]) for row in rows}


async def replace_candidates(
    connection: Connection, pake_ids: Sequence[UUID], candidates: Sequence[Candidate], *, version: str, run_id: str
) -> ChangedPairs:
    """Let `candidates` be all that is known of pairs with `pake_ids`; return what that changed."""
    given = [
        {
            "a_id": str(candidate.a),
            "b_id": str(candidate.b),
            "level": candidate.level,
            "score": candidate.score,
            "decision": candidate.decision,
            "evidence": dict(candidate.evidence),
        }
        for candidate in candidates
    ]
    exact = await connection.fetch(
        """
        SELECT a_id, b_id FROM duplicate_candidates
        WHERE (a_id = ANY ($1::uuid[]) OR b_id = ANY ($1::uuid[])) AND level <> 'semantic'
        """,
        list(pake_ids),
    )
    gone = await connection.fetch(
        """
        DELETE FROM duplicate_candidates c
        WHERE (a_id = ANY ($1::uuid[]) OR b_id = ANY ($1::uuid[])) AND NOT EXISTS (
            SELECT 1 FROM jsonb_to_recordset($2) AS g(a_id uuid, b_id uuid) WHERE g.a_id = c.a_id AND g.b_id = c.b_id)
        RETURNING a_id, b_id
        """,
        list(pake_ids),
        given,
    )
    changed = await connection.fetch(
        """
        INSERT INTO duplicate_candidates AS c (a_id, b_id, level, score, decision, evidence, version, run_id)
        SELECT a_id, b_id, level, score, decision, evidence, $2, $3 FROM jsonb_to_recordset($1)
            AS g(a_id uuid, b_id uuid, level text, score real, decision text, evidence jsonb)
        ON CONFLICT (a_id, b_id) DO UPDATE SET (level, score, decision, evidence, version, run_id)
            = (excluded.level, excluded.score, excluded.decision, excluded.evidence, excluded.version, excluded.run_id)
        WHERE (c.level, c.score, c.decision) IS DISTINCT FROM (excluded.level, excluded.score, excluded.decision)
        RETURNING a_id, b_id
        """,
        given,
        version,
        run_id,
    )
    crash.point(CrashPoint.DUPLICATES_CANDIDATES_WRITTEN)
    still = {(candidate.a, candidate.b) for candidate in candidates if candidate.level != "semantic"}
    parted = {tuple(row) for row in exact} - still
    return ChangedPairs(
        items={one for row in (*gone, *changed) for one in row}, parted={one for pair in parted for one in pair}
    )


async def partners(connection: Connection, pake_ids: Sequence[UUID]) -> set[UUID]:
    """Return every other item that is part of a compared pair with one of `pake_ids`."""
    rows = await connection.fetch(
        """
        SELECT b_id AS other_id FROM duplicate_candidates WHERE a_id = ANY ($1::uuid[])
        UNION
        SELECT a_id FROM duplicate_candidates WHERE b_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return {row["other_id"] for row in rows} - set(pake_ids)


async def surroundings(connection: Connection, pake_ids: Iterable[UUID]) -> tuple[set[UUID], list[tuple[UUID, UUID]]]:
    """Return every item connected with `pake_ids` by duplicate pairs or old groups, and the pairs between them."""
    rows = await connection.fetch(
        """
        WITH RECURSIVE reached(pake_id) AS (
            SELECT unnest($1::uuid[])
            UNION
            SELECT step.pake_id FROM reached CROSS JOIN LATERAL (
                SELECT b_id AS pake_id FROM duplicate_candidates WHERE a_id = reached.pake_id AND decision = 'duplicate'
                UNION ALL
                SELECT a_id FROM duplicate_candidates WHERE b_id = reached.pake_id AND decision = 'duplicate'
                UNION ALL
                SELECT mate.pake_id FROM duplicate_members mine JOIN duplicate_members mate USING (group_id)
                WHERE mine.pake_id = reached.pake_id
            ) AS step
        )
        SELECT pake_id FROM reached
        """,
        list(pake_ids),
    )
    reached = {row["pake_id"] for row in rows}
    pairs = await connection.fetch(
        """
        SELECT a_id, b_id FROM duplicate_candidates
        WHERE decision = 'duplicate' AND a_id = ANY ($1::uuid[]) AND b_id = ANY ($1::uuid[])
        """,
        list(reached),
    )
    return reached, [(row["a_id"], row["b_id"]) for row in pairs]


async def members(connection: Connection, pake_ids: Iterable[UUID]) -> list[Member]:
    """Return what decides on the canonical member, for each of `pake_ids` that is in force and was kept."""
    rows = await connection.fetch(
        """
        SELECT e.pake_id, e.published_at AS dated, s.authority
        FROM entries e JOIN items i USING (pake_id) JOIN sources s USING (source) JOIN documents d USING (entry_id)
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL AND e.pake_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return [Member(**row) for row in rows]


async def replace_groups(
    connection: Connection, touched: Iterable[UUID], groups: Sequence[Group], run_id: str
) -> set[UUID]:
    """Let `groups` be all the groups among the items `touched`; return the items whose membership or role changed."""
    before = await _roles(connection, touched)
    now = {
        member: (group.group_id, member == group.canonical_id, len(group.members))
        for group in groups
        for member in group.members
    }
    changed = {pake_id for pake_id in before.keys() | now.keys() if before.get(pake_id) != now.get(pake_id)}
    if not changed:
        return set()
    stale = {role[0] for role in before.values()} | {group.group_id for group in groups}
    await connection.execute("DELETE FROM duplicate_groups WHERE group_id = ANY ($1::uuid[])", list(stale))
    await connection.executemany(
        "INSERT INTO duplicate_groups (group_id, canonical_id, members, run_id) VALUES ($1, $2, $3, $4)",
        [(group.group_id, group.canonical_id, len(group.members), run_id) for group in groups],
    )
    await connection.executemany(
        "INSERT INTO duplicate_members (pake_id, group_id) VALUES ($1, $2)",
        [(member, group.group_id) for group in groups for member in group.members],
    )
    crash.point(CrashPoint.DUPLICATES_GROUPS_WRITTEN)
    return changed


async def _roles(connection: Connection, pake_ids: Iterable[UUID]) -> dict[UUID, tuple[UUID, bool, int]]:
    rows = await connection.fetch(
        """
        SELECT m.pake_id, g.group_id, m.pake_id = g.canonical_id AS is_canonical, g.members
        FROM duplicate_members m JOIN duplicate_groups g USING (group_id) WHERE m.pake_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return {row["pake_id"]: (row["group_id"], row["is_canonical"], row["members"]) for row in rows}


@dataclass(frozen=True, slots=True)
class GroupCounts:
    """How many groups there are, how many members beside the canonical ones, and the size of the largest."""

    groups: int
    duplicates: int
    largest: int


async def group_counts(connection: Connection) -> GroupCounts:
    """Count the groups of the whole store."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS groups, coalesce(sum(members - 1), 0)::bigint AS duplicates,
               coalesce(max(members), 0) AS largest
        FROM duplicate_groups
        """
    )
    return GroupCounts(**row)
