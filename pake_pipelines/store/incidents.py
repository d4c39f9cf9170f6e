"""Incidents and their timelines (`incidents`, `incident_events`)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.model.incident import (
    Incident,
    IncidentChange,
    IncidentEvent,
    IncidentEventKind,
    IncidentSeverity,
    IncidentStatistics,
    IncidentStatus,
)
from pake_pipelines.store.database import Connection

COLUMNS: Final = """incident_id, group_key, title, severity, status, owner, target_minutes, runbook, opened_at,
    acknowledged_at, resolved_at, alerts_over_at"""


async def save(connection: Connection, changes: Sequence[IncidentChange]) -> None:
    """Store incidents as they are from now on, and add to their timelines."""
    if not changes:
        return
    await connection.executemany(
        f"""
        INSERT INTO incidents ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (incident_id) DO UPDATE SET
            severity = excluded.severity, status = excluded.status, owner = excluded.owner,
            target_minutes = excluded.target_minutes, acknowledged_at = excluded.acknowledged_at,
            resolved_at = excluded.resolved_at, alerts_over_at = excluded.alerts_over_at
        """,
        [_row(change.incident) for change in changes],
    )
    await connection.executemany(
        "INSERT INTO incident_events (incident_id, at, actor, kind, note, details) VALUES ($1, $2, $3, $4, $5, $6)",
        [
            (change.incident.incident_id, event.at, event.actor, event.kind.value, event.note, dict(event.details))
            for change in changes
            for event in change.events
        ],
    )


async def lock_latest(connection: Connection, group_keys: Collection[str]) -> dict[str, Incident]:
    """Return the open incident of each group, or its latest one, locked until the transaction ends.

    The latest is the one that was written last: moments may be of a clock that has been set back.
    """
    ids = await connection.fetch(
        """
        SELECT DISTINCT ON (group_key) incident_id FROM incidents JOIN incident_events USING (incident_id)
        WHERE group_key = ANY ($1::text[]) AND kind = 'opened'
        ORDER BY group_key, resolved_at IS NULL DESC, event_id DESC
        """,
        list(group_keys),
    )
    found = await lock(connection, {row["incident_id"] for row in ids})
    return {one.group_key: one for one in found.values() if one.group_key is not None}


async def lock(connection: Connection, ids: Collection[str]) -> dict[str, Incident]:
    """Return those incidents of `ids` that there are, locked until the transaction ends."""
    if not ids:
        return {}
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM incidents WHERE incident_id = ANY ($1::text[]) ORDER BY incident_id FOR UPDATE",
        list(ids),
    )
    return {row["incident_id"]: incident(row) for row in rows}


async def alerts_of(connection: Connection, ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Return incident -> the alerts that are part of it, by its timeline."""
    rows = await connection.fetch(
        """
        SELECT incident_id, array_agg(DISTINCT alert_id) AS alert_ids
        FROM incident_events, jsonb_array_elements_text(details -> 'alert_ids') AS alert_id
        WHERE incident_id = ANY ($1::text[]) AND kind IN ('opened', 'alerts_joined') GROUP BY incident_id
        """,
        list(ids),
    )
    return {row["incident_id"]: frozenset(row["alert_ids"]) for row in rows}


async def named_by_alerts(connection: Connection, alert_ids: Collection[str]) -> dict[str, str]:
    """Return alert -> the incident that it is about, for alerts that an overdue incident has raised."""
    rows = await connection.fetch(
        """
        SELECT alert_id, labels ->> 'incident' AS incident FROM alerts
        WHERE alert_id = ANY ($1::text[]) AND labels ? 'incident'
        """,
        list(alert_ids),
    )
    return {row["alert_id"]: row["incident"] for row in rows}


async def acknowledged_alerts(connection: Connection, alert_ids: Collection[str]) -> dict[str, str]:
    """Return those of `alert_ids` that a person has taken up, with the person."""
    rows = await connection.fetch(
        """
        SELECT alert_id, coalesce(acknowledged_by, '') AS person FROM alerts
        WHERE alert_id = ANY ($1::text[]) AND acknowledged_at IS NOT NULL ORDER BY acknowledged_at, alert_id
        """,
        list(alert_ids),
    )
    return {row["alert_id"]: row["person"] for row in rows}


async def quiet_groups(connection: Connection, alert_ids: Collection[str]) -> set[str]:
    """Return the groups of `alert_ids` in which no alert fires any more."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT group_key FROM alerts a WHERE alert_id = ANY ($1::text[]) AND group_key IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM alerts b WHERE b.group_key = a.group_key AND b.state = 'firing')
        """,
        list(alert_ids),
    )
    return {row["group_key"] for row in rows}


