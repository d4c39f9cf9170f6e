"""The outbox (`notifications`): messages that wait for their channels, and what became of them.

A message is put in by the transaction that decides to send it. To be sent it is leased, which is committed before
anything goes out and is no mark of having been sent: a sender that dies leaves a lease that runs out, and the message
goes out again with the same key. Messages of one group go out on a channel one after the other, in the order in which
they were put in, so that no resolve overtakes its fire. Stored moments that lie after now were stored by a clock that
has been set back, and count as past.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.model.alert import Message
from pake_pipelines.store.database import Connection

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_MINUTE: Final = timedelta(minutes=1)
# two daemons read their clocks one after the other, and a lease of the later one is no sign of a clock set back: only
# one that runs out later than two leases from now is
FREE: Final = """(leased_until IS NULL OR leased_until <= $2
    OR leased_until > $3::timestamptz + ($3::timestamptz - $2::timestamptz))"""
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
HELD: Final = """
    SELECT part.group_key FROM notifications whole JOIN notifications part ON part.summary_id = whole.notification_id
    WHERE whole.channel = $1 AND whole.state = 'waiting'
"""
"""Groups of the channel in parameter 1 that have messages in a summary which is not sent yet."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send until its lease runs out, for the `attempts`-th time.

    `accepted` are the recipients that have taken it already.
    """

    notification_id: int
    kind: str
    message: Mapping[str, Any]
    attempts: int
    created_at: datetime
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lease:
    """For how long a message is leased from `now` on, and how much later than now it can be due (`longest_retry`)."""

    now: datetime
    seconds: float
    longest_retry: float

    @property
    def until(self) -> datetime:
        """When a lease of now runs out; much later ones were given by a clock that has been set back."""
        return self.now + timedelta(seconds=self.seconds)

    @property
    def latest_due(self) -> datetime:
        """The latest moment that a retry can have been put off to."""
        return self.now + timedelta(seconds=self.longest_retry)


@cache
def _form() -> "TypeAdapter[Message]":
    from pydantic import TypeAdapter

    return TypeAdapter(Message)


def message_of(stored: Mapping[str, Any]) -> Message:
    """Return the message that was stored as `stored`. Raises ValueError where it is none."""
    return _form().validate_python(stored)


async def put(connection: Connection, channel: str, message: Message, now: datetime) -> bool:
    """Put `message` into the outbox of `channel`; False when it was there already, which its key tells."""
    return await add(connection, channel, message, now) is not None


async def add(connection: Connection, channel: str, message: Message, now: datetime) -> int | None:
    """Put `message` in as `put` does; return its number, None when it was there already."""
    added: int | None = await connection.fetchval(
        """
        INSERT INTO notifications (key, channel, kind, group_key, message, due_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (channel, key) DO NOTHING RETURNING notification_id
        """,
        message.key,
        channel,
        message.kind,
        message.group,
        _storable(_form().dump_python(message)),
        now,
    )
    return added


def _storable(value: Any) -> Any:
    """Return `value` without the characters that no jsonb holds: NUL, and half of a surrogate pair."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, tuple | list) else value


async def channels_due(connection: Connection, lease: Lease) -> list[str]:
    """Return the channels for which something waits that is due, and which are not to be left alone."""
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT channel FROM notifications n LEFT JOIN channel_states c USING (channel)
        WHERE state = 'waiting' AND {FREE} AND (attempts = 0 OR due_at <= $2 OR due_at > $1)
          AND (c.held_until IS NULL OR c.held_until <= $2 OR c.at > $2)
          AND (attempts = 0 OR c.rests_until IS NULL OR c.rests_until <= $2 OR c.at > $2)
        ORDER BY channel
        """,
        lease.latest_due,
        lease.now,
        lease.until,
    )
    return [row["channel"] for row in rows]


async def used_this_minute(connection: Connection, channel: str, lease: Lease) -> int:
    """Return how many messages `channel` took or refused for good within the last minute, or is being sent."""
    used: int = await connection.fetchval(
        f"""
        SELECT (SELECT count(*) FROM notifications
                WHERE channel = $1 AND state IN ('sent', 'dead') AND ended_at > $4 AND ended_at <= $2)
             + (SELECT count(*) FROM notifications WHERE channel = $1 AND state = 'waiting' AND NOT {FREE})
        """,
        channel,
        lease.now,
        lease.until,
        lease.now - _MINUTE,
    )
    return used


async def claim(connection: Connection, channel: str, lease: Lease, *, retries: bool = True) -> Claimed | None:
    """Lease the next message of `channel`: one that is the first of its group, and due.

    Without `retries` only what was never tried is. Those that were tried least often come first, then the gravest,
    then the oldest; so one that is never taken does not keep the others waiting.
    """
    row = await connection.fetchrow(
        f"""
        WITH first AS (
            SELECT DISTINCT ON (group_key) notification_id FROM notifications
            WHERE channel = $1 AND state = 'waiting' AND group_key NOT IN ({HELD})
            ORDER BY group_key, notification_id
        ), next AS (
            SELECT n.notification_id FROM notifications n JOIN first USING (notification_id)
            WHERE state = 'waiting' AND {FREE} AND (attempts = 0 OR ($5 AND (due_at <= $2 OR due_at > $4)))
            ORDER BY attempts, array_position(ARRAY['critical', 'error', 'warning', 'info'], message ->> 'severity'),
                     n.notification_id
            LIMIT 1 FOR UPDATE OF n SKIP LOCKED
        )
        UPDATE notifications n SET leased_until = $3, attempts = attempts + 1 FROM next
        WHERE n.notification_id = next.notification_id
        RETURNING n.notification_id, kind, message, attempts, created_at, accepted
        """,
        channel,
        lease.now,
        lease.until,
        lease.latest_due,
        retries,
    )
    return None if row is None else Claimed(**{**row, "accepted": tuple(row["accepted"])})


async def mark_sent(connection: Connection, claimed: Claimed, now: datetime, note: str | None) -> bool:
    """Note that it was sent, also after the lease ran out; `note` is what some recipients refused."""
    done = await connection.fetchval(
        """
        UPDATE notifications SET state = 'sent', ended_at = $2, leased_until = NULL,
            last_error = coalesce($3, last_error)
        WHERE notification_id = $1 AND state = 'waiting' RETURNING true
        """,
        claimed.notification_id,
        now,
        note,
    )
    return bool(done)


async def retry_later(
    connection: Connection, claimed: Claimed, due_at: datetime, error: str, accepted: Collection[str]
) -> bool:
    """Let it wait until `due_at`; False when another sender has it by now."""
    done = await connection.fetchval(
        """
        UPDATE notifications SET due_at = $3, leased_until = NULL, last_error = $4, accepted = $5
        WHERE notification_id = $1 AND state = 'waiting' AND attempts = $2 RETURNING true
        """,
        claimed.notification_id,
        claimed.attempts,
        due_at,
        error,
        sorted({*claimed.accepted, *accepted}),
    )
    return bool(done)


async def hurry(connection: Connection, channel: str, now: datetime) -> None:
    """Make due what was put off while `channel` took nothing."""
    await connection.execute(
        """
        UPDATE notifications SET due_at = $2
        WHERE channel = $1 AND state = 'waiting' AND leased_until IS NULL AND due_at > $2
        """,
        channel,
        now,
    )


async def mark_dead(connection: Connection, claimed: Claimed, now: datetime, error: str) -> bool:
    """Make it a dead letter; False when another sender has it by now."""
    done = await connection.fetchval(
        """
        UPDATE notifications SET state = 'dead', ended_at = $3, leased_until = NULL, last_error = $4
        WHERE notification_id = $1 AND state = 'waiting' AND attempts = $2 RETURNING true
        """,
        claimed.notification_id,
        claimed.attempts,
        now,
        error,
    )
    return bool(done)


async def give_up(connection: Connection, channel: str, lease: Lease, put_before: datetime, error: str) -> int:
    """Make dead letters of all that has waited for `channel` since before `put_before`; return how many."""
    rows = await connection.fetch(
        f"""
        UPDATE notifications SET state = 'dead', ended_at = $2, leased_until = NULL, last_error = $5
        WHERE channel = $1 AND state = 'waiting' AND {FREE} AND created_at < $4 RETURNING notification_id
        """,
        channel,
        lease.now,
        lease.until,
        put_before,
        error,
    )
    return len(rows)


async def mark_not_configured(connection: Connection, channel: str, lease: Lease, why: str) -> int:
    """Take what waits for a channel that is not configured out of the queue; return how many."""
    rows = await connection.fetch(
        f"""
        UPDATE notifications SET state = 'not_configured', ended_at = $2, leased_until = NULL, last_error = $4
        WHERE channel = $1 AND state = 'waiting' AND {FREE} RETURNING notification_id
        """,
        channel,
        lease.now,
        lease.until,
        why,
    )
    return len(rows)
