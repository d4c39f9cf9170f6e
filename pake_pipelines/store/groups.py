"""Groups of duplicates, their members and what binds them (`duplicate_groups`, `duplicate_members`, `_rulings`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.comparison import Candidate, Group, Ruled
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Items that hang together, with all that is known of the pairs between them."""

    items: set[UUID]
    pairs: list[Candidate]
    rulings: list[Ruled]


async def lock_grouping(connection: Connection) -> None:
    """Let only one transaction at a time decide on groups, so that two runs never merge past each other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('pake.duplicate_groups'))")


async def surroundings(connection: Connection, pake_ids: Iterable[UUID]) -> Surroundings:
    """Return every item connected with `pake_ids` by duplicate pairs, rulings or old groups, and what binds them."""
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
                SELECT b_id FROM duplicate_rulings WHERE a_id = reached.pake_id AND ruling = 'together'
                UNION ALL
                SELECT a_id FROM duplicate_rulings WHERE b_id = reached.pake_id AND ruling = 'together'
                UNION ALL
                SELECT mate.pake_id FROM duplicate_members mine JOIN duplicate_members mate USING (group_id)
                WHERE mine.pake_id = reached.pake_id
            ) AS step
        )
        SELECT pake_id FROM reached
        """,
        list(pake_ids),
    )
    reached = [row["pake_id"] for row in rows]
    return Surroundings(set(reached), await pairs_among(connection, reached), await _rulings_among(connection, reached))


async def pairs_among(connection: Connection, pake_ids: Sequence[UUID]) -> list[Candidate]:
    """Return the pairs of `pake_ids` that were found to be duplicates or to contradict each other."""
    rows = await connection.fetch(
        """
        SELECT a_id AS a, b_id AS b, level, reason, score, decision, evidence FROM duplicate_candidates
        WHERE decision <> 'similar' AND a_id = ANY ($1::uuid[]) AND b_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return [Candidate(**row) for row in rows]


async def _rulings_among(connection: Connection, pake_ids: Sequence[UUID]) -> list[Ruled]:
    rows = await connection.fetch(
        """
        SELECT a_id AS a, b_id AS b, ruling FROM duplicate_rulings
        WHERE a_id = ANY ($1::uuid[]) AND b_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return [Ruled(**row) for row in rows]


async def entries_of(connection: Connection, pake_ids: Iterable[UUID]) -> list[int]:
    """Return the kept versions in force of `pake_ids`."""
    rows = await connection.fetch(
        """
        SELECT entry_id FROM entries e JOIN documents d USING (entry_id)
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL AND e.pake_id = ANY ($1::uuid[]) ORDER BY e.pake_id
        """,
        list(pake_ids),
    )
    return [row["entry_id"] for row in rows]


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
        """
        INSERT INTO duplicate_groups (group_id, canonical_id, canonical_because, members, run_id)
        VALUES ($1, $2, $3, $4, $5)
        """,
        [(one.group_id, one.canonical_id, one.canonical_because, len(one.members), run_id) for one in groups],
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
    """The groups of the whole store: how many, members beside the canonical ones in all and by what ties them, largest.

    `suspicious` are the groups with more members than some bound that are not word for word the same.
    """

    groups: int
    duplicates: int
    by_level: Mapping[str, int]
    largest: int
    suspicious: int


# the closest tie of each member to another of its group; a person's ruling where there is no such pair
TIES = """
SELECT m.group_id, m.pake_id, tie.* FROM duplicate_members m CROSS JOIN LATERAL (
    SELECT c.level, c.reason, c.score, c.evidence, c.other_id FROM (
        SELECT level, reason, score, evidence, b_id AS other_id FROM duplicate_candidates
        WHERE a_id = m.pake_id AND decision = 'duplicate'
        UNION ALL
        SELECT level, reason, score, evidence, a_id FROM duplicate_candidates
        WHERE b_id = m.pake_id AND decision = 'duplicate'
        UNION ALL
        SELECT 'person', 'ruled_together', 1, '{}', CASE WHEN a_id = m.pake_id THEN b_id ELSE a_id END
        FROM duplicate_rulings WHERE m.pake_id IN (a_id, b_id) AND ruling = 'together'
    ) AS c JOIN duplicate_members mate ON mate.pake_id = c.other_id AND mate.group_id = m.group_id
    ORDER BY c.score DESC, c.other_id LIMIT 1
) AS tie
"""


async def group_counts(connection: Connection, *, suspicious_members: int) -> GroupCounts:
    """Count the groups of the whole store; those of more than `suspicious_members` different texts are suspicious."""
    row = await connection.fetchrow(
        f"""
        WITH ties AS ({TIES}), by_group AS (
            SELECT group_id, count(*) FILTER (WHERE reason <> 'same_text') AS different FROM ties GROUP BY group_id
        )
        SELECT count(*) AS groups, coalesce(sum(g.members - 1), 0)::bigint AS duplicates,
               coalesce(max(g.members), 0) AS largest,
               count(*) FILTER (WHERE b.different > $1) AS suspicious,
               (SELECT coalesce(jsonb_object_agg(level, members), '{{}}') FROM (
                   SELECT t.level, count(*) AS members FROM ties t JOIN duplicate_groups tg USING (group_id)
                   WHERE t.pake_id <> tg.canonical_id GROUP BY t.level) AS levels) AS by_level
        FROM duplicate_groups g LEFT JOIN by_group b USING (group_id)
        """,
        suspicious_members,
    )
    return GroupCounts(**row)
