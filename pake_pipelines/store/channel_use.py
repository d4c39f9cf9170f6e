"""What became of the last message of each channel: whether what is meant for people reaches them."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """The last message that a channel was done with: `state` is sent, dead or not_configured."""

    state: str
    at: datetime
    detail: str


async def last_ended(connection: Connection) -> dict[str, ChannelUse]:
    """Return the last message that each channel was done with; a channel that never had one is left out."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (channel) channel, state, ended_at AS at, coalesce(last_error, '') AS detail
        FROM notifications WHERE ended_at IS NOT NULL AND state IN ('sent', 'dead', 'not_configured')
        ORDER BY channel, ended_at DESC, notification_id DESC
        """
    )
    return {row["channel"]: ChannelUse(row["state"], row["at"], row["detail"]) for row in rows}
