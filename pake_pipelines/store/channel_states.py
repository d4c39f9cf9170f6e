"""How each channel fares (`channel_states`): failures in a row, and until when it is left alone after them."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel that was tried: `failures` in a row since `failing_since`; `at` is when that was last noted.

    After failures what was tried before waits until `rests_until`; what is new may find out earlier that all is well.
    Until `held_until`, which the other side asked for, nothing is sent.
    """

    channel: str
    failures: int
    failing_since: datetime | None
    rests_until: datetime | None
    held_until: datetime | None
    last_error: str | None
    last_sent_at: datetime | None
    at: datetime

    def takes_nothing(self, now: datetime) -> bool:
        """Tell whether it is to be left alone; what a clock noted that has been set back since does not count."""
        return self.held_until is not None and self.at <= now < self.held_until

    def takes_no_retries(self, now: datetime) -> bool:
        """Tell whether what was tried before has to wait."""
        return self.rests_until is not None and self.at <= now < self.rests_until


async def lock(connection: Connection, channel: str, now: datetime) -> ChannelState:
    """Return the state of `channel`, locked until the transaction ends: one sender at a time chooses what is next."""
    await connection.execute(
        "INSERT INTO channel_states (channel, at) VALUES ($1, $2) ON CONFLICT DO NOTHING", channel, now
    )
    row = await connection.fetchrow("SELECT * FROM channel_states WHERE channel = $1 FOR UPDATE", channel)
    return ChannelState(**row)


async def read_all(connection: Connection) -> dict[str, ChannelState]:
    """Return the states of all channels that were ever tried, by name."""
    rows = await connection.fetch("SELECT * FROM channel_states ORDER BY channel")
    return {row["channel"]: ChannelState(**row) for row in rows}


async def note_success(connection: Connection, channel: str, now: datetime) -> None:
    """Note that `channel` has taken a message."""
    await connection.execute(
        """
        INSERT INTO channel_states (channel, last_sent_at, at) VALUES ($1, $2, $2)
        ON CONFLICT (channel) DO UPDATE SET failures = 0, failing_since = NULL, rests_until = NULL, held_until = NULL,
            last_error = NULL, last_sent_at = $2, at = $2
        """,
        channel,
        now,
    )


async def forget(connection: Connection, channel: str) -> None:
    """Forget a channel that is not configured any more: it fares neither well nor ill."""
    await connection.execute("DELETE FROM channel_states WHERE channel = $1", channel)


async def note_failure(
    connection: Connection,
    channel: str,
    now: datetime,
    error: str,
    *,
    rests_until: datetime | None = None,
    held_until: datetime | None = None,
) -> None:
    """Note that `channel` has not taken a message, and until when it is left alone."""
    await connection.execute(
        """
        INSERT INTO channel_states (channel, failures, failing_since, rests_until, held_until, last_error, at)
        VALUES ($1, 1, $2, $4, $5, $3, $2)
        ON CONFLICT (channel) DO UPDATE SET failures = channel_states.failures + 1,
            failing_since = coalesce(channel_states.failing_since, $2), rests_until = $4, held_until = $5,
            last_error = $3, at = $2
        """,
        channel,
        now,
        error,
        rests_until,
        held_until,
    )
