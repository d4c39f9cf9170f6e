"""Old rows of histories go in batches; what somebody still needs, and what people did, stays."""

from datetime import timedelta

import pytest

from pake_pipelines.maintenance.retention import histories
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import NOW

OLD, YOUNG = NOW - timedelta(days=400), NOW - timedelta(days=10)


@pytest.fixture
async def filled(database):
    for statement in (
        """INSERT INTO sources (source, name, kind, address, authority, authority_basis, enabled)
           SELECT s, s, 'feed', 'http://x', 0.5, 'news', true FROM unnest(ARRAY['web', 'quiet']) s""",
        "INSERT INTO source_events (source, kind, detail, created_at) SELECT 'web', 'resting', 'x', at FROM moments",
        """INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome)
           SELECT at::text, s, at::date, at, at, 'ok' FROM moments, unnest(ARRAY['web', 'quiet']) s
           WHERE s = 'web' OR at = (SELECT min(at) FROM moments)""",
        """INSERT INTO processing_logs (operation, success, run_id, created_at)
           SELECT 'documents', true, 'r', at FROM moments""",
        """INSERT INTO host_budgets (budget, spacing, burst, full_at, held_until)
           SELECT at::text || held, '1 s', 1, at, CASE WHEN held THEN at + interval '900 days' END
           FROM moments, unnest(ARRAY[true, false]) held""",
        """INSERT INTO recoveries (recovery, kind, cause, state, begun_at, ended_at, revert_at, reverted_at)
           SELECT name, 'k', 'c', CASE WHEN ended THEN 'failed' ELSE 'acting' END, at, CASE WHEN ended THEN at END, at,
                  CASE WHEN ended THEN at END
           FROM moments, unnest(ARRAY['one', 'other']) name, unnest(ARRAY[true, false]) ended ORDER BY ended, at""",
        """INSERT INTO maintenance_runs (task, state, actor, started_at, finished_at)
           SELECT task, 'done', 'a', at, at FROM moments, unnest(ARRAY['one', 'other']) task
           WHERE task = 'one' OR at = (SELECT min(at) FROM moments)""",
        """INSERT INTO link_checks (url, state, detail, checked_at, expires_at, run_id)
           SELECT 'http://' || at, 'working', 'x', at, CASE WHEN at < now() THEN at END, 'r' FROM moments""",
        "INSERT INTO audit_events (actor, action, subject, created_at) SELECT 'a', 'b', 'c', at FROM moments",
    ):
        moments = f"(VALUES ('{OLD.isoformat()}'::timestamptz), ('{YOUNG.isoformat()}'::timestamptz))"
        await execute(database, f"WITH moments(at) AS {moments} {statement}")
    return database


EXPECTED = {
    "source_events": 1,
    "ingestion_runs": 1,
    "processing_logs": 1,
    "host_budgets": 1,
    "recoveries": 2,
    "maintenance_runs": 1,
    "link_checks": 2,
}


async def test_old_rows_go_and_needed_ones_stay(filled):
    assert await histories.prune(filled, NOW, 365, keep=True) == EXPECTED
    assert await histories.prune(filled, NOW, 365, keep=True) == dict.fromkeys(EXPECTED, 0)
    assert await value(filled, "SELECT count(*) FROM recoveries WHERE state = 'acting'") == 4, "what is under way stays"
    newest = await rows(filled, "SELECT source FROM ingestion_runs ORDER BY 1")
    assert [row["source"] for row in newest] == ["quiet", "web"], "the newest visit of each source stays"
    assert await value(filled, "SELECT count(*) FROM host_budgets WHERE held_until IS NOT NULL") == 2


async def test_what_people_and_tasks_did_is_kept_for_good(filled):
    await histories.prune(filled, NOW, 1, keep=True)
    assert await value(filled, "SELECT count(*) FROM audit_events") == 2


async def test_a_trial_counts_the_same_and_deletes_nothing(filled):
    assert await histories.prune(filled, NOW, 365, keep=False) == EXPECTED
    assert await histories.prune(filled, NOW, 365, keep=False) == EXPECTED


async def test_more_than_one_batch_goes_too(filled, monkeypatch):
    monkeypatch.setattr(histories, "_BATCH", 1)
    assert await histories.prune(filled, NOW, 365, keep=True) == EXPECTED
