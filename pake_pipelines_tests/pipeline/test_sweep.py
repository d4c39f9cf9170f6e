"""The sweep archives what has waited too long with too low a score, and nothing of it is final."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pake_pipelines.pipeline.publish import publish_nodes
from pake_pipelines.pipeline.sweep import preview, sweep_low
from pake_pipelines_tests.chain import changed, contents, execute, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

WEEK = timedelta(days=7)


@pytest.fixture
def kit(configure, kit_of, site):
    return kit_of(configure(sources_yaml(web=site.url("/feed"))))


async def score(database, *numbers, decision, probability=None):
    """Give items of the feed another deciding score and ask for new verdicts."""
    keys = [f"https://feed.example/{number}" for number in numbers]
    entries = "(SELECT entry_id FROM entries JOIN items USING (pake_id) WHERE key = ANY ($1) AND superseded_at IS NULL)"
    await execute(
        database,
        f"""
        UPDATE confidence_scores SET decision_score = $2, probability = $3, score = $2 WHERE entry_id IN {entries}
        """,
        keys,
        decision,
        probability,
    )
    await execute(
        database,
        f"UPDATE stage_marks SET stale = true WHERE stage = 'knowledge_nodes' AND entry_id IN {entries}",
        keys,
    )


@pytest.fixture
async def low(kit, database, run, site):
    """Four items, published; 1 and 2 have a low score since the moment of the run. Return the moment a week later."""
    site.pages["/feed"] = Page(rss(*map(item, range(1, 5))))
    await visit(kit, database, run)
    await walk(kit, database, run)
    await score(database, 1, 2, decision=0.15)
    await publish_nodes(kit, database, run)
    await execute(database, "UPDATE knowledge_nodes SET updated_at = $1", run.now)
    return run.now + WEEK


async def swept(kit, database, now, batch=1):
    return await sweep_low(database, kit.quality.verdict, now, batch=batch, run_id="sweep")


async def statuses(database):
    found = await rows(
        database,
        """
        SELECT i.key, n.verification_status AS status FROM knowledge_nodes n JOIN items i USING (pake_id) ORDER BY key
        """,
    )
    return [row["status"] for row in found]


async def test_what_has_been_low_for_its_time_is_archived_with_its_reason(kit, database, low):
    done = await swept(kit, database, low)
    assert (done.archived, done.waiting) == (2, 0)
    assert await statuses(database) == ["archived", "archived", "pending", "pending"]
    (node, _) = await rows(
        database, "SELECT metadata, reasons FROM knowledge_nodes WHERE verification_status = 'archived'"
    )
    assert node["metadata"]["archived"] == "low_confidence"
    assert node["metadata"]["archive_candidate"] == "0.150 < 0.2"
    assert node["reasons"][0] == "It was swept away: its score stayed low for too long."
    history = await rows(
        database, "SELECT old_status, new_status, cause FROM confidence_history WHERE run_id = 'sweep'"
    )
    assert history == [{"old_status": "pending", "new_status": "archived", "cause": "the sweep"}] * 2


async def test_what_still_has_time_is_left_and_counted(kit, database, low):
    done = await swept(kit, database, low - timedelta(hours=1))
    assert (done.archived, done.waiting) == (0, 2)


async def test_a_preview_says_the_same_and_changes_nothing(kit, database, low):
    before = await contents(database)
    said = await preview(database, kit.quality.verdict, low)
    assert changed(before, await contents(database)) == set()
    assert said == await swept(kit, database, low)


async def test_sweeping_twice_does_nothing_the_second_time(kit, database, low):
    await swept(kit, database, low)
    assert (await swept(kit, database, low)).archived == 0


async def test_the_threshold_is_held_against_the_calibrated_score_where_there_is_one(kit, database, low, run):
    await score(database, 1, decision=0.15, probability=0.5)
    await score(database, 3, decision=0.5, probability=0.15)
    await publish_nodes(kit, database, run)
    await execute(database, "UPDATE knowledge_nodes SET updated_at = $1", run.now)
    await swept(kit, database, low)
    assert await statuses(database) == ["pending", "archived", "archived", "pending"]


@pytest.mark.parametrize("status", ["quarantined", "verified", "rejected"])
async def test_only_pending_nodes_are_swept(status, kit, database, low):
    await execute(database, "UPDATE knowledge_nodes SET verification_status = $1", status)
    assert (await swept(kit, database, low)).archived == 0


async def test_what_a_person_has_decided_on_is_never_swept(kit, database, low):
    await execute(
        database,
        """
        WITH event AS (
            INSERT INTO audit_events (actor, action, subject) VALUES ('Jo', 'requeued', 'x')
            RETURNING event_id)
        INSERT INTO reviews (pake_id, entry_id, decision, event_id)
        SELECT pake_id, entry_id, 'requeued', event_id FROM knowledge_nodes, event
        WHERE source_uri = 'https://feed.example/1'
        """,
    )
    await swept(kit, database, low)
    assert await statuses(database) == ["pending", "archived", "pending", "pending"]


async def test_what_was_swept_stays_so_when_it_is_judged_again_with_as_low_a_score(kit, database, low, run):
    await swept(kit, database, low)
    before = await contents(database)
    await execute(database, "UPDATE stage_marks SET stale = true WHERE stage = 'knowledge_nodes'")
    result = await publish_nodes(kit, database, replace(run, run_id="run-2"))
    assert (result.looked_at, result.updated) == (4, 0)
    assert changed(before, await contents(database)) == {"stage_marks"}


async def test_a_score_that_rises_brings_an_item_back(kit, database, low, run):
    await swept(kit, database, low)
    await score(database, 1, decision=0.25)
    await publish_nodes(kit, database, replace(run, run_id="run-2"))
    assert await statuses(database) == ["pending", "archived", "pending", "pending"]
    flags = await value(database, "SELECT metadata FROM knowledge_nodes WHERE source_uri = 'https://feed.example/1'")
    assert "archived" not in flags


async def test_a_new_version_brings_an_item_back(kit, database, low, run, site):
    await swept(kit, database, low)
    site.pages["/feed"] = Page(rss(item(1, text=prose(91)), *map(item, range(2, 5))))
    await visit(kit, database, replace(run, run_id="run-2"))
    await walk(kit, database, replace(run, run_id="run-2"))
    assert (await statuses(database))[0] == "pending"


async def test_a_version_that_is_not_judged_yet_protects_its_item(kit, database, low, run, site):
    site.pages["/feed"] = Page(rss(item(1, text=prose(91)), *map(item, range(2, 5))))
    await visit(kit, database, replace(run, run_id="run-2"))
    await swept(kit, database, low)
    assert await statuses(database) == ["pending", "archived", "pending", "pending"]


async def test_a_score_that_recovered_since_the_last_verdict_protects_its_item(kit, database, low):
    await execute(database, "UPDATE confidence_scores SET decision_score = 0.5")
    assert (await swept(kit, database, low)).archived == 0
