"""Embeddings: a vector for every kept text that has none under the current model."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.fingerprint import embedding_text
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import embeddings, marks
from pake_pipelines.store.database import Database
from pake_pipelines.store.marks import Stage

if TYPE_CHECKING:
    import numpy as np


async def embed_documents(kit: Kit, database: Database, run: Run) -> StageResult:
    """Embed the texts of the run's day that have no vector under the current model, each different text once.

    The model is loaded only when there is something to embed. Raises ModelError when it cannot be.
    """
    watch, model = Stopwatch(), kit.embedder.model
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.EMBEDDINGS, run.day, model)
    result = StageResult(details={"model": model})
    for batch in batches(todo):
        async with database.connection() as connection:
            texts = await embeddings.missing(connection, batch, model)
        by_length = sorted(texts, key=lambda one: len(one.text))
        made: dict[str, np.ndarray] = {}
        if by_length:
            vectors = kit.embedder.encode([embedding_text(one.title, one.text) for one in by_length])
            made = {one.embedding_key: vector for one, vector in zip(by_length, vectors, strict=True)}
        async with database.transaction() as connection:
            await embeddings.save_embeddings(connection, made, model=model, run_id=run.run_id)
            await marks.mark(connection, Stage.EMBEDDINGS, batch, model, run.run_id)
        crash.point(CrashPoint.EMBEDDINGS_COMMITTED)
        result = replace(result, new=result.new + len(made), unchanged=result.unchanged + len(batch) - len(made))
    return replace(result, looked_at=len(todo), seconds=watch.seconds)
