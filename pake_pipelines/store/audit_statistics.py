"""The audit counted: what was done how often, by whom, on which day (REP-06)."""

from dataclasses import dataclass
from datetime import date, datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How often something was done, by how many, and when last."""

    action: str
    events: int
    actors: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ActorCount:
    """How much somebody did, of how many kinds, and when last."""

    actor: str
    events: int
    actions: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class AuditTotals:
    """Events of a stretch of time; `by_day` has its days (UTC) on which there were any."""

    events: int
    by_day: dict[date, int]


async def totals(connection: Connection, since: datetime, until: datetime) -> AuditTotals:
    """Count everything from `since` until before `until`."""
    rows = await connection.fetch(
        """
        SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS events
        FROM audit_events WHERE created_at >= $1 AND created_at < $2 GROUP BY 1
        """,
        since,
        until,
    )
    by_day = {row["day"]: row["events"] for row in rows}
    return AuditTotals(sum(by_day.values()), by_day)


async def by_action(connection: Connection, since: datetime, until: datetime, limit: int) -> list[ActionCount]:
    """Return up to `limit` kinds of events, the most frequent first."""
    rows = await connection.fetch(
        """
        SELECT action, count(*) AS events, count(DISTINCT actor) AS actors, max(created_at) AS last_at
        FROM audit_events WHERE created_at >= $1 AND created_at < $2 GROUP BY action ORDER BY 2 DESC, 1 LIMIT $3
        """,
        since,
        until,
        limit,
    )
    return [ActionCount(**row) for row in rows]


async def by_actor(connection: Connection, since: datetime, until: datetime, limit: int) -> list[ActorCount]:
    """Return up to `limit` actors, those who did most first."""
    rows = await connection.fetch(
        """
        SELECT actor, count(*) AS events, count(DISTINCT action) AS actions, max(created_at) AS last_at
        FROM audit_events WHERE created_at >= $1 AND created_at < $2 GROUP BY actor ORDER BY 2 DESC, 1 LIMIT $3
        """,
        since,
        until,
        limit,
    )
    return [ActorCount(**row) for row in rows]
