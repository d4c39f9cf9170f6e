"""What concerns security, counted: refused logins and addresses, spam, alerts and incidents of that kind (REP-07)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pake_pipelines.model.episode import Episode
from pake_pipelines.model.incident import Incident
from pake_pipelines.store.alerts import COLUMNS, episode
from pake_pipelines.store.database import Connection
from pake_pipelines.store.incidents import COLUMNS as INCIDENT_COLUMNS
from pake_pipelines.store.incidents import incident

# as `application_metrics.security_counts` counts them, over any stretch of time
_REFUSALS: Final = """
    SELECT source, finished_at AS at, coalesce(error, '') AS detail,
           (error_kind = 'credentials' OR error_status IN (401, 407)) IS TRUE AS login
    FROM ingestion_runs
    WHERE finished_at >= $1 AND finished_at < $2 AND outcome = 'failed'
      AND (error_kind IN ('credentials', 'refused') OR error_status IN (401, 407))
    UNION ALL
    SELECT source, created_at, detail, false FROM dead_letters
    WHERE created_at >= $1 AND created_at < $2 AND reason = 'refused'
"""
_COUNTS: Final = (
    "count(*) FILTER (WHERE login) AS failed_logins, count(*) FILTER (WHERE NOT login) AS refused_addresses"
)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was refused within a stretch of time."""

    failed_logins: int = 0
    refused_addresses: int = 0


@dataclass(frozen=True, slots=True)
class RefusedSource:
    """What was refused to a source, and what the last of it said, at most 500 characters."""

    source: str
    failed_logins: int
    refused_addresses: int
    last_at: datetime
    detail: str


async def visits(connection: Connection, since: datetime, until: datetime) -> int:
    """Return how often sources were read from `since` until before `until`."""
    number: int = await connection.fetchval(
        "SELECT count(*) FROM ingestion_runs WHERE finished_at >= $1 AND finished_at < $2", since, until
    )
    return number


async def refusals(connection: Connection, since: datetime, until: datetime) -> Refusals:
    """Return what was refused from `since` until before `until`."""
    return Refusals(**await connection.fetchrow(f"SELECT {_COUNTS} FROM ({_REFUSALS}) refusals", since, until))


async def refusals_by_day(connection: Connection, since: datetime, until: datetime) -> dict[date, Refusals]:
    """Return the days (UTC) from `since` until before `until` on which anything was refused."""
    rows = await connection.fetch(
        f"SELECT (at AT TIME ZONE 'UTC')::date AS day, {_COUNTS} FROM ({_REFUSALS}) refusals GROUP BY 1", since, until
    )
    return {row["day"]: Refusals(row["failed_logins"], row["refused_addresses"]) for row in rows}


async def refused_sources(connection: Connection, since: datetime, until: datetime, limit: int) -> list[RefusedSource]:
    """Return up to `limit` sources to which something was refused, those with most first."""
    rows = await connection.fetch(
        f"""
        SELECT source, {_COUNTS}, max(at) AS last_at, left((array_agg(detail ORDER BY at DESC))[1], 500) AS detail
        FROM ({_REFUSALS}) refusals GROUP BY source ORDER BY count(*) DESC, source LIMIT $3
        """,
        since,
        until,
        limit,
    )
    return [RefusedSource(**row) for row in rows]


async def spam_by_day(connection: Connection, since: datetime, until: datetime) -> dict[date, int]:
    """Return how many items were rejected as spam, by the day (UTC) on which their nodes were made."""
    rows = await connection.fetch(
        """
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS items FROM knowledge_nodes
        WHERE created_at >= $1 AND created_at < $2 AND metadata ->> 'auto_rejected' = 'spam_detected'
        GROUP BY 1
        """,
        since,
        until,
    )
    return {row["day"]: row["items"] for row in rows}


async def alerts(
    connection: Connection, rules: Collection[str], since: datetime, until: datetime, limit: int
) -> list[Episode]:
    """Return up to `limit` alerts of `rules` that fire now or fired within the time, the gravest first."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM alerts
        WHERE rule = ANY ($1::text[]) AND fired_at < $3 AND (state = 'firing' OR fired_at >= $2)
        ORDER BY resolved_at IS NOT NULL, array_position(ARRAY['critical', 'error', 'warning', 'info'], severity),
                 fired_at DESC, alert_id
        LIMIT $4
        """,
        list(rules),
        since,
        until,
        limit,
    )
    return [episode(row) for row in rows]


async def incidents(
    connection: Connection, rules: Collection[str], runbook: str, since: datetime, until: datetime, limit: int
) -> list[Incident]:
    """Return up to `limit` incidents that are open or were opened within the time, open ones first.

    One is about security when an alert of `rules` belongs to its group, or when `runbook` is what it is worked by.
    """
    rows = await connection.fetch(
        f"""
        SELECT {INCIDENT_COLUMNS} FROM incidents
        WHERE opened_at < $4 AND (resolved_at IS NULL OR opened_at >= $3)
          AND (runbook = $2 OR group_key IN (SELECT a.group_key FROM alerts a WHERE a.rule = ANY ($1::text[])))
        ORDER BY resolved_at IS NOT NULL, array_position(ARRAY['critical', 'high', 'medium', 'low'], severity),
                 opened_at DESC, incident_id
        LIMIT $5
        """,
        list(rules),
        runbook,
        since,
        until,
        limit,
    )
    return [incident(row) for row in rows]
