"""When a critical service was last seen down, by the probes of a stretch of time (REP-05)."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Watch:
    """The first probe of a stretch of time, and the last that found a critical service down; None where none did."""

    first_at: datetime | None
    last_down_at: datetime | None


async def critical_watch(connection: Connection, since: datetime, until: datetime) -> Watch:
    """Return what was seen of critical services from `since` up to `until`."""
    row = await connection.fetchrow(
        """
        SELECT min(at) AS first_at, max(at) FILTER (WHERE status IN ('unhealthy', 'critical')) AS last_down_at
        FROM health_samples WHERE at >= $1 AND at <= $2 AND critical AND status NOT IN ('unknown', 'not_configured')
        """,
        since,
        until,
    )
    return Watch(**row)
