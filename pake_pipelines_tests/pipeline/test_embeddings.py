"""The stage: every different text once, longest first, written while the network works, marked with its vector."""

import asyncio
import logging
import threading
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pytest

from pake_pipelines.dedup.fingerprint import embedding_key, embedding_text
from pake_pipelines.pipeline import embeddings as stage
from pake_pipelines.pipeline import progress
from pake_pipelines.pipeline.batches import BATCH
from pake_pipelines.pipeline.embedder import MAX_CHARACTERS
from pake_pipelines.pipeline.embeddings import embed_documents
from pake_pipelines.store import embeddings
from pake_pipelines_tests.chain import execute, rows, value
from pake_pipelines_tests.embedder import WordEmbedder
from pake_pipelines_tests.store.conftest import Shelf


class Recorder(WordEmbedder):
    """Remembers the batches of texts that it was given, and may do something with each."""

    def __init__(self, meanwhile=lambda number: None):
        super().__init__()
        self.batches = []
        self._meanwhile = meanwhile

    @property
    def texts(self):
        return [text for batch in self.batches for text in batch]

    def encode(self, texts):
        self.batches.append(list(texts))
        self._meanwhile(len(self.batches))
        return super().encode(texts)


@dataclass
class Kit:
    """The part of a kit that the stage asks for."""

    embedder: Recorder


@pytest.fixture
async def shelf(database):
    return await Shelf(database).open()


@pytest.fixture
def kit():
    return Kit(Recorder())


async def put(shelf, texts, **options):
    await shelf.put(list(texts), **options)
    await shelf.write(texts)


async def marked(database):
    return await value(database, "SELECT count(*) FROM stage_marks WHERE stage = 'embeddings' AND NOT stale")


async def test_every_different_text_is_embedded_once_and_every_item_marked(kit, shelf, database, run):
    await put(shelf, {"a": "One text.", "b": "Another text.", "c": "A third."})
    await execute(database, "UPDATE documents SET title = 'b', text = 'Another text.', embedding_key = $1"
                  " WHERE title = 'c'", embedding_key("b", "Another text."))  # fmt: skip
    result = await embed_documents(kit, database, run)
    assert sorted(kit.embedder.texts) == ["a\n\nOne text.", "b\n\nAnother text."]
    assert (result.looked_at, result.new, result.unchanged) == (3, 2, 1)
    assert await marked(database) == 3


async def test_copies_that_fall_into_different_batches_are_embedded_once(kit, shelf, database, run):
    texts = {f"{number:04}": "The same." for number in range(2 * BATCH + 10)}
    await put(shelf, texts)
    await execute(database, "UPDATE documents SET title = '', embedding_key = $1", embedding_key("", "The same."))
    result = await embed_documents(kit, database, run)
    assert kit.embedder.texts == ["The same."]
    assert (result.new, await marked(database)) == (1, len(texts))


async def test_a_second_run_embeds_nothing_even_without_its_marks(kit, shelf, database, run):
    await put(shelf, {"a": "One text.", "b": "Another text."})
    await embed_documents(kit, database, run)
    assert (await embed_documents(kit, database, run)).looked_at == 0
    await execute(database, "DELETE FROM stage_marks")
    result = await embed_documents(kit, database, run)
    assert (result.looked_at, result.new, kit.embedder.encoded, await marked(database)) == (2, 0, 2, 2)


async def test_the_model_is_not_asked_for_when_there_is_nothing_to_embed(database, run):
    class Unloadable(WordEmbedder):
        @property
        def device(self):
            raise AssertionError("loaded")

    result = await embed_documents(Kit(Unloadable()), database, run)
    assert result.details == {"model": "words", "texts": 0, "chunks": 0}


async def test_texts_are_sorted_by_length_over_the_whole_run(kit, shelf, database, run):
    texts = {f"{number:04}": "x" * (number * 7919 % 1000) for number in range(BATCH + 50)}
    await put(shelf, texts)
    result = await embed_documents(kit, database, run)
    least = [min(map(len, batch)) for batch in kit.embedder.batches]
    most = [max(map(len, batch)) for batch in kit.embedder.batches]
    assert len(kit.embedder.batches) > 1
    assert all(one >= other for one, other in zip(least, most[1:], strict=False))
    assert result.details["texts"] == result.details["chunks"] == len(texts)


async def test_a_batch_is_bounded_by_its_work_and_by_its_texts(kit, shelf, database, run):
    texts = {f"{number:04}": "x" * 100_000 for number in range(20)}
    await put(shelf, texts)
    await embed_documents(kit, database, run)
    assert sum(map(len, kit.embedder.batches)) == len(texts)
    assert all(len(batch) * MAX_CHARACTERS <= stage._BATCH_CHARACTERS for batch in kit.embedder.batches)


async def test_no_more_of_a_text_leaves_the_database_than_is_read(kit, shelf, database, run):
    await put(shelf, {"long": "word " * 1_000_000})
    await embed_documents(kit, database, run)
    (text,) = kit.embedder.texts
    assert len(text) == len("long\n\n") + MAX_CHARACTERS


