"""A month of monitoring as tests and pictures need it, written straight into the tables."""

from datetime import timedelta

MINUTES = 10
SERVICES = """
services:
  redis: {enabled: true, restart: [redis-tool, restart]}
  mcp-server: {enabled: true, url: "http://localhost:8000/health?key=s3cr3t"}
"""
STATES = """
INSERT INTO health_samples (service, at, kind, critical, status, response_ms, detail)
SELECT s.name, t.at, s.kind, s.critical, found.status,
       CASE WHEN found.status IN ('healthy', 'degraded') THEN s.ms * (1 + 0.4 * sin(t.n / 20.0)) END, found.detail
FROM (VALUES ('knowledge-database', 'postgres', true, 2.5), ('dagster-daemons', 'dagster', true, 8),
             ('dagster-code', 'dagster', true, 6), ('dagster-queue', 'dagster', false, 3),
             ('dagster-partitions', 'dagster', false, 12), ('dagster-pools', 'dagster', false, 3),
             ('data-disk', 'disk', true, 0.4), ('cache-mem0', 'http', false, 1), ('cache-upstash', 'redis', false, 1),
             ('redis', 'redis', true, 1.1), ('mcp-server', 'http', true, 140)
     ) AS s (name, kind, critical, ms),
     (SELECT n, $1::timestamptz - n * make_interval(mins => $2) AS at FROM generate_series(0, $3) n) AS t,
     LATERAL (SELECT CASE
         WHEN s.name LIKE 'cache-%' THEN 'not_configured'
         WHEN s.name = 'mcp-server' AND t.n < 9 THEN 'unhealthy'
         WHEN s.name = 'mcp-server' AND t.n BETWEEN 60 AND 66 THEN 'unhealthy'
         WHEN s.name = 'redis' AND t.n BETWEEN 30 AND 33 THEN 'unhealthy'
         WHEN s.name = 'dagster-queue' AND t.n BETWEEN 100 AND 118 THEN 'degraded'
         WHEN s.name = 'dagster-pools' AND t.n BETWEEN 70 AND 74 THEN 'unknown'
         ELSE 'healthy' END AS status) AS told,
     LATERAL (SELECT told.status, CASE told.status
         WHEN 'unhealthy' THEN 'connection refused' WHEN 'degraded' THEN 'a run has waited for 41 minutes'
         WHEN 'unknown' THEN 'not told within 10 s'
         WHEN 'not_configured' THEN 'its variables are not set' ELSE 'answers' END AS detail) AS found
WHERE NOT t.n BETWEEN 80 AND 88
"""
METRICS = """
INSERT INTO metric_samples (metric, labels, at, value, unit, status)
SELECT m.name, m.labels::jsonb, t.at,
       greatest(m.base + m.wave * sin(t.n / 23.0) + m.grows * (4320 - t.n) / 4320.0 + m.noise * sin(t.n * 7.3), 0),
       m.unit, 'ok'
FROM (VALUES ('cpu_usage_percent', '{}', 34, 22, 0, 9, 'percent'),
             ('memory_usage_percent', '{}', 44, 4, 30, 2, 'percent'),
             ('disk_usage_percent', '{"mount": "/"}', 61, 0, 22, 0.2, 'percent'),
             ('disk_usage_percent', '{"mount": "/srv/lake"}', 40, 0, 3, 0.1, 'percent'),
             ('db_query_ms', '{}', 1.2, 0.3, 0, 0.4, 'ms'), ('api_response_ms', '{}', 190, 60, 0, 40, 'ms'),
             ('db_size_bytes', '{}', 1.1e9, 0, 4e8, 1e6, 'bytes'),
             ('run_error_rate_percent', '{}', 2, 2, 0, 0.5, 'percent'),
             ('source_success_percent', '{}', 97, 2, 0, 0.5, 'percent')
     ) AS m (name, labels, base, wave, grows, noise, unit),
     (SELECT n, $1::timestamptz - n * make_interval(mins => $2) AS at FROM generate_series(0, $3) n) AS t
WHERE NOT t.n BETWEEN 80 AND 88
"""
ALERTS = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, recommendations, runbook, started_at,
                    fired_at, last_seen_at, acknowledged_at, acknowledged_by, resolved_at, flapping, group_key)
SELECT a.id, a.id, a.rule, a.severity, '{}', a.state, a.summary, a.advice, a.runbook,
       $1::timestamptz - a.fired - interval '1 minute', CASE WHEN a.state <> 'pending' THEN $1 - a.fired END, $1,
       CASE WHEN a.by IS NOT NULL THEN $1 - a.fired END, a.by, $1 - a.ended, a.rule = 'slow-service', a.rule
