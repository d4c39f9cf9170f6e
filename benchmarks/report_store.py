"""A project of a month and of any size for reports to be written on, made by the server itself: rows, not texts."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.health.catalogue import CATALOGUE
from pake_pipelines.settings import Settings
from pake_pipelines.store.database import Connection, addresses, open_database

DAYS: Final = 30
_EVERY_MINUTES: Final = 5
_PROBED_EVERY_SECONDS: Final = 30

SOURCES: Final = """
WITH told AS (
    INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
    SELECT 'source-' || n, 'Source ' || n || ' — نشرة 第' || n || '号', 'feed', 'https://feed.example/' || n, 0.5,
           'news', n % 50 <> 0
    FROM generate_series(1, $2) n
), state AS (
    INSERT INTO source_state (source, checked_at, succeeded_at, consecutive_failures, last_error, resting_until)
    SELECT 'source-' || n, $1, $1, CASE WHEN n % 20 = 0 THEN 3 ELSE 0 END, CASE WHEN n % 20 = 0 THEN '503' END,
           CASE WHEN n % 100 = 0 THEN $1::timestamptz + interval '1 hour' END
    FROM generate_series(1, $2) n
), fetched AS (
    INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
    SELECT 'source-' || n, ($1::timestamptz)::date, 'https://feed.example/' || n, $1, 20000, 'x', 'p' || n, 'run'
    FROM generate_series(1, $2) n
)
INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, found, new, error)
SELECT 'run-' || ago, 'source-' || n, ($1::timestamptz - ago * interval '3 hours')::date,
       $1::timestamptz - ago * interval '3 hours' - interval '1 minute', $1::timestamptz - ago * interval '3 hours',
       CASE WHEN (n + ago) % 20 = 0 THEN 'failed' ELSE 'ok' END, 10, (n + ago) % 3,
       CASE WHEN (n + ago) % 20 = 0 THEN '503 Service Unavailable' END
FROM generate_series(1, $2) n, generate_series(0, 9) ago
"""
NODES: Final = """
WITH made AS (
    INSERT INTO items (pake_id, source, key)
    SELECT gen_random_uuid(), 'source-' || 1 + n % $3, n::text FROM generate_series(1, $2) n
    RETURNING pake_id, source, key
), entered AS (
    INSERT INTO entries (pake_id, version, day, title, url, body, media_type, entry_hash, fetch_id, run_id, created_at)
    SELECT pake_id, 1, ($1::timestamptz)::date, 'Title of item ' || key, 'https://item.example/' || key,
           repeat('body ', 100), 'text/plain', 'h', f.fetch_id, 'run',
           $1::timestamptz - (key::int % 43200) * interval '1 minute'
    FROM made JOIN raw_fetches f USING (source) RETURNING entry_id, pake_id, title, created_at
), documented AS (
    INSERT INTO documents (entry_id, title, text, content_hash, embedding_key, language, language_probability,
                           structure, linguistics, truncated, hrefs)
    SELECT entry_id, title, repeat('Text of it. ', 60), 'h' || entry_id, 'e' || entry_id,
           (ARRAY['en', 'de', 'fr', 'und'])[1 + entry_id % 4], 0.9, '{}', '{}', false,
           ARRAY['https://link.example/' || entry_id % 5000]
    FROM entered
), judged AS (
    INSERT INTO qa_results (entry_id, valid, errors, warnings, unknowns, spam_score, checks)
    SELECT entry_id, entry_id % 7 > 0, CASE WHEN entry_id % 7 = 0 THEN ARRAY['rule_3'] ELSE ARRAY[]::text[] END,
           CASE WHEN entry_id % 5 = 0 THEN ARRAY['rule_5'] ELSE ARRAY[]::text[] END, ARRAY[]::text[], 0.1,
           (SELECT jsonb_agg(jsonb_build_object('code', 'rule_' || r, 'status', CASE
                WHEN r = 3 AND entry_id % 7 = 0 THEN 'fail' WHEN r = 5 AND entry_id % 5 = 0 THEN 'warn' ELSE 'ok' END,
                'message', 'said', 'evidence', '{}'::jsonb)) FROM generate_series(1, 12) r)
    FROM entered
), scored AS (
    INSERT INTO confidence_scores (entry_id, score, decision_score, factors)
    SELECT entry_id, 0.3 + (entry_id % 70) / 100.0, 0.3 + (entry_id % 70) / 100.0,
           (SELECT jsonb_agg(jsonb_build_object('name', 'factor_' || r, 'value', 0.5, 'weight', 0.16, 'reason', 'said'))
            FROM generate_series(1, 6) r)
    FROM entered
), told AS (
    INSERT INTO confidence_history (pake_id, new_score, old_status, new_status, reason, changed_by, run_id, created_at)
    SELECT pake_id, 0.5, CASE WHEN step = 2 THEN 'pending' END, CASE WHEN step = 1 THEN 'pending' ELSE 'verified' END,
           'said', 'pipeline', 'run', created_at + step * interval '1 minute'
    FROM entered, generate_series(1, 2) step
)
INSERT INTO knowledge_nodes (pake_id, entry_id, title, content, confidence_score, verification_status, reasons,
                             source_name, source_uri, metadata, content_hash, run_id, created_at, published_at)
