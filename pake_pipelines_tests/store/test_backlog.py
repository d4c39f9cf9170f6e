"""The backlog counts what a scan would do, and nothing else."""

from datetime import timedelta

import pytest

from pake_pipelines.store import marks
from pake_pipelines.store.backlog import backlog
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import execute, value
from pake_pipelines_tests.conftest import NOW, TODAY

JUDGING = (Stage.CONFIDENCE, Stage.KNOWLEDGE_NODES)


@pytest.fixture
async def queue(shelf, database):
    """Three items whose judging was asked for, with a face that settles and disturbs them."""
    await shelf.put("abc")
    await shelf.write(dict.fromkeys("abc", "text"))

    class Queue:
        async def of(self, *keys):
            return await shelf.entry_ids(*keys)

        async def request(self, *keys):
            async with database.transaction() as connection:
                await marks.request(connection, await self.of(*keys), "run-1", JUDGING)

        async def settle(self, *keys, stages=JUDGING):
            async with database.transaction() as connection:
                for stage in stages:
                    await marks.mark(connection, stage, await self.of(*keys), "1", "run-1")

        async def disturb(self, *keys, stages=JUDGING):
            async with database.transaction() as connection:
                await marks.disturb(connection, stages, [shelf.id(key) for key in keys])

        async def waits(self, now=NOW, **options):
            async with database.connection() as connection:
                return await backlog(connection, now, **options)

    found = Queue()
    await found.request(*"abc")
    return found


async def test_an_item_that_waits_in_both_queues_waits_once(queue):
    assert (await queue.waits()).items == 3


async def test_nothing_waits_once_everything_is_settled(queue):
    await queue.settle(*"abc")
    found = await queue.waits()
    assert (found.items, found.since) == (0, None)


@pytest.mark.parametrize("stage", JUDGING, ids=str)
async def test_a_disturbed_item_waits_but_nobody_can_say_since_when(stage, queue):
    await queue.settle(*"abc")
    await queue.disturb("b", stages=[stage])
    found = await queue.waits()
    assert (found.items, found.since) == (1, None)


async def test_the_oldest_new_item_tells_since_when_it_waits(queue, database):
    await queue.settle("a")
    await execute(database, "UPDATE stage_marks SET made_at = $1 WHERE entry_id = $2", NOW, (await queue.of("b"))[0])
    assert (await queue.waits()).since == NOW


async def test_an_item_whose_age_counts_otherwise_waits_from_then_on(queue, database):
    await queue.settle(*"abc")
    await execute(
        database,
        """
        INSERT INTO confidence_scores (entry_id, score, decision_score, factors, due_at) VALUES ($1, 0.5, 0.5, '[]', $2)
        """,
        (await queue.of("a"))[0],
        NOW,
    )
    assert (await queue.waits(NOW - timedelta(seconds=1))).items == 0
    assert (await queue.waits(NOW)).items == 1


async def test_dropped_items_and_versions_that_were_replaced_do_not_wait(queue, shelf):
    await shelf.write({"a": "text"}, dropped="too_short")
    await shelf.put("b", day=TODAY + timedelta(days=1), body="new")
    assert (await queue.waits()).items == 1


async def test_only_the_items_of_the_sources_asked_for_count(queue, database):
    source = await value(database, "SELECT DISTINCT source FROM items")
    assert (await queue.waits(sources=[source])).items == 3
    assert (await queue.waits(sources=["another"])).items == 0
    assert (await queue.waits(sources=[])).items == 0


async def test_what_the_gate_withholds_waits_only_for_what_else_is_to_do(queue):
    await queue.settle("a", stages=[Stage.CONFIDENCE])
    assert (await queue.waits(withheld=await queue.of("a"))).items == 2
    assert (await queue.waits(withheld=await queue.of("a", "b"))).items == 2