FROM (VALUES
    ('a1', 'service-down', 'critical', 'firing', 'mcp-server is down: connection refused',
     ARRAY['URGENT: Critical services are down: immediate attention required', 'pake services status'], 'service-down',
     interval '87 minutes', 'lea@desk', NULL),
    ('a2', 'healing-gave-up', 'critical', 'firing', 'mcp-server could not be healed: 3 attempts within the hour',
     ARRAY['URGENT: Critical services are down: immediate attention required'], 'healing', interval '61 minutes', NULL,
     NULL),
    ('a3', 'slow-service', 'warning', 'firing', 'api-bridge takes 6120 ms to answer',
     ARRAY['Slow response times detected: investigate performance issues'], 'slow-responses', interval '5 hours', NULL,
     NULL),
    ('a4', 'source-resting', 'warning', 'firing', 'arxiv is not read: rests until 22 Nov 18:00', ARRAY[]::text[],
     'sources-fail', interval '9 hours', NULL, NULL),
    ('a5', 'high-cpu', 'warning', 'pending', 'CPU at 83 %', ARRAY[]::text[], NULL, interval '1 minute', NULL, NULL),
    ('a6', 'service-down', 'critical', 'resolved', 'redis is down', ARRAY[]::text[], NULL, interval '6 hours', NULL,
     interval '5 hours'),
    ('a7', 'service-down', 'critical', 'resolved', 'mcp-server is down', ARRAY[]::text[], NULL, interval '3 days', NULL,
     interval '70 hours')
) AS a (id, rule, severity, state, summary, advice, runbook, fired, by, ended)
"""
REST = """
INSERT INTO incidents (incident_id, group_key, title, severity, status, owner, target_minutes, opened_at,
                       acknowledged_at, resolved_at)
VALUES ('inc_1763812800_ab12', 'g1', 'mcp-server is down', 'critical', 'investigating', 'lea', 0,
        $1::timestamptz - interval '87 minutes', $1::timestamptz - interval '81 minutes', NULL),
       ('inc_1763812900_cd34', 'g2', 'The queue of runs stands still', 'high', 'open', NULL, 60,
        $1::timestamptz - interval '3 hours', NULL, NULL),
       ('inc_1763552000_ef56', 'g3', 'redis is down', 'critical', 'resolved', 'lea', 0,
        $1::timestamptz - interval '6 hours', $1::timestamptz - interval '350 minutes',
        $1::timestamptz - interval '5 hours');
"""
ATTEMPTS = """
INSERT INTO service_restarts (service, cause, attempt, state, begun_at, ended_at, detail, actor, by_hand)
SELECT service, 'unhealthy', attempt, state, $1::timestamptz - ago, $1::timestamptz - ago + interval '40 seconds',
       detail, 'pake', hand
FROM (VALUES ('mcp-server', 1, 'failed', interval '85 minutes', 'connection refused after 120 s', false),
             ('mcp-server', 2, 'failed', interval '80 minutes', 'connection refused after 120 s', false),
             ('mcp-server', 3, 'failed', interval '70 minutes', 'connection refused after 120 s', false),
             ('redis', 1, 'verified', interval '5 hours 10 minutes', 'answers', false),
             ('mcp-server', 1, 'verified', interval '3 days', 'answers', true)
     ) AS r (service, attempt, state, ago, detail, hand)
"""
FAILURES = """
INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, error)
SELECT 'run-' || n, s, ($1::timestamptz)::date, $1::timestamptz - n * interval '1 hour',
       $1::timestamptz - n * interval '1 hour', CASE WHEN n < bad THEN 'failed' ELSE 'ok' END,
       CASE WHEN n < bad THEN said END
FROM (VALUES ('arxiv', 9, 'GET https://export.arxiv.org/api/query: 503 Service Unavailable'),
             ('inbox', 2, 'imap.example.org: the login was refused; see MAIL_USERNAME and MAIL_PASSWORD')
     ) AS f (s, bad, said), generate_series(0, 20) n
"""


async def fill(connection, now):
    """Write a month of monitoring up to `now`: one service down, some alerts and incidents, restarts and errors."""
    month = 30 * 24 * 60 // MINUTES
    await connection.execute(STATES, now, MINUTES, month)
    await connection.execute(METRICS, now, MINUTES, month)
    await connection.execute(ALERTS, now)
    await connection.execute(REST, now)
    await connection.execute(ATTEMPTS, now)
    await connection.execute(
        "INSERT INTO service_surrenders (service, since, detail) VALUES ('mcp-server', $1, '3 attempts in an hour')",
        now - timedelta(minutes=61),
    )
    await connection.execute(
        """
        INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
        SELECT s, s, 'feed', s, 0.5, 'news', true FROM unnest(ARRAY['arxiv', 'inbox']) s
        """
    )
    await connection.execute(FAILURES, now)