async def test_the_stored_vector_is_the_one_of_its_text(kit, shelf, database, run):
    texts = {f"{number:04}": f"word{number} and another {number % 7}" for number in range(BATCH + 30)}
    await put(shelf, texts)
    await embed_documents(kit, database, run)
    stored = {
        row["embedding_key"]: np.array(row["vector"].strip("[]").split(","), dtype=np.float32)
        for row in await rows(database, "SELECT embedding_key, vector::text AS vector FROM embeddings")
    }
    assert len(stored) == len(texts)
    for key, text in texts.items():
        expected = WordEmbedder().encode([embedding_text(key, text)])[0]
        np.testing.assert_allclose(stored[embedding_key(key, text)], expected, atol=1e-3)


async def test_a_batch_is_written_while_the_next_is_in_the_network(shelf, database, run):
    loop, seen = asyncio.get_running_loop(), []

    async def until_written():
        while await value(database, "SELECT count(*) FROM embeddings") < BATCH:
            await asyncio.sleep(0.01)

    def wait_for_the_first(number):
        if number == 2:
            asyncio.run_coroutine_threadsafe(until_written(), loop).result(timeout=20)
            seen.append(number)

    await put(shelf, {f"{number:04}": "short" for number in range(2 * BATCH)})
    await embed_documents(Kit(Recorder(wait_for_the_first)), database, run)
    assert seen == [2]


async def test_an_item_whose_text_changed_meanwhile_waits_for_the_next_run(shelf, database, run):
    loop = asyncio.get_running_loop()

    def change(number):
        if number == 1:
            asyncio.run_coroutine_threadsafe(shelf.write({"a": "Changed."}), loop).result(timeout=20)

    await put(shelf, {"a": "As it was.", "b": "Another text."})
    kit = Kit(Recorder(change))
    await embed_documents(kit, database, run)
    assert await marked(database) == 1
    await embed_documents(kit, database, run)
    assert kit.embedder.texts[-1] == "a\n\nChanged."
    assert await marked(database) == 2


async def test_what_another_run_has_embedded_meanwhile_is_not_embedded_again(shelf, database, run):
    loop, other = asyncio.get_running_loop(), Kit(Recorder())

    def overtake(number):
        if number == 1:
            asyncio.run_coroutine_threadsafe(embed_documents(other, database, run), loop).result(timeout=60)

    await put(shelf, {f"{number:04}": "short" for number in range(4 * BATCH)})
    result = await embed_documents(kit := Kit(Recorder(overtake)), database, run)
    # the batch in the network, and the one that was read before the other run was through
    assert len(kit.embedder.batches) <= 2
    assert result.details["texts"] == kit.embedder.encoded <= 2 * BATCH
    assert await value(database, "SELECT count(*) FROM embeddings") == await marked(database) == 4 * BATCH


async def test_a_failing_network_fails_the_stage_and_keeps_what_was_written(shelf, database, run):
    def fail(number):
        if number == 3:
            raise MemoryError("no room")

    await put(shelf, {f"{number:04}": "short" for number in range(3 * BATCH)})
    with pytest.raises(MemoryError, match="no room"):
        await embed_documents(Kit(Recorder(fail)), database, run)
    assert await value(database, "SELECT count(*) FROM embeddings") == await marked(database) > 0


async def test_a_cancelled_stage_ends_though_the_network_is_busy(shelf, database, run):
    begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def busy(_):
        loop.call_soon_threadsafe(begun.set)
        release.wait(30)

    await put(shelf, {"a": "One text."})
    task = asyncio.create_task(embed_documents(Kit(Recorder(busy)), database, run))
    await begun.wait()
    task.cancel()
    try:
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 10)
    finally:
        release.set()
    assert await marked(database) == 0


async def test_everywhere_embeds_the_texts_of_all_days(kit, shelf, database, run):
    await put(shelf, {"old": "An old text."}, day=run.day - timedelta(days=9))
    assert (await embed_documents(kit, database, run)).looked_at == 0
    assert (await embed_documents(kit, database, replace(run, everywhere=True))).new == 1


async def test_a_long_run_tells_how_far_it_is(kit, shelf, database, run, monkeypatch, caplog):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    await put(shelf, {f"{number:04}": "short" for number in range(2 * BATCH)})
    with caplog.at_level(logging.INFO, "pake_pipelines"):
        await embed_documents(kit, database, run)
    lines = [record.getMessage() for record in caplog.records if record.name == stage.__name__]
    assert [line.split(",")[0] for line in lines] == ["embedded 200 of 400 texts", "embedded 400 of 400 texts"]


async def test_vectors_stored_twice_stay_as_they_were(shelf, database):
    first, second = np.eye(384, dtype=np.float32)[:2]
    for vector in (first, second):
        async with database.transaction() as connection:
            await embeddings.save_embeddings(connection, {"key": vector}, model="words", run_id="run-1")
    assert await value(database, "SELECT vector::text LIKE '[1,0,%' FROM embeddings")
