"""What the monitoring report tells of alerts: how many there are, which are active, which rules fire most (MON-08)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.model.alert import Severity
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """Alerts that are active now, and those that fired or were resolved within a window.

    `by_severity` counts those that fire, the gravest first. An episode that was over before it fired counts nowhere.
    """

    firing: int
    pending: int
    acknowledged: int
    flapping: int
    by_severity: Mapping[Severity, int]
    fired: int
    resolved: int


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that fires, with what a person needs to act on it."""

    alert_id: str
    rule: str
    severity: Severity
    summary: str
    labels: Mapping[str, str]
    fired_at: datetime
    acknowledged_by: str | None
    flapping: bool
    recommendations: Sequence[str]
    runbook: str | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many episodes of a rule fired, and for how many hours together."""

    rule: str
    episodes: int
    hours: float


async def alert_counts(connection: Connection, since: datetime) -> AlertCounts:
    """Count the active alerts, and those that fired or were resolved after `since`, by the moment of just that."""
    rows = await connection.fetch("SELECT severity, count(*) AS n FROM alerts WHERE state = 'firing' GROUP BY severity")
    found = {Severity(row["severity"]): row["n"] for row in rows}
    by_severity = {one: found[one] for one in reversed(Severity) if one in found}
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (WHERE state = 'pending') AS pending,
               count(*) FILTER (WHERE state = 'firing' AND acknowledged_at IS NOT NULL) AS acknowledged,
               count(*) FILTER (WHERE state = 'firing' AND flapping) AS flapping,
               count(*) FILTER (WHERE fired_at > $1) AS fired,
               count(*) FILTER (WHERE resolved_at > $1 AND fired_at IS NOT NULL) AS resolved
        FROM alerts WHERE state <> 'resolved' OR resolved_at > $1
        """,
        since,
    )
    return AlertCounts(firing=sum(by_severity.values()), by_severity=by_severity, **row)


async def active_alerts(connection: Connection, limit: int) -> list[ActiveAlert]:
    """Return up to `limit` alerts that fire, the gravest first and then those that have fired for longest."""
    rows = await connection.fetch(
        """
        SELECT alert_id, rule, severity, summary, labels, coalesce(fired_at, started_at) AS fired_at, acknowledged_by,
               flapping, recommendations, runbook
        FROM alerts WHERE state = 'firing'
        ORDER BY array_position(ARRAY['critical', 'error', 'warning', 'info'], severity), 6, alert_id LIMIT $1
        """,
        limit,
    )
    return [ActiveAlert(**{**row, "severity": Severity(row["severity"])}) for row in rows]


async def rule_counts(connection: Connection, since: datetime, until: datetime, limit: int) -> list[RuleCount]:
    """Return up to `limit` rules that fired after `since`, those with most episodes first; hours are counted within."""
    rows = await connection.fetch(
        """
        SELECT rule, count(*) AS episodes,
               sum(greatest(extract(epoch FROM least(resolved_at, $2) - fired_at), 0))::float8 / 3600 AS hours
        FROM alerts WHERE fired_at > $1 AND fired_at <= $2 GROUP BY rule ORDER BY 2 DESC, 3 DESC, 1 LIMIT $3
        """,
        since,
        until,
        limit,
    )
    return [RuleCount(**row) for row in rows]
