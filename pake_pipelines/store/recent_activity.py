"""What was done of late, and how much of what is kept is used: counts for a page that is written every few minutes.

Each is answered from an index or from a small table, however much the knowledge base holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often something was done, and when last; None where it never was."""

    count: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskCount:
    """How many runs of a maintenance task ended in `state`, and when the last of them did."""

    task: str
    state: str
    runs: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class StatusBin:
    """How many of the nodes that were made in the stretch from `at` on are of `status` now."""

    at: datetime
    status: str
    items: int


@dataclass(frozen=True, slots=True)
class StatusLine:
    """How many nodes are of one status, and their mean confidence."""

    status: str
    items: int
    average: float


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """The sources by how they stand: switched on, at rest after failures, and on with the last visit failed."""

    enabled: int
    resting: int
    failing: int


async def rounds_of(connection: Connection, metric: str, since: datetime, until: datetime) -> Rounds:
    """Return how often `metric`, which is sampled at every round, was sampled after `since`."""
    row = await connection.fetchrow(
        """
        SELECT count(DISTINCT at) AS count, max(at) AS last_at FROM metric_samples
        WHERE metric = $1 AND at > $2 AND at <= $3
        """,
        metric,
        since,
        until,
    )
    return Rounds(**row)


async def analysis_rounds(connection: Connection, since: datetime, until: datetime) -> Rounds:
    """Return how often samples were analysed after `since`."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS count, max(made_at) AS last_at FROM (
            SELECT made_at FROM analyses WHERE made_at > $1 AND made_at <= $2
            UNION SELECT made_at FROM forecasts WHERE made_at > $1 AND made_at <= $2) AS made
        """,
        since,
        until,
    )
    return Rounds(**row)


async def task_counts(connection: Connection, since: datetime, until: datetime) -> list[TaskCount]:
    """Return the maintenance runs that ended after `since`, by task and end; dry runs did no work."""
    rows = await connection.fetch(
        """
        SELECT task, state, count(*) AS runs, max(finished_at) AS last_at FROM maintenance_runs
        WHERE NOT dry_run AND finished_at > $1 AND finished_at <= $2 GROUP BY task, state ORDER BY task, state
        """,
        since,
        until,
    )
    return [TaskCount(**row) for row in rows]


async def nodes_by_time(connection: Connection, since: datetime, until: datetime, width: timedelta) -> list[StatusBin]:
    """Return the nodes that were made between the moments, in stretches of `width` from `since` on, by status now."""
    rows = await connection.fetch(
        """
        SELECT date_bin($3, created_at, $1) AS at, verification_status AS status, count(*) AS items
        FROM knowledge_nodes WHERE created_at >= $1 AND created_at < $2 GROUP BY 1, 2 ORDER BY 1, 2
        """,
        since,
        until,
        width,
    )
    return [StatusBin(**row) for row in rows]


async def nodes_by_status(connection: Connection) -> list[StatusLine]:
    """Return how many nodes there are of each status."""
    rows = await connection.fetch(
        """
        SELECT verification_status AS status, count(*) AS items, avg(confidence_score)::float8 AS average
        FROM knowledge_nodes GROUP BY verification_status ORDER BY verification_status
        """
    )
    return [StatusLine(**row) for row in rows]


async def source_counts(connection: Connection, now: datetime) -> SourceCounts:
    """Count the sources by how they stand at `now`."""
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (WHERE enabled) AS enabled,
               count(*) FILTER (WHERE enabled AND resting_until > $1) AS resting,
               count(*) FILTER (WHERE enabled AND consecutive_failures > 0) AS failing
        FROM sources JOIN source_state USING (source)
        """,
        now,
    )
    return SourceCounts(**row)


async def used_again_share(connection: Connection) -> float | None:
    """Return the share of the cache's bytes that hold results which were used since they were made; None if empty."""
    share: float | None = await connection.fetchval(
        """
        SELECT coalesce(sum(size_bytes) FILTER (WHERE access_count > 0), 0)::float8 / nullif(sum(size_bytes), 0)
        FROM cache_entries
        """
    )
    return share
