"""What visits to sources brought within a stretch of time: altogether, stretch by stretch, and by source."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection

_COUNTS = """
    count(*) AS visits, count(*) FILTER (WHERE outcome = 'failed') AS failed, coalesce(sum(new), 0) AS new,
    coalesce(sum(updated), 0) AS updated, coalesce(sum(dead_letters), 0) AS dead_letters
"""


@dataclass(frozen=True, slots=True)
class Intake:
    """Visits, those of them that failed, what they brought, and how many entries were unreadable.

    `sources` is how many different sources were visited.
    """

    visits: int
    failed: int
    new: int
    updated: int
    dead_letters: int
    sources: int


@dataclass(frozen=True, slots=True)
class IntakeBin:
    """The same for the stretch that begins at `at`."""

    at: datetime
    visits: int
    failed: int
    new: int
    updated: int
    dead_letters: int


@dataclass(frozen=True, slots=True)
class SourceIntake:
    """A source within a stretch of time: its visits, and the nodes that were made of what it brought.

    `average` is the mean confidence of those nodes, None without any; `first_visit` says that there was none before.
    """

    source: str
    name: str
    kind: str
    enabled: bool
    visits: int
    failed: int
    new: int
    updated: int
    dead_letters: int
    nodes: int
    verified: int
    rejected: int
    average: float | None
    first_visit: bool


@dataclass(frozen=True, slots=True)
class Serving:
    """Sources that are switched on, and those of them whose last visit went well."""

    enabled: int
    serving: int


async def intake(connection: Connection, since: datetime, until: datetime) -> Intake:
    """Return what the visits that ended from `since` until before `until` came to."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COUNTS}, count(DISTINCT source) AS sources FROM ingestion_runs
        WHERE finished_at >= $1 AND finished_at < $2
        """,
        since,
        until,
    )
    return Intake(**row)


async def intake_bins(connection: Connection, since: datetime, until: datetime, width: timedelta) -> list[IntakeBin]:
    """Return the same in stretches of `width` from `since` on, oldest first, without those in which nothing ended."""
    rows = await connection.fetch(
        f"""
        SELECT date_bin($3, finished_at, $1) AS at, {_COUNTS} FROM ingestion_runs
        WHERE finished_at >= $1 AND finished_at < $2 GROUP BY 1 ORDER BY 1
        """,
        since,
        until,
        width,
    )
    return [IntakeBin(**row) for row in rows]


async def by_source(connection: Connection, since: datetime, until: datetime) -> list[SourceIntake]:
    """Return every source that is switched on, was visited or brought nodes, by name."""
    rows = await connection.fetch(
        f"""
        WITH visited AS (
            SELECT source, {_COUNTS} FROM ingestion_runs WHERE finished_at >= $1 AND finished_at < $2 GROUP BY source
        ), made AS (
            SELECT i.source, count(*) AS nodes, count(*) FILTER (WHERE verification_status = 'verified') AS verified,
                   count(*) FILTER (WHERE verification_status = 'rejected') AS rejected,
                   round(avg(confidence_score)::numeric, 4)::float8 AS average
            FROM knowledge_nodes n JOIN items i USING (pake_id)
            WHERE n.created_at >= $1 AND n.created_at < $2 GROUP BY i.source
        )
        SELECT source, s.name, s.kind, s.enabled, coalesce(visits, 0) AS visits, coalesce(failed, 0) AS failed,
               coalesce(new, 0) AS new, coalesce(updated, 0) AS updated, coalesce(dead_letters, 0) AS dead_letters,
               coalesce(nodes, 0) AS nodes, coalesce(verified, 0) AS verified, coalesce(rejected, 0) AS rejected,
               average,
               visits IS NOT NULL
                   AND NOT EXISTS (SELECT FROM ingestion_runs r WHERE r.source = s.source AND r.finished_at < $1)
                   AND NOT EXISTS (SELECT FROM items i WHERE i.source = s.source AND i.created_at < $1) AS first_visit
        FROM sources s LEFT JOIN visited USING (source) LEFT JOIN made USING (source)
        WHERE s.authority_basis <> 'system' AND (s.enabled OR visits IS NOT NULL OR nodes IS NOT NULL)
        ORDER BY s.name, source
        """,
        since,
        until,
    )
    return [SourceIntake(**row) for row in rows]


async def serving(connection: Connection) -> Serving:
    """Count the sources that are switched on, and those that gave something when they were asked last."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS enabled,
               count(*) FILTER (WHERE succeeded_at IS NOT NULL AND consecutive_failures = 0) AS serving
        FROM sources s LEFT JOIN source_state st USING (source)
        WHERE s.enabled AND s.authority_basis <> 'system' AND st.disabled_because IS NULL
        """
    )
    return Serving(**row)


async def first_record(connection: Connection) -> datetime | None:
    """Return since when anything is known of intake: the first visit that is kept, or the first node."""
    moment: datetime | None = await connection.fetchval(
        """
        SELECT least((SELECT min(finished_at) FROM ingestion_runs), (SELECT min(created_at) FROM knowledge_nodes))
        """
    )
    return moment