SELECT pake_id, entry_id, title, repeat('Text of it. ', 60), 0.3 + (entry_id % 70) / 100.0,
       (ARRAY['verified', 'verified', 'verified', 'pending', 'rejected', 'quarantined', 'archived'])[1 + entry_id % 7],
       ARRAY['said'], 'Source', 'https://item.example/' || entry_id,
       CASE WHEN entry_id % 10 = 0 THEN '{"flagged": "potential_duplicate"}'::jsonb ELSE '{}'::jsonb END, 'h', 'run',
       created_at, created_at
FROM entered
"""
SAMPLES: Final = """
INSERT INTO metric_samples (metric, labels, at, value, unit, status)
SELECT m.metric, m.labels, $1::timestamptz - n * make_interval(mins => $3),
       CASE m.unit WHEN 'percent' THEN 50 + 20 * sin(n / 45.0) + 5 * sin(n * 7.1) - n / 1000.0
                   WHEN 'bytes' THEN 1e9 + ($4 - n) * 1e4 ELSE 100 + 30 * sin(n / 45.0) + 10 * sin(n * 7.3) END,
       m.unit, 'ok'
FROM jsonb_to_recordset($2) AS m(metric text, labels jsonb, unit text), generate_series(0, $4 - 1) n
"""
PROBES: Final = """
INSERT INTO health_samples (service, at, kind, critical, status, response_ms, detail)
SELECT s, $1::timestamptz - n * make_interval(secs => $2), 'http', true,
       CASE WHEN (n / 40) % 97 = 0 THEN 'unhealthy' ELSE 'healthy' END, 20 + 5 * sin(n), 'answers'
FROM unnest(ARRAY['knowledge-database', 'dagster-daemons', 'dagster-code', 'dagster-queue', 'dagster-partitions',
                  'dagster-pools', 'data-disk']) s, generate_series(0, $3) n
"""
ALERTS: Final = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, started_at, fired_at, last_seen_at,
                    resolved_at)
SELECT 'a' || n, 'f' || n, 'rule-' || n % 30, (ARRAY['warning', 'error', 'critical'])[1 + n % 3], '{}',
       CASE WHEN n <= 20 THEN 'firing' ELSE 'resolved' END, 'Alert ' || n,
       $1::timestamptz - n * interval '8 minutes', $1::timestamptz - n * interval '8 minutes', $1,
       CASE WHEN n > 20 THEN $1::timestamptz - n * interval '8 minutes' + interval '5 minutes' END
FROM generate_series(1, 5000) n
"""
TASKS: Final = """
INSERT INTO maintenance_runs (task, state, actor, run_id, started_at, finished_at, summary)
SELECT (ARRAY['log_cleanup', 'cache_cleanup', 'database_upkeep', 'database_backup', 'capacity_check'])[1 + n % 5],
       CASE WHEN n % 40 = 0 THEN 'failed' ELSE 'done' END, 'dagster', 'run',
       $1::timestamptz - n * interval '40 minutes',
       $1::timestamptz - n * interval '40 minutes' + interval '30 seconds', 'done'
FROM generate_series(1, 1000) n
"""
BACKUPS: Final = """
INSERT INTO backups (name, target, created_at, bytes, seconds, encrypted, migration, manifest, state, proved_at)
SELECT 'pake-' || n, 'file', $1::timestamptz - n * interval '1 day', 4e8 + n * 1e6, 60, false, '0007', '{}', 'proven',
       $1::timestamptz - n * interval '1 day' + interval '2 minutes'
FROM generate_series(0, 29) n
"""


def fill(settings: Settings, *, samples: int, nodes: int, sources: int, now: datetime) -> dict[str, int]:
    """Fill the project up to `now`; return how many rows of each kind there are."""
    return asyncio.run(_fill(addresses(settings).knowledge, samples, nodes, sources, now))


async def _fill(url: str, samples: int, nodes: int, sources: int, now: datetime) -> dict[str, int]:
    series = _series(-(-samples // (DAYS * 24 * 60 // _EVERY_MINUTES)))
    rounds = -(-samples // len(series))
    probes = DAYS * 24 * 3600 // _PROBED_EVERY_SECONDS
    async with open_database(url) as database:
        async with database.transaction() as connection:
            await connection.execute(SOURCES, now, sources)
            await connection.execute(NODES, now - timedelta(minutes=5), nodes, sources)
            await connection.execute(SAMPLES, now, series, _EVERY_MINUTES, rounds)
            await connection.execute(PROBES, now, _PROBED_EVERY_SECONDS, probes)
            for statement in (ALERTS, TASKS, BACKUPS):
                await connection.execute(statement, now)
        async with database.connection() as connection:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
            return {name: await _count(connection, name) for name in ("metric_samples", "health_samples",
                    "knowledge_nodes", "sources", "ingestion_runs", "alerts")}  # fmt: skip


async def _count(connection: Connection, table: str) -> int:
    number: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return number


def _series(wanted: int) -> list[dict[str, object]]:
    """Return the series of the catalogue, those with labels as often as it takes to have as many as `wanted`."""
    plain = [{"metric": name, "labels": {}, "unit": one.unit} for name, one in CATALOGUE.items() if not one.labels]
    labelled = [(name, one) for name, one in CATALOGUE.items() if one.labels]
    more = [
        {"metric": name, "labels": {label: f"{label}-{number}" for label in one.labels}, "unit": one.unit}
        for number in range(wanted)
        for name, one in labelled
    ]
    return [*plain, *more][: max(wanted, len(plain))]