async def open_with_alert(connection: Connection, alert_id: str) -> set[str]:
    """Return the open incidents that an alert is part of or that it is about."""
    rows = await connection.fetch(
        """
        SELECT incident_id FROM incidents JOIN incident_events USING (incident_id)
        WHERE resolved_at IS NULL AND details -> 'alert_ids' ? $1
        UNION
        SELECT incident_id FROM incidents JOIN alerts ON labels ->> 'incident' = incident_id
        WHERE incidents.resolved_at IS NULL AND alert_id = $1
        """,
        alert_id,
    )
    return {row["incident_id"] for row in rows}


async def ids_beginning(connection: Connection, beginning: str) -> set[str]:
    """Return the ids of incidents that begin so."""
    rows = await connection.fetch("SELECT incident_id FROM incidents WHERE starts_with(incident_id, $1)", beginning)
    return {row["incident_id"] for row in rows}


async def list_incidents(
    connection: Connection, *, closed: bool = False, severities: Iterable[str] = (), limit: int = 100
) -> list[Incident]:
    """Return open incidents (with `closed` all of them), the gravest first and then the newest."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM incidents
        WHERE ($1 OR resolved_at IS NULL) AND (cardinality($2::text[]) = 0 OR severity = ANY ($2))
        ORDER BY resolved_at IS NOT NULL, array_position(ARRAY['critical', 'high', 'medium', 'low'], severity),
                 opened_at DESC, incident_id
        LIMIT $3
        """,
        closed,
        list(severities),
        limit,
    )
    return [incident(row) for row in rows]


async def find(connection: Connection, beginning: str, *, limit: int = 20) -> list[Incident]:
    """Return the incidents whose ids begin so, the newest first; the one that is named exactly comes alone."""
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM incidents WHERE starts_with(incident_id, $1)
        ORDER BY incident_id <> $1, opened_at DESC LIMIT $2
        """,
        beginning,
        limit,
    )
    found = [incident(row) for row in rows]
    return found[:1] if found and found[0].incident_id == beginning else found


async def timeline(connection: Connection, incident_id: str) -> list[IncidentEvent]:
    """Return everything that happened to an incident, in the order in which it became known."""
    rows = await connection.fetch(
        "SELECT at, actor, kind, note, details FROM incident_events WHERE incident_id = $1 ORDER BY event_id",
        incident_id,
    )
    return [
        IncidentEvent(row["at"], row["actor"], IncidentEventKind(row["kind"]), row["note"], row["details"])
        for row in rows
    ]


async def overdue(connection: Connection, now: datetime) -> list[Incident]:
    """Return the open incidents that nobody has taken up within their target, the longest overdue first."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM incidents WHERE resolved_at IS NULL AND acknowledged_at IS NULL"
    )
    late = [(minutes, one) for one in map(incident, rows) if (minutes := one.overdue_minutes(now)) is not None]
    return [one for _, one in sorted(late, key=lambda pair: (-pair[0], pair[1].incident_id))]


async def statistics(connection: Connection, since: datetime, until: datetime) -> IncidentStatistics:
    """Return the figures of the incidents opened from `since` until before `until`, as they stand at `until`."""
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM incidents WHERE opened_at >= $1 AND opened_at < $2",
        since,
        until,
    )
    found = [incident(row) for row in rows]
    taken = [one.acknowledged_at - one.opened_at for one in found if one.acknowledged_at]
    ended = [
        one.resolved_at - one.opened_at for one in found if one.resolved_at and one.status is IncidentStatus.RESOLVED
    ]
    return IncidentStatistics(
        total_incidents=len(found),
        by_severity=_count(one.severity.value for one in found),
        by_status=_count(one.status.value for one in found),
        still_open=sum(not one.is_closed for one in found),
        overdue=sum(one.overdue_minutes(until) is not None for one in found),
        missed_target=sum(_missed(one, until) for one in found),
        mean_minutes_to_acknowledge=_mean(taken),
        mean_minutes_to_resolve=_mean(ended),
    )


def _missed(one: Incident, now: datetime) -> bool:
    waited = (one.acknowledged_at or one.resolved_at or now) - one.opened_at
    return waited > timedelta(minutes=one.target_minutes)


def _mean(times: Sequence[timedelta]) -> float | None:
    # a clock that was set back makes no negative times
    return sum(max(0.0, one.total_seconds()) for one in times) / 60 / len(times) if times else None


def _count(values: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def _row(one: Incident) -> tuple[object, ...]:
    return (
        one.incident_id, one.group_key, one.title, one.severity.value, one.status.value, one.owner, one.target_minutes,
        one.runbook, one.opened_at, one.acknowledged_at, one.resolved_at, one.alerts_over_at,
    )  # fmt: skip


def incident(row: Mapping[str, object]) -> Incident:
    """Return the incident of a row with `COLUMNS`."""
    return Incident(**{**row, "severity": IncidentSeverity(row["severity"]), "status": IncidentStatus(row["status"])})  # type: ignore[arg-type]
