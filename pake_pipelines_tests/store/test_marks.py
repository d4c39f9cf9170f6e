"""Marks say what a stage still has to do: what it has not seen, has seen by other rules, or was asked to see again."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.store import marks
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import value
from pake_pipelines_tests.conftest import TODAY

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
async def stage(shelf, database):
    """A small face of the marks of one stage over the shelf's items."""

    class Marks:
        async def pending(self, which=Stage.CONFIDENCE, day=TODAY, version="1", **options):
            async with database.connection() as connection:
                found = await marks.pending(connection, which, day, version, **options)
                titles = await connection.fetch(
                    "SELECT title FROM entries WHERE entry_id = ANY ($1::bigint[]) ORDER BY 1", list(found)
                )
            return [row["title"] for row in titles]

        async def mark(self, *keys, which=Stage.CONFIDENCE, version="1"):
            async with database.transaction() as connection:
                await marks.mark(connection, which, await shelf.entry_ids(*keys), version, "run-1")

        async def disturb(self, *keys, stages=(Stage.CONFIDENCE,)):
            async with database.transaction() as connection:
                await marks.disturb(connection, stages, [shelf.id(key) for key in keys])

    await shelf.put(["a", "b", "c"])
    await shelf.write(dict.fromkeys("abc", "text"))
    return Marks()


async def test_what_has_no_mark_is_pending(stage):
    await stage.mark("a")
    assert await stage.pending() == ["b", "c"]


async def test_a_mark_of_another_version_does_not_count(stage):
    await stage.mark("a", "b", "c")
    assert await stage.pending() == []
    assert await stage.pending(version="2") == ["a", "b", "c"]


async def test_marks_of_other_stages_do_not_count(stage):
    await stage.mark("a", "b", "c", which=Stage.CONNECTIONS)
    assert await stage.pending() == ["a", "b", "c"]


async def test_another_days_items_are_not_pending(stage):
    assert await stage.pending(day=TOMORROW) == []


async def test_a_disturbed_item_is_pending_on_whatever_day_is_run(stage):
    await stage.mark("a", "b", "c")
    await stage.disturb("b")
    assert await stage.pending(day=TOMORROW) == ["b"]
    await stage.mark("b")
    assert await stage.pending(day=TOMORROW) == []


@pytest.mark.parametrize("waiting", [True, False], ids=["queued", "done before"])
async def test_what_changes_while_an_item_is_worked_on_asks_for_another_turn(waiting, stage, shelf, database):
    await stage.mark("a", "b", "c")
    if waiting:
        await stage.disturb("a")
    async with database.transaction() as working:
        ids = await shelf.entry_ids("a")
        await marks.hold(working, Stage.CONFIDENCE, ids)
        news = asyncio.create_task(stage.disturb("a"))
        await asyncio.sleep(0.2)
        assert not news.done()
        await marks.mark(working, Stage.CONFIDENCE, ids, "1", "run-2")
    await news
    assert await stage.pending() == ["a"]


async def test_only_the_stages_named_are_disturbed(stage):
    await stage.mark("a", "b", "c")
    await stage.mark("a", "b", "c", which=Stage.KNOWLEDGE_NODES)
    await stage.disturb("a", stages=[Stage.KNOWLEDGE_NODES])
    assert (await stage.pending(), await stage.pending(Stage.KNOWLEDGE_NODES)) == ([], ["a"])


async def test_what_was_never_done_cannot_be_disturbed(stage):
    await stage.disturb("a")
    assert await stage.pending(day=TOMORROW) == []


async def test_a_new_version_is_pending_and_the_old_one_no_longer(stage, shelf):
    await stage.mark("a", "b", "c")
    await shelf.put(["a"], day=TOMORROW, body="new")
    await shelf.write({"a": "new"})
    assert (await stage.pending(), await stage.pending(day=TOMORROW)) == ([], ["a"])


async def test_a_dropped_item_is_pending_for_documents_only(stage, shelf):
    await shelf.write({"a": "text"}, dropped="too_short")
    assert await stage.pending() == ["b", "c"]
    assert await stage.pending(Stage.DOCUMENTS, version="2") == ["a", "b", "c"]


async def test_saving_the_same_document_again_disturbs_nobody(stage, shelf):
    await stage.mark("a", "b", "c")
    assert await shelf.write(dict.fromkeys("abc", "text")) == []
    assert await stage.pending() == []
    assert len(await shelf.write({"a": "other"})) == 1
    assert await stage.pending() == ["a"]


async def test_items_of_other_sources_than_asked_for_are_left_for_later(stage, database):
    await stage.mark("c")
    await stage.disturb("c")
    source = await value(database, "SELECT DISTINCT source FROM items")
    assert await stage.pending(sources=[source]) == ["a", "b", "c"]
    assert await stage.pending(sources=["another"]) == []
    assert await stage.pending() == ["a", "b", "c"]


def test_the_stages_behind_a_stage_are_those_after_it():
    assert marks.after(Stage.CONFIDENCE) == (Stage.KNOWLEDGE_NODES,)
    assert marks.after(Stage.KNOWLEDGE_NODES) == ()
    assert len(marks.after(Stage.DOCUMENTS)) == 5
