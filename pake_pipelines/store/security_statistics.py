"""What concerns security, counted: refused logins and addresses, spam, alerts and incidents of that kind (REP-07)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from pake_pipelines.model.alert import Severity
from pake_pipelines.model.incident import IncidentSeverity
from pake_pipelines.store.database import Connection

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


@dataclass(frozen=True, slots=True)
class RefusalDay:
    """What was refused on one day (UTC)."""

    day: date
    failed_logins: int
    refused_addresses: int


@dataclass(frozen=True, slots=True)
class RefusedSource:
    """What was refused to a source, and what the last of it said, at most 500 characters."""

    source: str
    failed_logins: int
    refused_addresses: int
    last_at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class SecurityAlert:
    """An alert of a rule about security; `resolved_at` is None while it fires."""

    rule: str
    severity: Severity
    summary: str
    fired_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityIncident:
    """An incident about security; `resolved_at` is None while it is open."""

    incident_id: str
    title: str
    severity: IncidentSeverity
    status: str
    owner: str | None
    opened_at: datetime
    resolved_at: datetime | None


async def refusals_by_day(connection: Connection, since: datetime, until: datetime) -> list[RefusalDay]:
    """Return the days from `since` until before `until` on which anything was refused, the oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT (at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE login) AS failed_logins,
               count(*) FILTER (WHERE NOT login) AS refused_addresses
        FROM ({_REFUSALS}) refusals GROUP BY 1 ORDER BY 1
        """,
        since,
        until,
    )
    return [RefusalDay(**row) for row in rows]


async def refused_sources(connection: Connection, since: datetime, until: datetime, limit: int) -> list[RefusedSource]:
    """Return up to `limit` sources to which something was refused, those with most first."""
    rows = await connection.fetch(
        f"""
        SELECT source, count(*) FILTER (WHERE login) AS failed_logins,
               count(*) FILTER (WHERE NOT login) AS refused_addresses, max(at) AS last_at,
               left((array_agg(detail ORDER BY at DESC))[1], 500) AS detail
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
        GROUP BY 1 ORDER BY 1
        """,
        since,
        until,
    )
    return {row["day"]: row["items"] for row in rows}


async def alerts(
    connection: Connection, rules: Collection[str], since: datetime, until: datetime, limit: int
) -> list[SecurityAlert]:
    """Return up to `limit` alerts of `rules` that fire now or fired within the time, the gravest first."""
    rows = await connection.fetch(
        """
        SELECT rule, severity, summary, fired_at, resolved_at FROM alerts
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
    return [SecurityAlert(**{**row, "severity": Severity(row["severity"])}) for row in rows]


async def incidents(
    connection: Connection, rules: Collection[str], runbook: str, since: datetime, until: datetime, limit: int
) -> list[SecurityIncident]:
    """Return up to `limit` incidents that are open or were opened within the time, open ones first.

    One is about security when an alert of `rules` belongs to its group, or when `runbook` is what it is worked by.
    """
    rows = await connection.fetch(
        """
        SELECT incident_id, title, severity, status, owner, opened_at, resolved_at FROM incidents i
        WHERE opened_at < $4 AND (resolved_at IS NULL OR opened_at >= $3)
          AND (runbook = $2 OR group_key IN (SELECT group_key FROM alerts a WHERE a.rule = ANY ($1::text[])))
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
    return [SecurityIncident(**{**row, "severity": IncidentSeverity(row["severity"])}) for row in rows]
