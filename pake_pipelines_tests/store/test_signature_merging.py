"""New bands are gathered in a small index and moved into the large one without anybody noticing."""

import asyncio
import re

import pytest

from pake_pipelines.dedup.minhash import bands, sign, version
from pake_pipelines.store import signature_upkeep, signatures
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.feeds import prose
from pake_pipelines_tests.store.test_signatures import add, all_bands, counts, edited, lookalikes, merge, remove

TEXT = prose(1)


async def tiers(database):
    """Return how many bands are recent and how many are merged."""
    return tuple([await value(database, f"SELECT count(*) FROM signature_bands{tier}") for tier in ("_recent", "")])


async def waiting(database, sessions=1):
    """Return once so many sessions wait for a lock."""
    async with asyncio.timeout(20):
        while await value(database, "SELECT count(*) FROM pg_locks WHERE NOT granted") < sessions:
            await asyncio.sleep(0.01)


async def save(shelf, key, text):
    (entry_id,) = await shelf.entry_ids(key)
    made = {entry_id: sign([(key, text)])[0]}
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, made, version=version(), bands=bands)


async def test_new_bands_are_recent_until_there_are_enough_of_them(shelf):
    await add(shelf, {"a": TEXT})
    assert await merge(shelf, 41) == 0
    assert await tiers(shelf.database) == (40, 0)
    assert await merge(shelf, 40) == 40
    assert await tiers(shelf.database) == (0, 40)


async def test_what_is_due_is_what_a_merge_moves(shelf):
    await add(shelf, {"a": TEXT})
    async with shelf.database.connection() as connection:
        assert [await signature_upkeep.due_for_merging(connection, bound) for bound in (40, 41)] == [40, 0]


async def test_a_merge_of_nothing_moves_nothing(shelf):
    assert await merge(shelf, 0) == 0


async def test_bands_are_the_same_before_and_after_a_merge(shelf):
    await add(shelf, {"a": TEXT, "b": edited(TEXT, 1)})
    before = await all_bands(shelf.database)
    await merge(shelf)
    assert await all_bands(shelf.database) == before


@pytest.mark.parametrize("merged", [0, 1, 2, 3])
async def test_lookalikes_are_the_same_wherever_the_bands_are(shelf, merged):
    texts = {str(number): edited(TEXT, number) for number in range(3)}
    for number, (key, text) in enumerate(texts.items()):
        await add(shelf, {key: text})
        if number < merged:
            await merge(shelf)
    assert (await tiers(shelf.database))[1] == merged * 40
    pairs = [(one.entry_id, one.other_entry_id) for one in await lookalikes(shelf, *texts) if one.kind == "words"]
    ids = await shelf.entry_ids(*texts)
    assert sorted(pairs) == sorted((one, other) for one in ids for other in ids if one != other)
    assert all(one.hits <= 32 for one in await lookalikes(shelf, *texts))


async def test_of_boilerplate_the_smallest_signatures_count_wherever_their_bands_are(shelf):
    band_hash = bands(sign([("title", TEXT)])[0])[0][0]
    for table, odd in (("signature_bands", 1), ("signature_bands_recent", 0)):
        await execute(
            shelf.database, f"INSERT INTO {table} SELECT $1, n FROM generate_series(1, 200) n WHERE n % 2 = {odd}",
            band_hash,
        )  # fmt: skip
    found = await rows(
        shelf.database,
        "SELECT signature_id FROM all_signature_bands WHERE band_hash = $1 ORDER BY signature_id LIMIT 50",
        band_hash,
    )
    assert [row["signature_id"] for row in found] == list(range(1, 51))


class Explaining:
    """A connection that keeps the plans of its queries."""

    def __init__(self, connection):
        self.connection = connection
        self.plans = []

    async def fetch(self, statement, *values):
        plan = await self.connection.fetch(f"EXPLAIN (COSTS OFF) {statement}", *values)
        self.plans.append("\n".join(row["QUERY PLAN"] for row in plan))
        return await self.connection.fetch(statement, *values)


async def test_a_lookup_reads_both_indexes_in_order_and_stops(shelf):
    await add(shelf, {"a": TEXT})
    for table in ("signature_bands", "signature_bands_recent"):
        await execute(shelf.database, f"INSERT INTO {table} SELECT n, n FROM generate_series(1, 20000) AS n")
        await execute(shelf.database, f"ANALYZE {table}")
    async with shelf.database.connection() as connection:
        watched = Explaining(connection)
        await signatures.lookalikes(watched, await shelf.entry_ids("a"), bands=bands, limit=20)
    found = re.search(
        r"-> +Limit\n +-> +Merge Append\n +Sort Key: signature_bands_recent\.signature_id\n"
        r" +-> +Index Only Scan using signature_bands_recent_lookup .*\n.*\n.*\n"
        r" +-> +Index Only Scan using signature_bands_lookup",
        watched.plans[-1],
    )
    assert found, watched.plans[-1]


