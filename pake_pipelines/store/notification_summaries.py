"""Messages of the outbox that one message stands for: which these can be, and that nothing is lost on the way.

A summary is put in by the transaction that takes its parts out of the queue. When it is not taken, its parts come back
and go out one by one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.model.alert import Message, MessageKind
from pake_pipelines.store.database import Connection
from pake_pipelines.store.notifications import FREE, HELD, Claimed, Lease, add

# digests and tests are sent as they are
_SUMMARISABLE: Final = (MessageKind.FIRE, MessageKind.RESOLVE, MessageKind.REPEAT, MessageKind.ESCALATION)


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in the outbox as it is stored; `message_of` reads it."""

    notification_id: int
    kind: str
    group_key: str
    message: Mapping[str, Any]
    created_at: datetime


async def put_summary(
    connection: Connection, channel: str, message: Message, parts: Collection[int], now: datetime
) -> None:
    """Put in a message that stands for `parts`, which are thereby dealt with: it is as sure to be sent as they were."""
    summary_id = await add(connection, channel, message, now)
    await connection.execute(
        """
        UPDATE notifications SET state = 'summarised', ended_at = $3, leased_until = NULL, summary_id = $2
        WHERE notification_id = ANY ($1::bigint[]) AND state = 'waiting'
        """,
        list(parts),
        summary_id,
        now,
    )


async def summarisable(connection: Connection, channel: str, lease: Lease, most: int) -> Sequence[Stored]:
    """Return and lock the oldest `most` messages that one summary may stand for, in order.

    Groups of which something is under way, or that have to wait for another message, are left out as a whole; so is
    what was in a summary that was not taken.
    """
    rows = await connection.fetch(
        f"""
        SELECT notification_id, kind, group_key, message, created_at FROM notifications
        WHERE channel = $1 AND state = 'waiting' AND group_key NOT IN (
            SELECT group_key FROM notifications
            WHERE channel = $1 AND state = 'waiting'
              AND NOT ({FREE} AND summary_id IS NULL AND kind = ANY ($4::text[]))
            UNION {HELD})
        ORDER BY notification_id LIMIT $5 FOR UPDATE
        """,
        channel,
        lease.now,
        lease.until,
        list(_SUMMARISABLE),
        most,
    )
    return [Stored(**row) for row in rows]


async def dissolve(connection: Connection, claimed: Claimed, now: datetime, error: str) -> bool:
    """Let the parts of a summary that is not taken go out one by one; False when another sender has it by now."""
    done = await connection.fetchval(
        """
        WITH whole AS (
            UPDATE notifications SET state = 'summarised', ended_at = $3, leased_until = NULL, last_error = $4
            WHERE notification_id = $1 AND state = 'waiting' AND attempts = $2 RETURNING notification_id
        )
        UPDATE notifications part SET state = 'waiting', ended_at = NULL FROM whole
        WHERE part.summary_id = whole.notification_id AND part.state = 'summarised' RETURNING true
        """,
        claimed.notification_id,
        claimed.attempts,
        now,
        error,
    )
    return bool(done)
