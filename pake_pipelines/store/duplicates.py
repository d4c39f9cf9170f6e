"""Compared pairs of items, and the lookups that find whom to compare (`duplicate_candidates`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.model.comparison import Candidate
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Compared:
    """A kept document in force, as it is compared with others."""

    entry_id: int
    pake_id: UUID
    title: str
    text: str
    canonical_url: str | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class ChangedPairs:
    """The items of all pairs that changed, and those that shared an address or words with another and do no longer."""

    items: set[UUID]
    parted: set[UUID]


async def in_force(connection: Connection, entry_ids: Iterable[int]) -> list[Compared]:
    """Return those of `entry_ids` that are in force and kept, by item."""
    rows = await connection.fetch(
        """
        SELECT entry_id, pake_id, d.title, d.text, d.canonical_url, d.content_hash
        FROM entries e JOIN documents d USING (entry_id)
        WHERE entry_id = ANY ($1::bigint[]) AND e.superseded_at IS NULL AND d.dropped IS NULL ORDER BY pake_id
        """,
        list(entry_ids),
    )
    return [Compared(**row) for row in rows]


async def sharing(connection: Connection, entry_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return with whom each of `entry_ids` shares its canonical address, and with whom its words.

    Of all that share the same, the item with the smallest id is paired with each of the others: that connects them all,
    and keeps a thousand copies from becoming half a million pairs. An item that a person ruled apart from another does
    not connect that one: the smallest of the others does.
    """
    rows = await connection.fetch(
        f"{_sharing('canonical_url')} UNION {_sharing('content_hash')} ORDER BY 1, 2", list(entry_ids)
    )
    return [(row["entry_id"], row["other_entry_id"]) for row in rows]


def _sharing(column: str) -> str:
    alike = f"""
        FROM documents od JOIN entries o USING (entry_id)
        WHERE od.{column} = d.{column} AND od.dropped IS NULL AND o.superseded_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM duplicate_rulings r WHERE r.ruling = 'apart'
              AND r.a_id = least(o.pake_id, e.pake_id) AND r.b_id = greatest(o.pake_id, e.pake_id))
    """
    return f"""
        SELECT e.entry_id, other.entry_id AS other_entry_id
        FROM entries e JOIN documents d USING (entry_id)
        CROSS JOIN LATERAL (SELECT o.pake_id, o.entry_id {alike} ORDER BY o.pake_id LIMIT 1) AS first
        CROSS JOIN LATERAL (
            SELECT first.entry_id WHERE first.pake_id <> e.pake_id
            UNION ALL
            SELECT o.entry_id {alike} AND o.pake_id <> e.pake_id AND first.pake_id = e.pake_id
        ) AS other
        WHERE e.entry_id = ANY ($1::bigint[])
    """


async def known(connection: Connection, entry_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return with whom each of `entry_ids` was compared before, as long as both are in force and kept.

    Being among the closest few is not mutual: without these, comparing an item again would forget the pairs that were
    found from their other side.
    """
    rows = await connection.fetch(
        """
        SELECT e.entry_id, o.entry_id AS other_entry_id
        FROM entries e JOIN duplicate_candidates c ON e.pake_id IN (c.a_id, c.b_id)
        JOIN entries o ON o.pake_id = CASE WHEN c.a_id = e.pake_id THEN c.b_id ELSE c.a_id END
                      AND o.superseded_at IS NULL
        JOIN documents od ON od.entry_id = o.entry_id AND od.dropped IS NULL
        WHERE e.entry_id = ANY ($1::bigint[]) ORDER BY 1, 2
        """,
        list(entry_ids),
    )
    return [(row["entry_id"], row["other_entry_id"]) for row in rows]


async def replace_candidates(
    connection: Connection, pake_ids: Sequence[UUID], candidates: Sequence[Candidate], *, version: str, run_id: str
) -> ChangedPairs:
    """Let `candidates` be all that is known of pairs with `pake_ids`; return what that changed."""
    given = [_record(candidate) for candidate in candidates]
    exact = await connection.fetch(
        """
        SELECT a_id, b_id FROM duplicate_candidates
        WHERE (a_id = ANY ($1::uuid[]) OR b_id = ANY ($1::uuid[])) AND level = 'exact'
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
        INSERT INTO duplicate_candidates AS c (a_id, b_id, level, reason, score, decision, evidence, version, run_id)
        SELECT a_id, b_id, level, reason, score, decision, evidence, $2, $3 FROM jsonb_to_recordset($1)
            AS g(a_id uuid, b_id uuid, level text, reason text, score real, decision text, evidence jsonb)
        ON CONFLICT (a_id, b_id) DO UPDATE SET (level, reason, score, decision, evidence, version, run_id)
            = (excluded.level, excluded.reason, excluded.score, excluded.decision, excluded.evidence, excluded.version,
               excluded.run_id)
        WHERE (c.level, c.reason, c.score, c.decision, c.evidence)
            IS DISTINCT FROM (excluded.level, excluded.reason, excluded.score, excluded.decision, excluded.evidence)
        RETURNING a_id, b_id
        """,
        given,
        version,
        run_id,
    )
    crash.point(CrashPoint.DUPLICATES_CANDIDATES_WRITTEN)
    still = {(candidate.a, candidate.b) for candidate in candidates if candidate.level == "exact"}
    parted = {tuple(row) for row in exact} - still
    return ChangedPairs(
        items={one for row in (*gone, *changed) for one in row}, parted={one for pair in parted for one in pair}
    )


def _record(candidate: Candidate) -> dict[str, Any]:
    return {
        "a_id": str(candidate.a),
        "b_id": str(candidate.b),
        "level": candidate.level,
        "reason": candidate.reason,
        "score": candidate.score,
        "decision": candidate.decision,
        "evidence": dict(candidate.evidence),
    }


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
