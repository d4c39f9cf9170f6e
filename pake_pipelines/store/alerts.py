"""Alerts (`alerts`) and the changes of their states (`alert_transitions`), by evaluations and by hand.

Every change of state is a conditional UPDATE: it is won by whoever finds the state that it starts from. What people
look at is in `alert_views`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from pake_pipelines.model.alert import AlertState, Severity
from pake_pipelines.model.episode import Episode, Transition
from pake_pipelines.store import alert_rounds, audit
from pake_pipelines.store.database import Connection

COLUMNS = """
    alert_id, fingerprint, rule, severity, labels, state, summary, started_at, last_seen_at, value, recommendations,
    runbook, metrics_snapshot, fired_at, flapping, acknowledged_at, acknowledged_by, resolved_at, resolved_because,
    group_key
"""
_RECORD = """
    alert_id text, fingerprint text, rule text, severity text, labels jsonb, state text, summary text,
    started_at timestamptz, last_seen_at timestamptz, value float8, recommendations text[], runbook text,
    metrics_snapshot jsonb, fired_at timestamptz, flapping boolean, acknowledged_at timestamptz, acknowledged_by text,
    resolved_at timestamptz, resolved_because text, group_key text
"""


def episode(row: Mapping[str, Any]) -> Episode:
    """Return the episode of a row with `COLUMNS`."""
    return Episode(
        **{
            **row,
            "severity": Severity(row["severity"]),
            "state": AlertState(row["state"]),
            "recommendations": tuple(row["recommendations"]),
        }
    )


async def load_open(connection: Connection) -> dict[str, Episode]:
    """Return fingerprint -> the open alert of the series, of all that are pending or firing."""
    rows = await connection.fetch(f"SELECT {COLUMNS} FROM alerts WHERE state <> 'resolved'")
    return {row["fingerprint"]: episode(row) for row in rows}


async def resolved(connection: Connection, alert_ids: Collection[str]) -> dict[str, Episode]:
    """Return those of `alert_ids` that are resolved, by their ids."""
    if not alert_ids:
        return {}
    rows = await connection.fetch(
        f"SELECT {COLUMNS} FROM alerts WHERE state = 'resolved' AND alert_id = ANY ($1::text[])", list(alert_ids)
    )
    return {row["alert_id"]: episode(row) for row in rows}


async def begin(connection: Connection, episodes: Iterable[Episode]) -> int:
    """Write new alerts; return how many: a series that has an open one already gets no other."""
    begun = list(episodes)
    if not begun:
        return 0
    rows = await connection.fetch(
        f"""
        INSERT INTO alerts ({COLUMNS}) SELECT {COLUMNS} FROM jsonb_to_recordset($1) AS given({_RECORD})
        ON CONFLICT DO NOTHING RETURNING alert_id
        """,
        begun,
    )
    return len(rows)


async def change(connection: Connection, changed: Iterable[tuple[AlertState, Episode]]) -> int:
    """Write alerts that were in the given states as they are now; return how many were found in them.

    Who has acknowledged an alert is not touched: that may have come in between.
    """
    rows = list(changed)
    if not rows:
        return 0
    won = await connection.fetch(
        f"""
        UPDATE alerts a SET
            severity = n.severity, labels = n.labels, state = n.state, summary = n.summary, value = n.value,
            started_at = n.started_at, last_seen_at = n.last_seen_at, recommendations = n.recommendations,
            runbook = n.runbook, metrics_snapshot = n.metrics_snapshot, fired_at = n.fired_at, flapping = n.flapping,
            resolved_at = n.resolved_at, resolved_because = n.resolved_because, group_key = n.group_key
        FROM jsonb_to_recordset($1) AS n({_RECORD}) JOIN unnest($2::text[], $3::text[]) AS given(alert_id, was)
          USING (alert_id)
        WHERE a.alert_id = n.alert_id AND a.state = given.was
        RETURNING a.alert_id
        """,
        [one for _, one in rows],
        [one.alert_id for _, one in rows],
        [was.value for was, _ in rows],
    )
    return len(won)


async def note_transitions(connection: Connection, transitions: Iterable[Transition]) -> None:
    """Note changes of state, in their order."""
    if rows := list(transitions):
        await connection.execute(
            """
            INSERT INTO alert_transitions (alert_id, from_state, to_state, at, cause)
            SELECT row ->> 'alert_id', row ->> 'from_state', row ->> 'to_state', (row ->> 'at')::timestamptz,
                   row ->> 'cause'
            FROM jsonb_array_elements($1) WITH ORDINALITY AS given(row, number) ORDER BY number
            """,
            rows,
        )


async def acknowledge(
    connection: Connection, alert_ids: Collection[str], actor: str, note: str, now: datetime
) -> list[str]:
    """Note that `actor` has taken up those of `alert_ids` that are open, and return those that nobody had before.

    They are neither repeated nor escalated any more. Belongs into one transaction.
    """
    rows = await connection.fetch(
        """
        UPDATE alerts SET acknowledged_at = $2, acknowledged_by = $3
        WHERE alert_id = ANY ($1::text[]) AND state <> 'resolved' AND acknowledged_at IS NULL RETURNING alert_id
        """,
        list(alert_ids),
        now,
        actor,
    )
    return await _audited(connection, "alert.acknowledge", rows, actor, note)


async def resolve_by_hand(
    connection: Connection, alert_ids: Collection[str], actor: str, note: str, now: datetime
) -> list[str]:
    """Resolve those of `alert_ids` that are open, and return them. It must be the first thing in its transaction.

    A series that is bad opens no other alert until it was good once. The next evaluation tells the channels.
    """
    await alert_rounds.wait_for_lock(connection)
    rows = await connection.fetch(
        """
        WITH found AS (
            SELECT alert_id, fingerprint, state FROM alerts
            WHERE alert_id = ANY ($1::text[]) AND state <> 'resolved' FOR UPDATE
        ), resolved AS (
            UPDATE alerts a SET state = 'resolved', resolved_at = $2, resolved_because = $3, flapping = false
            FROM found WHERE a.alert_id = found.alert_id
        ), noted AS (
            INSERT INTO alert_transitions (alert_id, from_state, to_state, at, cause)
            SELECT alert_id, state, 'resolved', $2, $3 FROM found
        ), closed AS (
            UPDATE alert_series s SET closed_by_hand = true
            FROM found WHERE s.fingerprint = found.fingerprint AND s.condition = 'bad'
        )
        SELECT alert_id FROM found
        """,
        list(alert_ids),
        now,
        f"closed by {actor}" + (f": {note}" if note else ""),
    )
    return await _audited(connection, "alert.resolve", rows, actor, note)


async def _audited(
    connection: Connection, action: str, rows: Iterable[Mapping[str, Any]], actor: str, note: str
) -> list[str]:
    ids = sorted(row["alert_id"] for row in rows)
    for alert_id in ids:
        await audit.record(connection, actor=actor, action=action, subject=alert_id, details={"note": note})
    return ids


async def prune(connection: Connection, before: datetime) -> int:
    """Delete alerts that were resolved before `before`, with their transitions; return how many.

    Those of which a channel has still to be told stay.
    """
    rows = await connection.fetch(
        """
        DELETE FROM alerts a WHERE state = 'resolved' AND resolved_at < $1
          AND NOT EXISTS (SELECT 1 FROM alert_groups g WHERE g.told ? a.alert_id)
        RETURNING alert_id
        """,
        before,
    )
    return len(rows)
