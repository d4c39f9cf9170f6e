"""What people ruled on pairs of items (`duplicate_rulings`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pake_pipelines.model.comparison import Ruled, Ruling
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class StoredRuling:
    """A ruling in force with the event that brought it."""

    a: UUID
    b: UUID
    ruling: Ruling
    event_id: int
    actor: str
    reason: str | None
    created_at: datetime


async def save_rulings(
    connection: Connection, pairs: Iterable[tuple[UUID, UUID]], ruling: Ruling, event_id: int
) -> None:
    """Let `ruling` hold for `pairs` (the smaller id first), whatever was ruled before."""
    given = list(pairs)
    await connection.execute(
        """
        INSERT INTO duplicate_rulings (a_id, b_id, ruling, event_id)
        SELECT a_id, b_id, $3, $4 FROM unnest($1::uuid[], $2::uuid[]) AS given(a_id, b_id)
        ON CONFLICT (a_id, b_id) DO UPDATE SET ruling = excluded.ruling, event_id = excluded.event_id
        """,
        [a for a, _ in given],
        [b for _, b in given],
        ruling,
        event_id,
    )


async def lift(connection: Connection, ruling: Ruling, among: Sequence[UUID]) -> list[Ruled]:
    """Take back every `ruling` on a pair of the items `among`; return what was taken back."""
    rows = await connection.fetch(
        """
        DELETE FROM duplicate_rulings
        WHERE ruling = $2 AND a_id = ANY ($1::uuid[]) AND b_id = ANY ($1::uuid[])
        RETURNING a_id AS a, b_id AS b, ruling
        """,
        among,
        ruling,
    )
    return sorted((Ruled(**row) for row in rows), key=lambda one: (one.a, one.b))


async def of_items(connection: Connection, pake_ids: Iterable[UUID]) -> list[StoredRuling]:
    """Return the rulings on pairs with any of `pake_ids`, oldest first."""
    rows = await connection.fetch(
        """
        SELECT r.a_id AS a, r.b_id AS b, r.ruling, r.event_id, e.actor, e.details ->> 'reason' AS reason, e.created_at
        FROM duplicate_rulings r JOIN audit_events e USING (event_id)
        WHERE r.a_id = ANY ($1::uuid[]) OR r.b_id = ANY ($1::uuid[]) ORDER BY r.event_id, r.a_id, r.b_id
        """,
        list(pake_ids),
    )
    return [StoredRuling(**row) for row in rows]
