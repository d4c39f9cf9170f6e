"""The index of signatures finds what resembles a document, at a cost that boilerplate does not raise."""

import asyncio
from datetime import timedelta

import pytest

from pake_pipelines.dedup.minhash import bands, sign, version
from pake_pipelines.pipeline.index_check import index_offenders
from pake_pipelines.store import marks, signature_upkeep, signatures
from pake_pipelines.store.marks import Stage
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.conftest import TODAY
from pake_pipelines_tests.feeds import prose

BOTH = ("signature_bands_recent", "signature_bands")
ASTRONOMY = prose(1)
FARMING = prose(2)


def edited(text, number):
    """Return `text` with one word at its end exchanged."""
    return f"{text} number{number}"


async def add(shelf, texts):
    """Store the documents of `texts` (key -> text) with their signatures."""
    await shelf.put(list(texts))
    await shelf.write(texts)
    await save(shelf, texts)


async def save(shelf, texts):
    ids = await shelf.entry_ids(*texts)
    made = dict(zip(ids, sign(list(texts.items())), strict=True))
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, made, version=version(), bands=bands)


async def lookalikes(shelf, *keys, limit=20):
    ids = await shelf.entry_ids(*keys)
    async with shelf.database.connection() as connection:
        return await signatures.lookalikes(connection, ids, bands=bands, limit=limit)


async def found(shelf, *keys, kind="words"):
    """Return the pairs of keys that resemble each other by `kind`."""
    names = {
        row["entry_id"]: row["key"]
        for row in await rows(shelf.database, "SELECT entry_id, key FROM entries JOIN items USING (pake_id)")
    }
    return {
        (names[one.entry_id], names[one.other_entry_id]) for one in await lookalikes(shelf, *keys) if one.kind == kind
    }


async def counts(database):
    """Return how many signatures, links of documents to them, and bands there are."""
    return tuple(
        [
            await value(database, f"SELECT count(*) FROM {table}")
            for table in ("signatures", "document_signatures", "all_signature_bands")
        ]
    )


async def all_bands(database):
    return await rows(database, "SELECT * FROM all_signature_bands ORDER BY 1, 2")


async def merge(shelf, at_least=1):
    async with shelf.database.transaction() as connection:
        return await signature_upkeep.merge_recent(connection, at_least)


