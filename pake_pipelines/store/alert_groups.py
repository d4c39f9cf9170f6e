"""What each channel was told of each group (`alert_groups`). It belongs into the transaction of an evaluation."""

from collections.abc import Collection, Iterable
from datetime import datetime

from pake_pipelines.model.episode import GroupState, Told
from pake_pipelines.store.database import Connection

Key = tuple[str, str]
"""A group and a channel."""


async def load(connection: Connection) -> dict[Key, GroupState]:
    """Return (group, channel) -> its state, of all in which something is to be remembered."""
    rows = await connection.fetch(
        "SELECT group_key, channel, told, waiting_since, last_told_at, messages FROM alert_groups"
    )
    return {(row["group_key"], row["channel"]): GroupState(**{**row, "told": _told(row["told"])}) for row in rows}


def _told(stored: dict[str, dict[str, object]]) -> dict[str, Told]:
    return {
        alert: Told(bool(one["flapping"]), tuple(str(step) for step in list(one["steps"])))  # type: ignore[call-overload]
        for alert, one in stored.items()
    }


async def save(connection: Connection, groups: Iterable[GroupState]) -> None:
    """Write `groups` as they are now."""
    if rows := list(groups):
        await connection.execute(
            """
            INSERT INTO alert_groups (group_key, channel, told, waiting_since, last_told_at, messages)
            SELECT * FROM jsonb_to_recordset($1) AS given(
                group_key text, channel text, told jsonb, waiting_since timestamptz, last_told_at timestamptz,
                messages bigint)
            ON CONFLICT (group_key, channel) DO UPDATE SET
                told = excluded.told, waiting_since = excluded.waiting_since, last_told_at = excluded.last_told_at,
                messages = excluded.messages
            """,
            rows,
        )


async def forget(connection: Connection, keys: Collection[Key]) -> None:
    """Forget groups of which nothing is left to remember."""
    if keys:
        await connection.execute(
            """
            DELETE FROM alert_groups g USING unnest($1::text[], $2::text[]) AS given(group_key, channel)
            WHERE g.group_key = given.group_key AND g.channel = given.channel
            """,
            [group for group, _ in keys],
            [channel for _, channel in keys],
        )


async def prune(connection: Connection, before: datetime) -> int:
    """Forget groups last told of before `before` whose alerts are all over: their channels are switched off."""
    rows = await connection.fetch(
        """
        DELETE FROM alert_groups g WHERE coalesce(last_told_at, waiting_since) < $1
          AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.state <> 'resolved' AND g.told ? a.alert_id)
        RETURNING group_key
        """,
        before,
    )
    return len(rows)
