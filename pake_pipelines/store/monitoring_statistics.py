"""What the monitoring report tells of services and metrics over time, counted in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pake_pipelines.model.health import HealthStatus
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Bin:
    """The samples of one series within a stretch of time that began at `at`."""

    metric: str
    labels: Mapping[str, str]
    at: datetime
    mean: float
    low: float
    high: float
    samples: int


@dataclass(frozen=True, slots=True)
class ServiceDay:
    """The probes of one service on one day (UTC): those that found it serving, and those that found anything out."""

    service: str
    day: date
    up: int
    known: int


@dataclass(frozen=True, slots=True)
class RestartCount:
    """Attempts to restart a service, by how they ended; `failed` has those that were interrupted."""

    service: str
    attempts: int
    verified: int
    failed: int
    by_hand: int
    last_at: datetime


async def metric_bins(
    connection: Connection, metrics: Collection[str], since: datetime, until: datetime, width: timedelta
) -> list[Bin]:
    """Return the samples of `metrics` in stretches of `width` from `since` on, oldest first, without empty ones."""
    rows = await connection.fetch(
        """
        SELECT metric, labels, date_bin($4, at, $2) AS at, avg(value) AS mean, min(value) AS low, max(value) AS high,
               count(*) AS samples
        FROM metric_samples WHERE metric = ANY ($1::text[]) AND at >= $2 AND at < $3 AND status = 'ok'
        GROUP BY 1, 2, 3 ORDER BY 3, 1, 2
        """,
        list(metrics),
        since,
        until,
        width,
    )
    return [Bin(**row) for row in rows]


async def worst_by_time(
    connection: Connection, since: datetime, until: datetime, cells: int
) -> dict[str, list[HealthStatus | None]]:
    """Return for each service the worst status in each of `cells` equal stretches; None where it was not probed.

    What is not known is worse than degraded and better than unhealthy.
    """
    width = (until - since) / cells
    rows = await connection.fetch(
        """
        SELECT service, floor(extract(epoch FROM at - $1) / $3)::int AS cell,
               max(array_position(ARRAY['not_configured', 'healthy', 'degraded', 'unknown', 'unhealthy', 'critical'],
                                  status)) AS gravity
        FROM health_samples WHERE at >= $1 AND at < $2 GROUP BY 1, 2
        """,
        since,
        until,
        width.total_seconds(),
    )
    found: dict[str, list[HealthStatus | None]] = {}
    for row in rows:
        strip = found.setdefault(row["service"], [None] * cells)
        strip[min(row["cell"], cells - 1)] = _BY_GRAVITY[row["gravity"] - 1]
    return found


_BY_GRAVITY = (
    HealthStatus.NOT_CONFIGURED,
    HealthStatus.HEALTHY,
    HealthStatus.DEGRADED,
    HealthStatus.UNKNOWN,
    HealthStatus.UNHEALTHY,
    HealthStatus.CRITICAL,
)


async def service_days(connection: Connection, since: datetime, until: datetime) -> list[ServiceDay]:
    """Return how the probes of each day went, by service; days on which nothing was found out are left out."""
    rows = await connection.fetch(
        """
        SELECT service, (at AT TIME ZONE 'UTC')::date AS day,
               count(*) FILTER (WHERE status IN ('healthy', 'degraded')) AS up, count(*) AS known
        FROM health_samples WHERE at >= $1 AND at < $2 AND status NOT IN ('unknown', 'not_configured')
        GROUP BY 1, 2 ORDER BY 2, 1
        """,
        since,
        until,
    )
    return [ServiceDay(**row) for row in rows]


async def restart_counts(connection: Connection, since: datetime) -> Sequence[RestartCount]:
    """Return the attempts to restart that began after `since`, by service, the one with most first."""
    rows = await connection.fetch(
        """
        SELECT service, count(*) AS attempts, count(*) FILTER (WHERE state = 'verified') AS verified,
               count(*) FILTER (WHERE state IN ('failed', 'interrupted')) AS failed,
               count(*) FILTER (WHERE by_hand) AS by_hand, max(begun_at) AS last_at
        FROM service_restarts WHERE begun_at > $1 GROUP BY service ORDER BY 2 DESC, 1
        """,
        since,
    )
    return [RestartCount(**row) for row in rows]
