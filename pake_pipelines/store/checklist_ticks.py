"""Ticks of checklists (`audit_events`): what a person says that they have done, with who, when and what they noted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.store import audit
from pake_pipelines.store.database import Connection

ACTION: Final = "checklist.tick"


@dataclass(frozen=True, slots=True)
class Tick:
    """Somebody's word that an item was done."""

    actor: str
    at: datetime
    note: str


async def note(connection: Connection, checklist: str, item: str, *, actor: str, note: str) -> int:
    """Note that `actor` has done `item`; return the number of the event. Belongs into a transaction."""
    details = {"checklist": checklist, "item": item, "note": note}
    return await audit.record(connection, actor=actor, action=ACTION, subject=f"{checklist}/{item}", details=details)


async def newest(connection: Connection, checklist: str, since: datetime) -> dict[str, Tick]:
    """Return the newest tick of each item of `checklist` since then, by item."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (subject) details ->> 'item' AS item, actor, created_at AS at,
               coalesce(details ->> 'note', '') AS note
        FROM audit_events
        WHERE action = $1 AND starts_with(subject, $2 || '/') AND created_at > $3 ORDER BY subject, event_id DESC
        """,
        ACTION,
        checklist,
        since,
    )
    return {row["item"]: Tick(row["actor"], row["at"], row["note"]) for row in rows}
