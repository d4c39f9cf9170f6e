"""Everything that failed within a window of time, counted by what it was (MON-29)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pake_pipelines.store.database import Connection

# what failed, in whose hands, when, and in which words: a part for each place that keeps failures
_FAILURES: Final = """
    SELECT 'visit' AS kind, source AS subject, finished_at AS at, coalesce(error, '') AS detail
    FROM ingestion_runs WHERE outcome = 'failed' AND finished_at >= $1 AND finished_at < $2
    UNION ALL
    SELECT 'unreadable', source, created_at, reason || ': ' || detail
    FROM dead_letters WHERE created_at >= $1 AND created_at < $2
    UNION ALL
    SELECT operation, '', created_at, coalesce(error_message, '')
    FROM processing_logs WHERE NOT success AND created_at >= $1 AND created_at < $2
    UNION ALL
    SELECT 'restart', service, ended_at, detail
    FROM service_restarts WHERE state IN ('failed', 'interrupted') AND ended_at >= $1 AND ended_at < $2
    UNION ALL
    SELECT 'recovery', recovery, ended_at, cause
    FROM recoveries WHERE state IN ('failed', 'interrupted') AND ended_at >= $1 AND ended_at < $2
    UNION ALL
    SELECT 'message', channel, ended_at, coalesce(last_error, '')
    FROM notifications WHERE state = 'dead' AND ended_at >= $1 AND ended_at < $2
"""


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """How often something failed; `detail` is what the last of these failures said, at most 500 characters."""

    kind: str
    subject: str
    count: int
    last_at: datetime
    detail: str


async def error_summary(connection: Connection, since: datetime, until: datetime) -> list[ErrorCount]:
    """Return the failures from `since` until before `until` by kind and subject, the most frequent first.

    Kinds are visit (a source could not be read), unreadable (what it gave), restart, recovery, message (given up), and
    the operations of the pipeline by their names.
    """
    rows = await connection.fetch(
        f"""
        SELECT kind, subject, count(*) AS count, max(at) AS last_at,
               left((array_agg(detail ORDER BY at DESC))[1], 500) AS detail
        FROM ({_FAILURES}) failures GROUP BY kind, subject ORDER BY count DESC, last_at DESC, kind, subject
        """,
        since,
        until,
    )
    return [ErrorCount(**row) for row in rows]


async def failures_by_day(connection: Connection, since: datetime, until: datetime) -> dict[date, int]:
    """Return how much failed on each day (UTC) from `since` until before `until`; days without failures are left out.

    Counted from what is stored, whoever stored it: a process that has just begun knows of the days before it (D-34).
    """
    rows = await connection.fetch(
        f"""
        SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) AS count FROM ({_FAILURES}) failures
        GROUP BY 1 ORDER BY 1
        """,
        since,
        until,
    )
    return {row["day"]: row["count"] for row in rows}
