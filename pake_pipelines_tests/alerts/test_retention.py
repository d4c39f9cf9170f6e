"""What is older than the configuration keeps it goes; what is open, waits or is recent stays."""

from datetime import timedelta

import pytest

from pake_pipelines.alerts.retention import forget_old
from pake_pipelines.config.loading import load_monitoring
from pake_pipelines_tests.conftest import NOW

LONG_AGO, LATELY = NOW - timedelta(days=100), NOW - timedelta(days=1)

ROWS = {
    "health_samples": """
        INSERT INTO health_samples (service, at, kind, critical, status, detail)
        VALUES ('a', $1, 'tcp', true, 'healthy', '')
    """,
    "metric_samples": "INSERT INTO metric_samples (metric, at, value, unit, status) VALUES ('m', $1, 1, 'count', 'ok')",
    "notifications": """
        INSERT INTO notifications (key, channel, kind, group_key, message, state, due_at, created_at, ended_at)
        VALUES ($1::timestamptz::text, 'log', 'fire', 'g', '{}', 'sent', $1, $1, $1)
    """,
    "silences": """
        INSERT INTO silences (matchers, starts_at, ends_at, author)
        VALUES ('{}', $1::timestamptz - interval '1 hour', $1, 'me')
    """,
    "alerts": """
        INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, started_at, last_seen_at,
                            resolved_at, resolved_because)
        VALUES ($1::timestamptz::text, 'f', 'r', 'info', '{}', 'resolved', '', $1, $1, $1, 'good')
    """,
    "service_restarts": """
        INSERT INTO service_restarts (service, cause, attempt, state, begun_at, ended_at, actor, by_hand)
        VALUES ('a', '', 1, 'verified', $1, $1, 'me', false)
    """,
}


@pytest.mark.parametrize("table", ROWS)
async def test_what_is_old_goes_and_what_is_recent_stays(table, database, tmp_path):
    async with database.connection() as connection:
        await connection.execute(ROWS[table], LONG_AGO)
        await connection.execute(ROWS[table], LATELY)
    await forget_old(database, load_monitoring(tmp_path), NOW)
    async with database.connection() as connection:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1


async def test_a_message_that_waits_stays_however_old(database, tmp_path):
    waiting = ROWS["notifications"].replace("'sent'", "'waiting'").replace("$1, $1, $1)", "$1, $1, NULL)")
    async with database.connection() as connection:
        await connection.execute(waiting, LONG_AGO)
    await forget_old(database, load_monitoring(tmp_path), NOW)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM notifications") == 1
