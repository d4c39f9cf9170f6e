"""A project in which every stranger's word is meant to do harm, written straight into the tables."""

from dataclasses import replace
from datetime import timedelta

from pake_pipelines.model.dagster_facts import (
    CheckFact,
    DaemonFact,
    DagsterFacts,
    FreshnessFact,
    PartitionsFact,
    PoolFact,
    QueueFact,
    RunFact,
    ScheduleFact,
    TickFact,
)
from pake_pipelines_tests.reports import monitoring_history

HOUR = timedelta(hours=1)
WORDS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "[click](javascript:alert(3)) ![](http://203.0.113.7/pixel.png)",
    "</style><style>body{display:none}</style>",
    "{{ 7 * 7 }} ${7*7} {% raw %} &amp; &lt;b&gt;",
    "\u202egnp.exe\u202c looks like exe.png",
    "مرحبا بالعالم — نشرة الأخبار",
    "混合した見出し、量子計算と気候変動に関する最新研究の概要について",
    "👩\u200d👩\u200d👧🏳\ufe0f\u200d🌈 family of emoji 🚀🚀🚀",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "https://example.org/" + "a" * 200,
    "a | b | c `code` **bold** _under_ ~~gone~~ # heading",
)
"""What a title, a source's name or an error may be; each is shown as text and does nothing."""

# items, in steps: rows that a statement has just made are seen by the next one only
SOURCES = """
INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
SELECT 'evil-' || no, word, 'feed', word, 0.5, 'news', true FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
WHERE $1::timestamptz IS NOT NULL
"""
STATES = """
INSERT INTO source_state (source, checked_at, consecutive_failures, last_error, resting_until)
SELECT 'evil-' || no, $1, no, word, $1::timestamptz + no * interval '1 hour'
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
FETCHES = """
INSERT INTO raw_fetches (source, day, url, fetched_at, bytes, sha256, lake_path, run_id)
SELECT 'evil-' || no, ($1::timestamptz)::date, word, $1, 1, 'x', 'p', 'run'
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
NODES = """
WITH words AS (SELECT word, no FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)),
made AS (
    INSERT INTO items (pake_id, source, key)
    SELECT gen_random_uuid(), 'evil-' || no, n::text FROM words, generate_series(1, 4) n RETURNING pake_id, source, key
), entered AS (
    INSERT INTO entries (pake_id, version, day, title, url, body, media_type, entry_hash, fetch_id, run_id)
    SELECT pake_id, 1, ($1::timestamptz)::date, w.word, w.word, w.word, 'text/plain', 'h', f.fetch_id, 'run'
    FROM made JOIN raw_fetches f USING (source) JOIN words w ON source = 'evil-' || w.no
    RETURNING entry_id, pake_id, title
), documented AS (
    INSERT INTO documents (entry_id, title, text, content_hash, embedding_key, language, language_probability,
                           structure, linguistics, truncated)
    SELECT entry_id, title, title, 'h' || entry_id, 'e' || entry_id, 'und', 0, '{}', '{}', false FROM entered
)
INSERT INTO knowledge_nodes (pake_id, entry_id, title, content, confidence_score, verification_status, reasons,
                             source_name, source_uri, metadata, content_hash, run_id, created_at)
SELECT e.pake_id, entry_id, title, title, 0.2 + 0.2 * (key::int % 4),
       (ARRAY['verified', 'pending', 'rejected', 'quarantined'])[key::int], ARRAY[title], title, title,
       jsonb_build_object('flagged', title), 'h', 'run', $1::timestamptz - key::int * interval '5 hours'
FROM entered e JOIN made USING (pake_id)
"""
VISITS = """
INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, new, error)
SELECT 'evil-run', 'evil-' || no, ($1::timestamptz)::date, $1::timestamptz - interval '1 hour',
       $1::timestamptz - interval '1 hour', CASE WHEN no % 2 = 0 THEN 'failed' ELSE 'ok' END, no,
       CASE WHEN no % 2 = 0 THEN word END
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
ALERTS = """
INSERT INTO alerts (alert_id, fingerprint, rule, severity, labels, state, summary, recommendations, runbook, started_at,
                    fired_at, last_seen_at, group_key)