async def test_a_near_copy_is_found_from_either_side_and_an_unrelated_text_is_not(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": edited(ASTRONOMY, 1), "c": FARMING})
    assert await found(shelf, "a", "b", "c") == {("a", "b"), ("b", "a")}


async def test_lookalikes_bring_along_what_their_likeness_is_estimated_from(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": edited(ASTRONOMY, 1)})
    mine, other = (
        next(one.minhash for one in made if one.kind == "words")
        for made in sign([("a", ASTRONOMY), ("b", edited(ASTRONOMY, 1))])
    )
    (pair,) = [one for one in await lookalikes(shelf, "a") if one.kind == "words"]
    assert (pair.minhash, pair.other_minhash) == (mine, other)
    assert 16 < pair.hits < 32


async def test_documents_with_the_very_same_signature_are_lookalikes_in_all_bands(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": ASTRONOMY})
    (pair,) = [one for one in await lookalikes(shelf, "a") if one.kind == "words"]
    assert (pair.hits, pair.minhash) == (32, pair.other_minhash)


async def test_titles_find_each_other_apart_from_texts(shelf):
    await add(shelf, {"Storm over the northern coast": ASTRONOMY, "Storm over the northern coasts": FARMING})
    assert await found(shelf, "Storm over the northern coast") == set()
    assert await found(shelf, "Storm over the northern coast", kind="title") == {
        ("Storm over the northern coast", "Storm over the northern coasts")
    }


async def test_a_dropped_or_superseded_document_is_no_lookalike(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": edited(ASTRONOMY, 1), "c": edited(ASTRONOMY, 2)})
    await shelf.put("b", body="new")
    await execute(shelf.database, "UPDATE documents SET dropped = 'too_short' WHERE title = 'c'")
    assert await found(shelf, "a") == set()


async def test_the_most_alike_come_first_and_no_more_than_asked_for(shelf):
    await add(shelf, {"a": ASTRONOMY} | {f"b{number}": ASTRONOMY + " word" * number for number in range(12)})
    pairs = [one for one in await lookalikes(shelf, "a", limit=5) if one.kind == "words"]
    hits = [one.hits for one in pairs]
    assert len(hits) == 5
    assert hits == sorted(hits, reverse=True)


async def test_a_thousand_near_copies_with_one_title_make_few_pairs_each(shelf):
    texts = {str(number): edited(ASTRONOMY, number) for number in range(1000)}
    await shelf.put(list(texts))
    await shelf.write(texts)
    ids = await shelf.entry_ids(*texts)
    made = sign([("The same old headline", text) for text in texts.values()])
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, dict(zip(ids, made, strict=True)), version=version(), bands=bands)
    pairs = await lookalikes(shelf, *texts, limit=20)
    assert {one.entry_id for one in pairs} == set(ids)
    titles = {one.other_entry_id for one in pairs if one.kind == "title"}
    assert titles == {entry_id for key, entry_id in zip(texts, ids, strict=True) if key in first(shelf, texts, 10)}
    assert len(pairs) <= 1000 * (20 + 10)


def first(shelf, keys, number):
    return sorted(keys, key=shelf.id)[:number]


async def test_a_document_is_signed_until_its_signatures_are_of_the_version(shelf):
    await shelf.put("ab")
    await shelf.write({"a": ASTRONOMY, "b": FARMING})
    await save(shelf, {"a": ASTRONOMY})
    ids = await shelf.entry_ids("a", "b")
    async with shelf.database.connection() as connection:
        assert [one.title for one in await signatures.unsigned(connection, ids, version())] == ["b"]
        assert [one.title for one in await signatures.unsigned(connection, ids, "another")] == ["a", "b"]


async def test_a_document_whose_text_changed_is_unsigned_again(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": edited(ASTRONOMY, 1)})
    await shelf.write({"a": FARMING, "b": edited(ASTRONOMY, 1)})
    ids = await shelf.entry_ids("a", "b")
    async with shelf.database.connection() as connection:
        assert [one.text for one in await signatures.unsigned(connection, ids, version())] == [FARMING]
    assert await found(shelf, "b") == set()


async def test_signatures_saved_again_change_nothing(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": FARMING})
    before = await counts(shelf.database)
    await save(shelf, {"a": ASTRONOMY, "b": FARMING})
    assert await counts(shelf.database) == before == (4, 4, 80)


async def test_equal_texts_share_one_signature(shelf):
    await add(shelf, {str(number): ASTRONOMY for number in range(5)})
    assert await counts(shelf.database) == (6, 10, 32 + 5 * 8)


async def test_a_text_without_a_word_has_no_signature(shelf):
    await shelf.put("a")
    (entry_id,) = await shelf.entry_ids("a")
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, {entry_id: ()}, version=version(), bands=bands)
    assert await counts(shelf.database) == (0, 0, 0)
    assert await lookalikes(shelf, "a") == []


async def test_a_new_version_takes_the_place_of_the_superseded_one(shelf):
    await add(shelf, {"a": ASTRONOMY})
    await add(shelf, {"a": FARMING})
    assert await value(shelf.database, "SELECT count(DISTINCT entry_id) FROM document_signatures") == 1


async def two_alike(shelf):
    """Put in two documents of one text; return their entries and the signatures that both have."""
    await shelf.put("ab")
    await shelf.write(dict.fromkeys("ab", ASTRONOMY))
    return *await shelf.entry_ids("a", "b"), sign([("title", ASTRONOMY)])[0]


async def test_two_transactions_with_the_same_new_signature_write_its_bands_once(shelf):
    one, other, made = await two_alike(shelf)
    written = asyncio.Event()

    async def first_writer():
        async with shelf.database.transaction() as connection:
            await signatures.save_signatures(connection, {one: made}, version=version(), bands=bands)
            written.set()
            await asyncio.sleep(0.2)

    async def second_writer():
        await written.wait()
        async with shelf.database.transaction() as connection:
            await signatures.save_signatures(connection, {other: made}, version=version(), bands=bands)

    await asyncio.gather(first_writer(), second_writer())
    assert await counts(shelf.database) == (2, 4, 40)


async def test_the_second_of_two_writers_writes_the_bands_if_the_first_gives_up(shelf):
    one, other, made = await two_alike(shelf)
    written = asyncio.Event()

    async def gives_up():
        async with shelf.database.transaction() as connection:
            await signatures.save_signatures(connection, {one: made}, version=version(), bands=bands)
            written.set()
            await asyncio.sleep(0.2)
            raise InterruptedError

    async def goes_on():
        await written.wait()
        async with shelf.database.transaction() as connection:
            await signatures.save_signatures(connection, {other: made}, version=version(), bands=bands)

    results = await asyncio.gather(gives_up(), goes_on(), return_exceptions=True)
    assert [type(result) for result in results] == [InterruptedError, type(None)]
    assert await counts(shelf.database) == (2, 2, 40)


async def remove(shelf, limit=100):
    async with shelf.database.transaction() as connection:
        return await signature_upkeep.remove_orphans(connection, limit, bands=bands)


async def test_orphans_are_removed_with_their_bands_and_counted(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": FARMING})
    await add(shelf, {"b": edited(FARMING, 1)})
    assert await remove(shelf) == 1
    assert await counts(shelf.database) == (4, 4, 80)
    assert await remove(shelf) == 0


async def test_orphans_are_removed_with_their_bands_wherever_these_are(shelf):
    await add(shelf, {"a": ASTRONOMY})
    await merge(shelf)
    await add(shelf, {"b": FARMING})
    await execute(shelf.database, "UPDATE documents SET dropped = 'too_short'")
    assert await remove(shelf) == 4
    assert await counts(shelf.database) == (0, 0, 0)


async def test_orphans_are_removed_in_batches(shelf):
    await add(shelf, {str(number): edited(ASTRONOMY, number) for number in range(5)})
    await execute(shelf.database, "UPDATE documents SET dropped = 'too_short'")
    assert [await remove(shelf, 4) for _ in range(4)] == [4, 4, 2, 0]
    assert await counts(shelf.database) == (0, 0, 0)


async def test_a_signature_that_is_about_to_be_used_is_no_orphan(shelf):
    await add(shelf, {"a": ASTRONOMY})
    await execute(shelf.database, "UPDATE documents SET dropped = 'too_short'")
    await shelf.put("b")
    await shelf.write({"b": ASTRONOMY})
    (entry_id,) = await shelf.entry_ids("b")
    made = sign([("a", ASTRONOMY)])[0]
    async with shelf.database.transaction() as connection:
        await signatures.save_signatures(connection, {entry_id: made}, version=version(), bands=bands)
        assert await remove(shelf) == 0
    assert await remove(shelf) == 0


async def test_rebuilding_restores_lost_bands_and_removes_foreign_ones(shelf):
    await add(shelf, {"a": ASTRONOMY, "b": edited(ASTRONOMY, 1)})
    await merge(shelf)
    await add(shelf, {"c": FARMING})
    before = await all_bands(shelf.database)
    for table in BOTH:
        await execute(shelf.database, f"DELETE FROM {table} WHERE band_hash % 2 = 0")
        await execute(shelf.database, f"INSERT INTO {table} VALUES (1, 2)")
        await execute(shelf.database, f"DROP INDEX {table}_lookup")
    async with shelf.database.transaction() as connection:
        assert await signature_upkeep.rebuild_bands(connection, bands) == len(before) == 120
    assert await all_bands(shelf.database) == before
    assert await value(shelf.database, "SELECT count(*) FROM signature_bands_recent") == 0
    for table in BOTH:
        assert await value(shelf.database, f"SELECT to_regclass('{table}_lookup') IS NOT NULL")


@pytest.mark.parametrize("table", BOTH)
async def test_the_size_counts_the_bands_wherever_they_are(shelf, table):
    async with shelf.database.connection() as connection:
        before = (await signature_upkeep.index_size(connection)).bytes
        await connection.execute(f"INSERT INTO {table} SELECT n, n FROM generate_series(1, 1000) AS n")
        assert (await signature_upkeep.index_size(connection)).bytes > before


async def test_the_size_counts_documents_signatures_and_bytes(shelf):
    async with shelf.database.connection() as connection:
        assert (await signature_upkeep.index_size(connection)).bytes_per_document is None
    await add(shelf, {"a": ASTRONOMY, "b": ASTRONOMY})
    async with shelf.database.connection() as connection:
        size = await signature_upkeep.index_size(connection)
    assert (size.documents, size.signatures) == (2, 3)
    assert size.bytes_per_document == size.bytes / 2 > 0


@pytest.fixture
async def compared(shelf):
    """Three compared documents, one of them without a word."""
    texts = {"a": ASTRONOMY, "b": FARMING, "...": "!"}
    await add(shelf, texts)
    async with shelf.database.transaction() as connection:
        await marks.mark(connection, Stage.DUPLICATES, await shelf.entry_ids(*texts), "1", "run-1")
    return shelf


async def offenders(shelf, day=TODAY):
    async with shelf.database.connection() as connection:
        return await index_offenders(connection, day)


async def test_a_sound_index_has_no_offenders(compared):
    assert (await offenders(compared)).count == 0


async def test_a_document_without_its_signatures_is_noticed(compared):
    await execute(
        compared.database, "DELETE FROM document_signatures WHERE entry_id = (SELECT min(entry_id) FROM documents)"
    )
    await noticed(compared)


async def noticed(compared):
    result = await offenders(compared)
    assert (result.count, len(result.ids)) == (1, 1)
    assert (await offenders(compared, TODAY + timedelta(days=1))).count == 0


_A_BAND = "(SELECT ctid FROM {} WHERE signature_id = (SELECT min(signature_id) FROM signatures) LIMIT 1)"


@pytest.mark.parametrize("merged", [False, True], ids=["recent", "merged"])
@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM {} WHERE ctid = {}",
        "INSERT INTO signature_bands SELECT * FROM {} WHERE ctid = {}",
        "INSERT INTO signature_bands_recent SELECT * FROM {} WHERE ctid = {}",
    ],
    ids=["lost", "twice, in the large index", "twice, in the recent one"],
)
async def test_a_band_that_is_lost_or_there_twice_is_noticed(compared, merged, damage):
    if merged:
        await merge(compared)
    table = "signature_bands" if merged else "signature_bands_recent"
    await execute(compared.database, damage.format(table, _A_BAND.format(table)))
    await noticed(compared)


@pytest.mark.parametrize("table", BOTH)
@pytest.mark.parametrize(
    "damage",
    ["INSERT INTO {} VALUES (1, 2)", "INSERT INTO {} SELECT 1, signature_id FROM signatures LIMIT 1"],
    ids=["of no signature", "of another text"],
)
async def test_a_band_that_belongs_to_no_signature_is_noticed_on_any_day(compared, table, damage):
    await execute(compared.database, damage.format(table))
    assert [(await offenders(compared, day)).count for day in (TODAY, TODAY + timedelta(days=1))] == [1, 1]


async def test_a_document_that_is_to_be_compared_again_may_lack_its_signatures(compared):
    await compared.write({"a": FARMING})
    assert (await offenders(compared)).count == 0
