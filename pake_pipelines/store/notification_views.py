"""Looking at the outbox, and what is done to it by hand: what waits, what is dead and why, trying again, pruning."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Notification:
    """A message and what became of it; `state` is waiting, sent, dead, summarised or not_configured.

    `summary_id` is the message that stood for it. Moments are aware; `due_at` counts while it waits.
    """

    notification_id: int
    key: str
    channel: str
    kind: str
    group_key: str
    title: str
    state: str
    attempts: int
    due_at: datetime
    last_error: str | None
    created_at: datetime
    ended_at: datetime | None
    summary_id: int | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a channel has not sent: how many wait, since when the oldest does, how many are dead.

    `failing` are those that wait after a failed attempt, `newly_dead` those that died after the last success.
    """

    waiting: int = 0
    failing: int = 0
    oldest_at: datetime | None = None
    dead: int = 0
    newly_dead: int = 0


async def notifications(
    connection: Connection, *, channel: str | None = None, states: Collection[str] | None = None, limit: int = 100
) -> Sequence[Notification]:
    """Return the newest messages, newest first, of one channel and in some states only where these are given."""
    rows = await connection.fetch(
        """
        SELECT notification_id, key, channel, kind, group_key, message ->> 'title' AS title, state, attempts, due_at,
               last_error, created_at, ended_at, summary_id
        FROM notifications WHERE ($1::text IS NULL OR channel = $1) AND ($2::text[] IS NULL OR state = ANY ($2))
        ORDER BY notification_id DESC LIMIT $3
        """,
        channel,
        None if states is None else list(states),
        limit,
    )
    return [Notification(**row) for row in rows]


async def message(connection: Connection, notification_id: int) -> Mapping[str, Any] | None:
    """Return the whole message as it is stored, None when there is no such one."""
    stored: Mapping[str, Any] | None = await connection.fetchval(
        "SELECT message FROM notifications WHERE notification_id = $1", notification_id
    )
    return stored


async def backlogs(connection: Connection) -> dict[str, Backlog]:
    """Return what each channel has not sent; channels that have sent everything are left out."""
    rows = await connection.fetch(
        """
        SELECT n.channel, count(*) FILTER (WHERE state = 'waiting') AS waiting,
               count(*) FILTER (WHERE state = 'waiting' AND n.last_error IS NOT NULL) AS failing,
               min(created_at) FILTER (WHERE state = 'waiting') AS oldest_at,
               count(*) FILTER (WHERE state = 'dead') AS dead,
               count(*) FILTER (WHERE state = 'dead' AND ended_at >= c.failing_since) AS newly_dead
        FROM notifications n LEFT JOIN channel_states c ON c.channel = n.channel
        WHERE state IN ('waiting', 'dead') GROUP BY n.channel
        """
    )
    return {row["channel"]: Backlog(*list(row.values())[1:]) for row in rows}


async def retry(
    connection: Connection, now: datetime, *, ids: Collection[int] | None = None, channel: str | None = None
) -> int:
    """Let dead letters, and what had no configured channel, go out after all; return how many.

    Those with one of `ids`, or all of `channel`; all of all channels when neither is given. They keep their keys.
    """
    rows = await connection.fetch(
        """
        UPDATE notifications SET state = 'waiting', attempts = 0, due_at = $1, created_at = $1, ended_at = NULL
        WHERE state IN ('dead', 'not_configured') AND ($2::bigint[] IS NULL OR notification_id = ANY ($2))
          AND ($3::text IS NULL OR channel = $3)
        RETURNING notification_id
        """,
        now,
        None if ids is None else list(ids),
        channel,
    )
    return len(rows)


async def prune(connection: Connection, before: datetime) -> int:
    """Delete what was dealt with before `before`; return how many. What waits stays, however old."""
    rows = await connection.fetch(
        "DELETE FROM notifications WHERE state <> 'waiting' AND ended_at < $1 RETURNING notification_id", before
    )
    return len(rows)
