"""Labels: what people said of versions of items, to measure the score by (`quality_labels`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person sees of an item to label; neither score nor verdict is among it."""

    entry_id: int
    pake_id: UUID
    title: str
    text: str
    source_name: str
    published_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label; `weight` is the inverse of the probability with which a sample took the item."""

    entry_id: int
    good: bool
    weight: float = 1.0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class StoredLabel:
    """A label with the item as it is judged now; `decision_score` is uncalibrated, None where there is none.

    `superseded` labels are of a version that another one has replaced.
    """

    entry_id: int
    actor: str
    good: bool
    weight: float
    created_at: datetime
    source: str
    published_at: datetime | None
    superseded: bool
    decision_score: float | None
    authority: float | None
    characters: int | None


async def unlabelled(connection: Connection, actor: str) -> list[tuple[int, float]]:
    """Return (entry, decision score) of the scored items that `actor` has not labelled, by entry.

    Copies are left out: a person need not read a text twice, and one text must not be in fit and check of a curve.
    """
    rows = await connection.fetch(
        """
        SELECT c.entry_id, c.decision_score FROM confidence_scores c
        JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
        LEFT JOIN duplicate_members m USING (pake_id) LEFT JOIN duplicate_groups g USING (group_id)
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL AND coalesce(g.canonical_id, e.pake_id) = e.pake_id
          AND NOT EXISTS (SELECT FROM quality_labels l WHERE l.entry_id = c.entry_id AND l.actor = $1)
        ORDER BY c.entry_id
        """,
        actor,
    )
    return [(row["entry_id"], row["decision_score"]) for row in rows]


async def shown(connection: Connection, entry_id: int) -> Shown | None:
    """Return the item to label, None when it is gone by now."""
    row = await connection.fetchrow(
        """
        SELECT e.entry_id, e.pake_id, d.title, d.text, s.name AS source_name, e.published_at, e.url
        FROM entries e JOIN documents d USING (entry_id) JOIN items i USING (pake_id) JOIN sources s USING (source)
        WHERE e.entry_id = $1 AND e.superseded_at IS NULL AND d.dropped IS NULL
        """,
        entry_id,
    )
    return Shown(**row) if row else None


async def current_entries(connection: Connection, pake_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the entry in force of each of `pake_ids` that has one."""
    rows = await connection.fetch(
        "SELECT pake_id, entry_id FROM entries WHERE superseded_at IS NULL AND pake_id = ANY ($1::uuid[])",
        list(pake_ids),
    )
    return {row["pake_id"]: row["entry_id"] for row in rows}


async def known_entries(connection: Connection, entry_ids: Iterable[int]) -> set[int]:
    """Return those of `entry_ids` that there are."""
    rows = await connection.fetch("SELECT entry_id FROM entries WHERE entry_id = ANY ($1::bigint[])", list(entry_ids))
    return {row["entry_id"] for row in rows}


async def save(connection: Connection, actor: str, labels: Sequence[NewLabel]) -> None:
    """Store what `actor` says, with the decision score of the moment; a new label of a version replaces the old one."""
    await connection.execute(
        """
        INSERT INTO quality_labels AS l (entry_id, actor, good, note, weight, decision_score)
        SELECT g.entry_id, $1, g.good, g.note, g.weight, c.decision_score
        FROM unnest($2::bigint[], $3::boolean[], $4::text[], $5::float8[]) AS g(entry_id, good, note, weight)
        LEFT JOIN confidence_scores c USING (entry_id)
        ON CONFLICT (entry_id, actor) DO UPDATE SET (good, note, weight, decision_score, created_at)
            = (excluded.good, excluded.note, excluded.weight, excluded.decision_score, now())
        """,
        actor,
        [one.entry_id for one in labels],
        [one.good for one in labels],
        [one.note for one in labels],
        [one.weight for one in labels],
    )


async def take_back(connection: Connection, actor: str, entry_id: int) -> None:
    """Remove the label of `actor`, if there is one."""
    await connection.execute("DELETE FROM quality_labels WHERE actor = $1 AND entry_id = $2", actor, entry_id)


async def stored(connection: Connection) -> list[StoredLabel]:
    """Return every label with its item as it is judged now, in a stable order."""
    rows = await connection.fetch(
        """
        SELECT l.entry_id, l.actor, l.good, l.weight, l.created_at, i.source, e.published_at,
               e.superseded_at IS NOT NULL AS superseded, c.decision_score, d.characters,
               (SELECT (f ->> 'value')::float8 FROM jsonb_array_elements(c.factors) f
                WHERE f ->> 'name' = 'source_authority') AS authority
        FROM quality_labels l JOIN entries e USING (entry_id) JOIN items i USING (pake_id)
        LEFT JOIN documents d ON d.entry_id = l.entry_id AND d.dropped IS NULL
        LEFT JOIN confidence_scores c ON c.entry_id = d.entry_id
        ORDER BY l.entry_id, l.actor
        """
    )
    return [StoredLabel(**row) for row in rows]
