"""Audit: who did what by hand, when and why (`audit_events`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pake_pipelines.store.database import Connection
from pake_pipelines.telemetry.events import audit_event


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A row of the audit; `details` has what is special to the action."""

    event_id: int
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]
    created_at: datetime


async def record(connection: Connection, *, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> int:
    """Note what `actor` does; belongs into the transaction that does it. Return the event's number.

    The audit log has it as well, and there also when the transaction comes to nothing.
    """
    event_id: int = await connection.fetchval(
        "INSERT INTO audit_events (actor, action, subject, details) VALUES ($1, $2, $3, $4) RETURNING event_id",
        actor,
        action,
        subject,
        dict(details),
    )
    audit_event(action, actor=actor, subject=subject, event_id=event_id, details=dict(details))
    return event_id


async def add_details(connection: Connection, event_id: int, details: Mapping[str, Any]) -> None:
    """Add what came of it to an event of the same transaction."""
    await connection.execute(
        "UPDATE audit_events SET details = details || $2 WHERE event_id = $1", event_id, dict(details)
    )


async def of_items(connection: Connection, action: str, pake_ids: Iterable[UUID]) -> Sequence[AuditEvent]:
    """Return the events that concern any of `pake_ids` and whose action begins with `action`, oldest first."""
    rows = await connection.fetch(
        """
        SELECT event_id, actor, action, subject, details, created_at FROM audit_events
        WHERE starts_with(action, $1) AND details -> 'items' ?| $2::text[] ORDER BY event_id
        """,
        action,
        [str(pake_id) for pake_id in pake_ids],
    )
    return [AuditEvent(**row) for row in rows]
