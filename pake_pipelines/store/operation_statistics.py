"""What running the project took within a stretch of time: incidents, alerts, maintenance, restarts, backups."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident that was opened within the stretch, as it stands."""

    incident_id: str
    title: str
    severity: str
    status: str
    opened_at: datetime
    resolved_at: datetime | None

    def minutes(self, now: datetime) -> float:
        """Return for how long it lasted, or has lasted until `now`; a clock that was set back makes it nought."""
        return max(0.0, ((self.resolved_at or now) - self.opened_at).total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class TaskCount:
    """The runs of one task of maintenance; `seconds` is what those that ended took together."""

    task: str
    done: int
    failed: int
    skipped: int
    unavailable: int
    seconds: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class EventBin:
    """What began in the stretch that begins at `at`: alerts that fired, incidents, restarts, failed maintenance."""

    at: datetime
    alerts: int
    incidents: int
    restarts: int
    maintenance_failed: int


async def incidents_between(connection: Connection, since: datetime, until: datetime) -> list[IncidentLine]:
    """Return the incidents that were opened from `since` until before `until`, the newest first."""
    rows = await connection.fetch(
        """
        SELECT incident_id, title, severity, status, opened_at, resolved_at FROM incidents
        WHERE opened_at >= $1 AND opened_at < $2 ORDER BY opened_at DESC, incident_id
        """,
        since,
        until,
    )
    return [IncidentLine(**row) for row in rows]


async def task_counts(connection: Connection, since: datetime, until: datetime) -> list[TaskCount]:
    """Return the runs of each task that began from `since` until before `until`; dry runs did nothing."""
    rows = await connection.fetch(
        """
        SELECT task, count(*) FILTER (WHERE state = 'done') AS done,
               count(*) FILTER (WHERE state IN ('failed', 'abandoned')) AS failed,
               count(*) FILTER (WHERE state = 'skipped') AS skipped,
               count(*) FILTER (WHERE state = 'unavailable') AS unavailable,
               coalesce(sum(extract(epoch FROM finished_at - started_at)), 0)::float8 AS seconds,
               max(started_at) AS last_at
        FROM maintenance_runs WHERE started_at >= $1 AND started_at < $2 AND NOT dry_run GROUP BY task ORDER BY task
        """,
        since,
        until,
    )
    return [TaskCount(**row) for row in rows]


async def restarts_between(connection: Connection, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """Return service -> how often it was restarted, and how often that helped."""
    rows = await connection.fetch(
        """
        SELECT service, count(*) AS attempts, count(*) FILTER (WHERE state = 'verified') AS verified
        FROM service_restarts WHERE begun_at >= $1 AND begun_at < $2 GROUP BY service ORDER BY 2 DESC, 1
        """,
        since,
        until,
    )
    return {row["service"]: (row["attempts"], row["verified"]) for row in rows}


async def event_bins(connection: Connection, since: datetime, until: datetime, width: timedelta) -> list[EventBin]:
    """Return what began in stretches of `width` from `since` on, oldest first, without quiet ones."""
    rows = await connection.fetch(
        """
        WITH begun AS (
            SELECT 'alert' AS kind, fired_at AS at FROM alerts WHERE fired_at >= $1 AND fired_at < $2
            UNION ALL
            SELECT 'incident', opened_at FROM incidents WHERE opened_at >= $1 AND opened_at < $2
            UNION ALL
            SELECT 'restart', begun_at FROM service_restarts WHERE begun_at >= $1 AND begun_at < $2
            UNION ALL
            SELECT 'maintenance', started_at FROM maintenance_runs
            WHERE started_at >= $1 AND started_at < $2 AND NOT dry_run AND state IN ('failed', 'abandoned')
        )
        SELECT date_bin($3, at, $1) AS at, count(*) FILTER (WHERE kind = 'alert') AS alerts,
               count(*) FILTER (WHERE kind = 'incident') AS incidents,
               count(*) FILTER (WHERE kind = 'restart') AS restarts,
               count(*) FILTER (WHERE kind = 'maintenance') AS maintenance_failed
        FROM begun GROUP BY 1 ORDER BY 1
        """,
        since,
        until,
        width,
    )
    return [EventBin(**row) for row in rows]
