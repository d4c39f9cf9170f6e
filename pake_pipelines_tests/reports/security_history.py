"""A week of refusals, audits and acts of people as tests need it, with names that strangers chose."""

from datetime import timedelta

EVIL = """<script>alert(1)</script> | [a](javascript:alert(2)) \u202etxt"""

REFUSED = """
INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, error, error_kind, error_status)
SELECT kind || n, kind, ($1::timestamptz)::date, $1::timestamptz - n * every, $1::timestamptz - n * every, 'failed',
       'refused: ' || $2, error_kind, status
FROM (VALUES ('mail', 'credentials', NULL::int, 5, interval '26 hours'), ('api', 'http', 401, 2, interval '1 day'),
             ('links', 'refused', NULL, 9, interval '30 hours'), ('slow', 'timeout', NULL, 40, interval '1 hour')
     ) AS f (kind, error_kind, status, times, every), LATERAL generate_series(1, times) n
"""
SOURCES = """
INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
SELECT s, s, 'feed', s, 0.5, 'news', true FROM unnest(ARRAY['mail', 'api', 'links', 'slow']) s
"""
LETTERS = """
INSERT INTO dead_letters (source, day, key, reason, detail, run_id, created_at)
SELECT 'links', ($1::timestamptz)::date, n::text, CASE WHEN n < 4 THEN 'refused' ELSE 'broken' END, 'a private address',
       'r', $1::timestamptz - n * interval '5 hours'
FROM generate_series(1, 6) n
"""
SPAM = """
WITH made AS (
    INSERT INTO items (pake_id, source, key) SELECT gen_random_uuid(), 'slow', n::text FROM generate_series(1, 8) n
    RETURNING pake_id, key)
INSERT INTO knowledge_nodes (pake_id, title, content, confidence_score, verification_status, source_name, source_uri,
                             metadata, content_hash, run_id, created_at)
SELECT pake_id, 'buy', 'buy', 0.1, 'rejected', 'slow', 'x',
       CASE WHEN key::int <= 6 THEN '{"auto_rejected": "spam_detected"}' ELSE '{"auto_rejected": "low"}' END::jsonb,
       key, 'r', $1::timestamptz - key::int * interval '20 hours'
FROM made
"""
ACTS = """
INSERT INTO audit_events (actor, action, subject, created_at)
SELECT actor, action, 'x', $1::timestamptz - n * every
FROM (VALUES ('lea', 'review.verify', 12, interval '3 hours'), ('dagster', 'maintenance.tidy', 6, interval '1 day'),
             ($2, 'silence.add', 2, interval '40 hours'), ('tom', 'labels.session', 3, interval '100 hours')
     ) AS f (actor, action, times, every), LATERAL generate_series(1, times) n
"""
ALERTS = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, started_at, fired_at, last_seen_at,
                    resolved_at, group_key)
VALUES ('v1', 'v1', 'vulnerabilities', 'critical', '{}', 'firing', '2 known vulnerabilities ' || $2,
        $1::timestamptz - interval '2 days', $1::timestamptz - interval '2 days', $1, NULL, 'vulnerabilities'),
       ('v2', 'v2', 'vulnerabilities', 'error', '{}', 'resolved', 'long ago', $1::timestamptz - interval '40 days',
        $1::timestamptz - interval '40 days', $1, $1::timestamptz - interval '39 days', 'old')
"""
INCIDENTS = """
INSERT INTO incidents (incident_id, group_key, title, severity, status, target_minutes, runbook, opened_at, resolved_at)
VALUES ('inc_s', 'vulnerabilities', 'Dependencies: ' || $2, 'high', 'open', 60, NULL,
        $1::timestamptz - interval '1 day', NULL),
       ('inc_b', NULL, 'A key was seen', 'critical', 'contained', 60, 'security-incident',
        $1::timestamptz - interval '20 days', NULL),
       ('inc_o', 'disks', 'disk is full', 'critical', 'open', 60, 'disk-full', $1::timestamptz - interval '1 day', NULL)
"""
FINDINGS = [
    {"rule": "open-file", "severity": "error", "where": "/srv/.env", "what": "mode 0644: others may read it",
     "do": "chmod 600 /srv/.env"},
    {"rule": "variable-missing", "severity": "warning", "where": "$PAKE_MAIL_PASSWORD", "what": EVIL, "do": "set it"},
]  # fmt: skip
VULNERABILITIES = [
    {"package": "torch", "version": "2.0.0", "advisory": "PYSEC-2026-1", "fixed_in": "2.0.1", "what": EVIL},
    {"package": "yarl", "version": "1.0", "advisory": "PYSEC-2026-2", "fixed_in": "no release yet", "what": "a hole"},
]


async def task(connection, name, state, summary, details, at):
    """Write one run of a task of maintenance."""
    await connection.execute(
        """
        INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at, summary, details)
        VALUES ($1, $2, 'dagster', $5, $5, $3, $4)
        """,
        name,
        state,
        summary,
        details,
        at,
    )


async def fill(connection, now):
    """Write what concerns security, up to `now`: the last scan could not ask anybody, the one before had findings."""
    await connection.execute(SOURCES)
    await connection.execute(REFUSED, now, EVIL)
    await connection.execute(LETTERS, now)
    await connection.execute(SPAM, now)
    await connection.execute(ACTS, now, EVIL)
    await connection.execute(ALERTS, now, EVIL)
    await connection.execute(INCIDENTS, now, EVIL)
    found = {"total_vulnerabilities": 2, "vulnerabilities": VULNERABILITIES}
    await task(connection, "dependency_scan", "failed", "2 known vulnerabilities", found, now - timedelta(days=6))
    await task(connection, "dependency_scan", "unavailable", "nobody could be asked", {}, now - timedelta(hours=3))
    findings = {"errors": 1, "warnings": 1, "findings": FINDINGS}
    await task(connection, "configuration_audit", "failed", "1 error", findings, now - timedelta(hours=3))
    pending = {"pending": 7, "managers": [{"manager": "apt-get", "pending": 7, "security": 0}]}
    await task(connection, "system_updates", "done", "apt-get: 7 updates", pending, now - timedelta(days=1))
    await connection.execute(
        """
        INSERT INTO backups (name, target, created_at, bytes, seconds, encrypted, migration, manifest)
        VALUES ('backup-1', 'x', $1, 1, 1, false, '0007', '{}')
        """,
        now - timedelta(hours=8),
    )
