"""The vector index is held against an exact search; what an index misses shows, and nothing is left as it was not."""

import numpy as np
import pytest

from pake_pipelines.maintenance.upkeep.database import run
from pake_pipelines.store import vector_index
from pake_pipelines.store.database_metrics import Missing
from pake_pipelines.store.embeddings import save_embeddings
from pake_pipelines_tests.maintenance.upkeep.conftest import at_level


async def fill(database, number=400):
    generator = np.random.default_rng(5)
    vectors = generator.normal(size=(number, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    async with database.transaction() as connection:
        await save_embeddings(
            connection, {f"key-{row}": vector for row, vector in enumerate(vectors)}, model="m", run_id="r"
        )


async def recall(database, **options):
    async with database.transaction(keep=False) as connection:
        return await vector_index.recall(connection, 15, **options)


async def test_a_sound_index_finds_nearly_all_and_a_narrow_search_less(database):
    await fill(database)
    sound = await recall(database)
    assert (sound.sample, sound.nearest) == (15, 10)
    assert sound.percent > 97
    # without going on, an index gives no more than the search is wide
    async with database.connection() as connection:
        await connection.execute("DROP INDEX pake.embeddings_hnsw")
        await connection.execute(
            "CREATE INDEX embeddings_hnsw ON pake.embeddings USING hnsw (vector halfvec_cosine_ops) "
            "WITH (m = 2, ef_construction = 4)"
        )
    assert (await recall(database, ef_search=1)).percent < 85


async def test_without_vectors_there_is_nothing_to_compare(database):
    assert await recall(database) is None


async def test_a_search_that_takes_too_long_is_unavailable_and_not_good(database, monkeypatch):
    await fill(database, 300)
    monkeypatch.setattr(vector_index.recall, "__kwdefaults__", {"ef_search": 100, "timeout_ms": 1})
    found = await vector_index.recall_or_reason(database, 15)
    assert isinstance(found, Missing)
    assert "statement timeout" in found.why


@pytest.mark.parametrize("level", ["full", "deep"])
async def test_the_report_has_the_health_of_the_vector_index(place, database, level):
    await fill(database)
    (line,) = (await run(at_level(place, level, without_backup=True))).details["vector_index"]
    assert line["index"] == "pake.embeddings_hnsw"
    assert line["valid"]
    assert line["recall_percent"] > 97
    assert line["recall_sample"] == 20
    assert line["bytes"] > 400_000
