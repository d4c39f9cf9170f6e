"""When one of several services was last seen down, by the probes of a stretch of time (REP-05)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Watch:
    """The first probe that told anything, and the last that found a service down; None where none did."""

    first_at: datetime | None
    last_down_at: datetime | None


async def watch(connection: Connection, services: Collection[str], since: datetime, until: datetime) -> Watch:
    """Return what was seen of `services` from `since` up to `until`."""
    row = await connection.fetchrow(
        """
        SELECT min(at) AS first_at, max(at) FILTER (WHERE status IN ('unhealthy', 'critical')) AS last_down_at
        FROM health_samples
        WHERE service = ANY ($1::text[]) AND at >= $2 AND at <= $3 AND status NOT IN ('unknown', 'not_configured')
        """,
        list(services),
        since,
        until,
    )
    return Watch(**row)