SELECT 'evil-' || no, 'evil-' || no, 'source-failing', 'warning', jsonb_build_object('source', word), 'firing', word,
       ARRAY[word], 'sources-fail', $1::timestamptz - no * interval '1 hour', $1::timestamptz - no * interval '1 hour',
       $1, 'evil'
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
INCIDENTS = """
INSERT INTO incidents (incident_id, group_key, title, severity, status, owner, target_minutes, opened_at)
SELECT 'inc-evil-' || no, 'evil-' || no, word, 'low', 'open', word, 60, $1::timestamptz - no * interval '1 hour'
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no) WHERE no <= 4
"""
TASKS = """
INSERT INTO maintenance_runs (task, state, actor, run_id, started_at, finished_at, summary)
SELECT (ARRAY['log_cleanup', 'cache_cleanup', 'database_upkeep', 'database_backup'])[no],
       (ARRAY['done', 'failed', 'done', 'unavailable'])[no], word, 'run-' || no,
       $1::timestamptz - no * interval '2 hours', $1::timestamptz - no * interval '110 minutes', word
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no) WHERE no <= 4
"""
FORESIGHT = """
WITH odd AS (
    INSERT INTO anomalies (metric, labels, kind, started_at, last_at, peak_at, score, value, expected_low,
                           expected_high, found_at)
    SELECT 'disk_usage_percent', jsonb_build_object('mount', word), 'level', $1::timestamptz - no * interval '1 hour',
           $1, $1, 0.9, 97, 40, 60, $1
    FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no) WHERE no <= 4
)
INSERT INTO forecasts (metric, labels, made_at, model, unit, readings, slope_per_day, points, limit_value, reaches_at,
                       reaches_early, reaches_late, reason)
SELECT 'disk_usage_percent', jsonb_build_object('mount', word), $1::timestamptz - interval '1 hour', 'linear',
       'percent', 900, 0.5, (SELECT jsonb_agg(jsonb_build_object('at', ($1::timestamptz + d * interval '1 day')::text,
       'value', 60 + d, 'low', 58 + d, 'high', 62 + d)) FROM generate_series(1, 7) d), 90,
       CASE WHEN no % 2 = 1 THEN $1::timestamptz + no * interval '9 days' END,
       CASE WHEN no % 2 = 1 THEN $1::timestamptz + no * interval '6 days' END,
       CASE WHEN no % 2 = 1 THEN $1::timestamptz + no * interval '20 days' END,
       CASE WHEN no % 2 = 0 THEN 'no trend: ' || word ELSE '' END
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
AUDIT = """
INSERT INTO audit_events (actor, action, subject, details, created_at)
SELECT word, word, word, jsonb_build_object('said', word), $1::timestamptz - no * interval '1 hour'
FROM unnest($2::text[]) WITH ORDINALITY AS w(word, no)
"""
BACKUPS = """
INSERT INTO backups (name, target, created_at, bytes, seconds, encrypted, migration, manifest, state, proved_at, detail)
SELECT 'pake-' || n, $2::text, $1::timestamptz - n * interval '1 day', 4e8 + n * 1e6, 12, false, '0007', '{}',
       (ARRAY['unproven', 'proven', 'damaged', 'proven'])[1 + n % 4],
       CASE WHEN n % 4 > 0 THEN $1::timestamptz - n * interval '23 hours' END, $2::text
FROM generate_series(0, 7) n
"""
PROBED = """
INSERT INTO health_samples (service, at, kind, critical, status, detail)
VALUES ('redis', $1::timestamptz - interval '1 minute', 'http', false, 'unhealthy', $2)
"""
CACHE = """
INSERT INTO cache_entries (category, key, value, codec, digest, size_bytes, access_count, created_at, accessed_at)
SELECT 'extraction', n::text, 'v', 'plain', 'd', 1000, n % 3, $1, $1 FROM generate_series(1, 90) n
"""


async def fill(connection, now):
    """Write a month of monitoring up to `now`, and beside it words that are meant to do harm wherever words may be."""
    await monitoring_history.fill(connection, now)
    words = list(WORDS)
    for statement in (SOURCES, STATES, FETCHES, NODES, VISITS, ALERTS, INCIDENTS, TASKS, FORESIGHT, AUDIT):
        await connection.execute(statement, now, words)
    await connection.execute(BACKUPS, now, WORDS[0])
    await connection.execute(PROBED, now, "".join(WORDS))
    await connection.execute(CACHE, now)


def facts(now):
    """Return what a Dagster tells whose runs and ticks failed with the same words."""
    said = "".join(WORDS)
    run = RunFact("ingest", "3f2a", succeeded=False, started_at=now - HOUR, ended_at=now, detail=said)
    schedule = ScheduleFact(
        "nightly", "schedule", True, ("0 3 * * *",), None, now - HOUR, "failure", "locations/x/schedules/nightly"
    )
    return DagsterFacts(
        at=now,
        daemons=(DaemonFact("SCHEDULER", True, False, now - HOUR, (said,)),),
        code_location_error=said,
        queue=QueueFact(3, now - HOUR, 1),
        pools=(PoolFact("knowledge", 1, 1, 2, 1),),
        partitions=(PartitionsFact("entries", 12, ("2026-11-01",)),),
        runs=(run,),
        runs_of_last_day=(run, *(replace(run, run_id=word) for word in WORDS)),
        checks=(CheckFact("entries", "no_dead_letters", False, True, now, "3f2a", said),),
        ticks=(TickFact("nightly", "schedule", True, now - HOUR, False, said),),
        schedules=(schedule,),
        freshness=(FreshnessFact("entries", "fail"),),
        errors={"pools": said},
    )
