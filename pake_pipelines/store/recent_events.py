"""What happened of late, from all tables that remember something with its moment: one line each, newest first."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.model.alert import SERIES_GONE
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `kind` says to what, `what` what became of it, `gravity` good, notice, warn or bad."""

    at: datetime
    kind: str
    what: str
    gravity: str
    says: str


# every part is cut to as many lines as are wanted before they are put together
_PARTS = (
    """SELECT fired_at AS at, 'alert' AS kind, 'fired' AS what,
              CASE WHEN severity IN ('critical', 'error') THEN 'bad' ELSE 'warn' END AS gravity, summary AS says
       FROM alerts WHERE fired_at > $1 AND fired_at <= $2""",
    f"""SELECT resolved_at, 'alert', CASE WHEN is_gone THEN 'no longer measured' ELSE 'resolved' END,
              CASE WHEN is_gone THEN 'notice' ELSE 'good' END, summary
       FROM alerts, starts_with(resolved_because, '{SERIES_GONE}') AS is_gone
       WHERE resolved_at > $1 AND resolved_at <= $2 AND fired_at IS NOT NULL""",
    """SELECT e.at, 'incident', replace(e.kind, '_', ' '),
              CASE e.kind WHEN 'resolved' THEN 'good' WHEN 'acknowledged' THEN 'notice' ELSE 'bad' END, i.title
       FROM incident_events e JOIN incidents i USING (incident_id)
       WHERE e.at > $1 AND e.at <= $2 AND e.kind IN ('opened', 'overdue', 'acknowledged', 'resolved')""",
    """SELECT finished_at, task, state,
              CASE state WHEN 'done' THEN 'good' WHEN 'failed' THEN 'bad' WHEN 'abandoned' THEN 'bad' ELSE 'notice' END,
              summary
       FROM maintenance_runs WHERE finished_at > $1 AND finished_at <= $2 AND NOT dry_run AND state <> 'skipped'""",
    """SELECT proved_at, 'backup', state,
              CASE state WHEN 'proven' THEN 'good' WHEN 'damaged' THEN 'bad' ELSE 'warn' END, name
       FROM backups WHERE proved_at > $1 AND proved_at <= $2""",
    """SELECT begun_at, 'restart', state,
              CASE state WHEN 'verified' THEN 'good' WHEN 'failed' THEN 'bad' ELSE 'notice' END, service
       FROM service_restarts WHERE begun_at > $1 AND begun_at <= $2""",
    """SELECT begun_at, 'recovery', state,
              CASE state WHEN 'recovered' THEN 'good' WHEN 'failed' THEN 'bad' ELSE 'notice' END, recovery
       FROM recoveries WHERE begun_at > $1 AND begun_at <= $2""",
    """SELECT started_at, 'anomaly', kind, 'warn', concat_ws(' ', metric, (
                  SELECT string_agg(value, ' ') FROM jsonb_each_text(labels)))
       FROM anomalies WHERE started_at > $1 AND started_at <= $2""",
)
_STATEMENT = " UNION ALL ".join(f"({part} ORDER BY 1 DESC LIMIT $3)" for part in _PARTS)


async def recent_events(connection: Connection, since: datetime, until: datetime, limit: int) -> list[Event]:
    """Return the newest `limit` of what happened after `since`, the newest first."""
    rows = await connection.fetch(f"{_STATEMENT} ORDER BY 1 DESC, 2, 5 LIMIT $3", since, until, limit)
    return [Event(**row) for row in rows]
