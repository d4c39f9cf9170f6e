"""The clean-up behind duplicates does what it says, says what it did, and takes nothing that is needed."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from pake_pipelines.maintenance.duplicates import clean_up, preview
from pake_pipelines_tests.chain import changed, contents, execute, rows, value, visit, walk
from pake_pipelines_tests.feeds import item, prose, rss, sources_yaml
from pake_pipelines_tests.site import Page

DAY = timedelta(hours=24)


@pytest.fixture
def kit(configure, kit_of, site):
    return kit_of(configure(sources_yaml(web=site.url("/feed"))))


@pytest.fixture
async def later(kit, database, run, site):
    """Three copies of one item and another, walked; return the moment two days after."""
    site.pages["/feed"] = Page(rss(*(item(number, text=prose(1)) for number in range(3)), item(9)))
    await visit(kit, database, run)
    await walk(kit, database, run)
    await execute(database, "UPDATE knowledge_nodes SET updated_at = $1", run.now)
    return run.now + timedelta(days=2)


async def cleaned(kit, database, now, batch=2):
    return await clean_up(kit.embedder.model, database, now, age=DAY, batch=batch, run_id="clean")


async def statuses(database):
    found = await rows(
        database, "SELECT verification_status AS status, count(*) AS nodes FROM knowledge_nodes GROUP BY 1"
    )
    return {row["status"]: row["nodes"] for row in found}


async def test_nodes_that_repeat_another_are_archived_and_counted(kit, database, later):
    done = await cleaned(kit, database, later)
    assert (done.duplicates_removed, done.stale_updated, done.health_score) == (2, 0, 100.0)
    assert await statuses(database) == {"archived": 2, "pending": 2}
    history = "SELECT count(*) FROM confidence_history WHERE new_status = 'archived' AND run_id = 'clean'"
    assert await value(database, history) == 2


async def test_a_preview_says_the_same_and_changes_nothing(kit, database, later):
    before = await contents(database)
    said = await preview(kit.embedder.model, database, later, age=DAY)
    assert changed(before, await contents(database)) == set()
    assert said == await cleaned(kit, database, later)


async def test_what_changed_lately_is_left_alone(kit, database, later, run):
    assert (await cleaned(kit, database, run.now + timedelta(hours=23))).duplicates_removed == 0


async def test_cleaning_twice_does_nothing_the_second_time(kit, database, later):
    await cleaned(kit, database, later)
    again = asdict(await cleaned(kit, database, later))
    assert again == {**dict.fromkeys(again, 0), "health_score": 100.0}


async def test_an_archived_copy_stays_archived_when_it_is_judged_again(kit, database, later, run):
    await cleaned(kit, database, later)
    await execute(database, "UPDATE stage_marks SET stale = true WHERE stage = 'knowledge_nodes'")
    await walk(kit, database, replace(run, run_id="run-2"))
    assert await statuses(database) == {"archived": 2, "pending": 2}


async def test_an_archived_copy_comes_back_when_it_is_one_no_longer(kit, database, later, run, site):
    await cleaned(kit, database, later)
    site.pages["/feed"] = Page(rss(*(item(number, text=prose(number + 40)) for number in range(3)), item(9)))
    await visit(kit, database, replace(run, run_id="run-2"))
    await walk(kit, database, replace(run, run_id="run-2"))
    assert await statuses(database) == {"pending": 4}


async def test_vectors_and_signatures_of_texts_that_are_gone_go_and_no_others(kit, database, later, run, site):
    site.pages["/feed"] = Page(rss(item(0, text=prose(1)), item(9, text=prose(77))))
    await visit(kit, database, replace(run, run_id="run-2"))
    await walk(kit, database, replace(run, run_id="run-2"))
    done = await cleaned(kit, database, later)
    assert (done.vectors_removed, done.signatures_removed) == (1, 1)
    assert done.health_score == 100.0
    await walk(kit, database, replace(run, run_id="run-3", everywhere=True))
    assert (await preview(kit.embedder.model, database, later, age=DAY)).stale_updated == 0


async def test_vectors_of_an_earlier_model_stay_until_there_are_newer_ones(kit, database, later, run):
    kit.embedder.model = "another"
    assert (await cleaned(kit, database, later)).vectors_removed == 0
    assert (await preview(kit.embedder.model, database, later, age=DAY)).health_score == 0.0
    await walk(kit, database, replace(run, run_id="run-2", everywhere=True))
    assert (await cleaned(kit, database, later)).vectors_removed == 4
    assert await rows(database, "SELECT DISTINCT model FROM embeddings") == [{"model": "another"}]
