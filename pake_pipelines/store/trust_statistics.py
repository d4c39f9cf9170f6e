"""How far nodes could be trusted at a moment, and what changed within a stretch of time.

Both are told by what is kept of judgements (`confidence_history`); nodes that have left since are not in it any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Standing:
    """Nodes by status as they stood at a moment; `average` is their mean confidence, None without any."""

    total: int
    verified: int
    pending: int
    rejected: int
    quarantined: int
    archived: int
    average: float | None

    @property
    def quality_score(self) -> float | None:
        """The percentage of verified nodes (C-37); None without any node."""
        return 100 * self.verified / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class ChangeBin:
    """So many nodes went from one status to another in the stretch that begins at `at`; `old` is None for new ones."""

    at: datetime
    old: str | None
    new: str
    nodes: int


@dataclass(frozen=True, slots=True)
class FoundBin:
    """Duplicates that comparisons found, and connections that were made, in the stretch that begins at `at`."""

    at: datetime
    duplicates: int
    connections: int


async def standing_at(connection: Connection, moment: datetime) -> Standing:
    """Return how the nodes of today stood at `moment`, by the last judgement of each before it."""
    row = await connection.fetchrow(
        """
        WITH judged AS (
            SELECT DISTINCT ON (pake_id) new_score, new_status FROM confidence_history WHERE created_at < $1
            ORDER BY pake_id, history_id DESC
        )
        SELECT count(*) AS total, count(*) FILTER (WHERE new_status = 'verified') AS verified,
               count(*) FILTER (WHERE new_status = 'pending') AS pending,
               count(*) FILTER (WHERE new_status = 'rejected') AS rejected,
               count(*) FILTER (WHERE new_status = 'quarantined') AS quarantined,
               count(*) FILTER (WHERE new_status = 'archived') AS archived,
               round(avg(new_score)::numeric, 4)::float8 AS average
        FROM judged
        """,
        moment,
    )
    return Standing(**row)


async def change_bins(connection: Connection, since: datetime, until: datetime, width: timedelta) -> list[ChangeBin]:
    """Return the changes of status in stretches of `width` from `since` on, oldest first."""
    rows = await connection.fetch(
        """
        SELECT date_bin($3, created_at, $1) AS at, old_status AS old, new_status AS new, count(*) AS nodes
        FROM confidence_history
        WHERE created_at >= $1 AND created_at < $2 AND old_status IS DISTINCT FROM new_status
        GROUP BY 1, 2, 3 ORDER BY 1, 2 NULLS FIRST, 3
        """,
        since,
        until,
        width,
    )
    return [ChangeBin(**row) for row in rows]


async def found_bins(connection: Connection, since: datetime, until: datetime, width: timedelta) -> list[FoundBin]:
    """Return duplicates found and connections made in stretches of `width`, oldest first, without empty ones."""
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT date_bin($3, created_at, $1) AS at, count(*) AS duplicates, 0 AS connections
            FROM duplicate_candidates WHERE decision = 'duplicate' AND created_at >= $1 AND created_at < $2 GROUP BY 1
            UNION ALL
            SELECT date_bin($3, created_at, $1), 0, count(*)
            FROM node_connections WHERE created_at >= $1 AND created_at < $2 GROUP BY 1
        )
        SELECT at, sum(duplicates)::bigint AS duplicates, sum(connections)::bigint AS connections
        FROM found GROUP BY at ORDER BY at
        """,
        since,
        until,
        width,
    )
    return [FoundBin(**row) for row in rows]