async def test_a_merge_that_is_broken_off_has_moved_nothing(shelf):
    await add(shelf, {"a": TEXT})

    async def broken_off():
        async with shelf.database.transaction() as connection:
            assert await signature_upkeep.merge_recent(connection, 1) == 40
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await broken_off()
    assert await tiers(shelf.database) == (40, 0)


async def test_a_lookup_during_a_merge_waits_and_misses_nothing(shelf):
    await add(shelf, {"a": TEXT, "b": edited(TEXT, 1)})
    before = await lookalikes(shelf, "a", "b")
    async with shelf.database.transaction() as connection:
        await signature_upkeep.merge_recent(connection, 1)
        reader = asyncio.create_task(lookalikes(shelf, "a", "b"))
        await waiting(shelf.database)
    assert await reader == before != []


async def test_a_writer_during_a_merge_waits_and_its_bands_are_recent(shelf):
    await add(shelf, {"a": TEXT})
    await shelf.put("b")
    await shelf.write({"b": prose(2)})
    async with shelf.database.transaction() as connection:
        await signature_upkeep.merge_recent(connection, 1)
        writer = asyncio.create_task(save(shelf, "b", prose(2)))
        await waiting(shelf.database)
    await writer
    assert await tiers(shelf.database) == (40, 40)


async def signed(shelf, key):
    """Put in a document that is not saved to the index yet; return its entry and its signatures by entry."""
    await shelf.put(key)
    await shelf.write({key: prose(2)})
    (entry_id,) = await shelf.entry_ids(key)
    return entry_id, {entry_id: sign([(key, prose(2))])[0]}


async def test_a_merge_waits_for_writers_and_takes_their_bands_along(shelf):
    await add(shelf, {"a": TEXT})
    entry_id, made = await signed(shelf, "b")
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, made, version=version(), bands=bands)
        merging = asyncio.create_task(merge(shelf))
        await waiting(shelf.database)
        # looking up once more does not wait for the merge that waits for it
        await signatures.lookalikes(connection, [entry_id], bands=bands, limit=5)
    assert await merging == 80
    assert await tiers(shelf.database) == (0, 80)


async def test_orphans_removed_during_a_merge_are_found_where_they_went(shelf):
    await add(shelf, {"a": TEXT, "b": prose(2)})
    await execute(shelf.database, "UPDATE documents SET dropped = 'too_short'")
    async with shelf.database.transaction() as connection:
        await signature_upkeep.merge_recent(connection, 1)
        removing = asyncio.create_task(remove(shelf))
        await waiting(shelf.database)
    assert await removing == 4
    assert await counts(shelf.database) == (0, 0, 0)


async def test_two_merges_at_once_move_every_band_once(shelf):
    await add(shelf, {"a": TEXT})
    async with shelf.database.transaction() as connection:
        moved = await signature_upkeep.merge_recent(connection, 1)
        other = asyncio.create_task(merge(shelf))
        await waiting(shelf.database)
    assert (moved, await other) == (40, 0)
    assert await tiers(shelf.database) == (0, 40)


async def test_two_merges_that_wait_for_a_writer_do_not_wait_for_each_other(shelf):
    await add(shelf, {"a": TEXT})
    _, made = await signed(shelf, "b")
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, made, version=version(), bands=bands)
        merges = [asyncio.create_task(merge(shelf)) for _ in range(2)]
        await waiting(shelf.database, 2)
    assert sorted(await asyncio.gather(*merges)) == [0, 80]


async def test_writers_readers_merges_and_rebuilding_side_by_side_neither_lose_nor_double_a_band(shelf):
    texts = {str(number): edited(TEXT, number) for number in range(24)}
    await shelf.put(list(texts))
    await shelf.write(texts)
    done = asyncio.Event()

    async def write():
        for key, text in texts.items():
            await save(shelf, key, text)
        done.set()

    async def read():
        while not done.is_set():
            hits = [one.hits for one in await lookalikes(shelf, *texts) if one.kind == "words"]
            assert all(hit <= 32 for hit in hits)

    async def upkeep():
        while not done.is_set():
            await merge(shelf)
            async with shelf.database.transaction() as connection:
                await signature_upkeep.rebuild_bands(connection, bands)

    await asyncio.gather(write(), read(), upkeep())
    await merge(shelf)
    found = await rows(shelf.database, "SELECT kind, count(*) AS due FROM signatures GROUP BY kind")
    due = {row["kind"]: row["due"] for row in found}
    assert await tiers(shelf.database) == (0, due["words"] * 32 + due["title"] * 8)
    assert len({tuple(row.values()) for row in await all_bands(shelf.database)}) == sum(await tiers(shelf.database))
