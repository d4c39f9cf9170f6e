"""Alerts as people look at them: lists, one with all that happened to it, and figures of a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode, Transition
from pake_pipelines.store.alerts import COLUMNS, episode
from pake_pipelines.store.database import Connection

OPEN: tuple[AlertState, ...] = (AlertState.PENDING, AlertState.FIRING)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that told of an alert, and what became of it (`state` as in `notifications`)."""

    channel: str
    kind: str
    state: str
    created_at: datetime
    ended_at: datetime | None
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with its changes of state, oldest first, and the messages that told of it."""

    alert: Episode
    transitions: tuple[Transition, ...]
    messages: tuple[Sending, ...]


@dataclass(frozen=True, slots=True)
class RuleStatistics:
    """What a rule did within a time: alerts that began to fire, and what became of them.

    `passed` counts those that were good again before they fired. Times are means in minutes, None where there is none.
    """

    rule: str
    severity: Severity
    fired: int
    passed: int
    open_now: int
    acknowledged: int
    minutes_to_acknowledge: float | None
    minutes_to_resolve: float | None


async def list_alerts(
    connection: Connection,
    *,
    states: Collection[AlertState] = OPEN,
    min_severity: Severity = Severity.INFO,
    rule: str | None = None,
    labels: "dict[str, str] | None" = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Episode]:
    """Return alerts in any of `states`, the open and gravest first, then the newest; `labels` must all be theirs.

    With `since` only those that began since then, or are open.
    """
    rows = await connection.fetch(
        f"""
        SELECT {COLUMNS} FROM alerts
        WHERE state = ANY ($1::text[]) AND severity = ANY ($2::text[]) AND ($3::text IS NULL OR rule = $3)
          AND labels @> $4 AND ($5::timestamptz IS NULL OR started_at >= $5 OR state <> 'resolved')
        ORDER BY state = 'resolved', array_position($6::text[], severity), started_at DESC, alert_id LIMIT $7
        """,
        [one.value for one in states],
        [one.value for one in Severity if one.rank >= min_severity.rank],
        rule,
        labels or {},
        since,
        [one.value for one in sorted(Severity, key=lambda one: -one.rank)],
        limit,
    )
    return [episode(row) for row in rows]


async def find(connection: Connection, beginning: str, *, limit: int = 20) -> list[str]:
    """Return the names of the alerts that begin with `beginning` (with or without `alert_`), the newest first."""
    rows = await connection.fetch(
        """
        SELECT alert_id FROM alerts WHERE starts_with(alert_id, $1) OR starts_with(alert_id, 'alert_' || $1)
        ORDER BY started_at DESC, alert_id LIMIT $2
        """,
        beginning,
        limit,
    )
    return [row["alert_id"] for row in rows]


async def view(connection: Connection, alert_id: str) -> AlertView | None:
    """Return an alert with everything that happened to it; None when there is none of that name."""
    row = await connection.fetchrow(f"SELECT {COLUMNS} FROM alerts WHERE alert_id = $1", alert_id)
    if row is None:
        return None
    changes = await connection.fetch(
        "SELECT alert_id, from_state, to_state, at, cause FROM alert_transitions WHERE alert_id = $1 "
        "ORDER BY transition_id",
        alert_id,
    )
    messages = await connection.fetch(
        """
        SELECT channel, kind, state, created_at, ended_at, attempts, last_error FROM notifications
        WHERE group_key = $2 AND (message -> 'firing' @> $1 OR message -> 'resolved' @> $1) ORDER BY notification_id
        """,
        [{"alert_id": alert_id}],
        row["group_key"],
    )
    return AlertView(
        episode(row),
        tuple(
            Transition(
                one["alert_id"],
                AlertState(one["from_state"]) if one["from_state"] else None,
                AlertState(one["to_state"]),
                one["at"],
                one["cause"],
            )
            for one in changes
        ),
        tuple(Sending(**one) for one in messages),
    )


async def statistics(connection: Connection, since: datetime, until: datetime) -> list[RuleStatistics]:
    """Return what each rule did with the alerts that began from `since` until before `until`, the busiest first."""
    rows = await connection.fetch(
        """
        SELECT rule, (array_agg(severity ORDER BY started_at DESC))[1] AS severity,
               count(fired_at) AS fired, count(*) FILTER (WHERE fired_at IS NULL AND state = 'resolved') AS passed,
               count(*) FILTER (WHERE state <> 'resolved') AS open_now, count(acknowledged_at) AS acknowledged,
               avg(extract(epoch FROM acknowledged_at - fired_at)::float8) / 60 AS minutes_to_acknowledge,
               avg(extract(epoch FROM resolved_at - fired_at)::float8) / 60 AS minutes_to_resolve
        FROM alerts WHERE started_at >= $1 AND started_at < $2 GROUP BY rule ORDER BY fired DESC, rule
        """,
        since,
        until,
    )
    return [RuleStatistics(**{**row, "severity": Severity(row["severity"])}) for row in rows]
