"""Embeddings: a vector for every kept text that has none under the current model.

The network takes nearly all of the time, so it works in a thread while the vectors it made before are written and the
texts it reads next are fetched.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.dedup.fingerprint import embedding_text
from pake_pipelines.pipeline.batches import batches
from pake_pipelines.pipeline.embedder import MAX_CHARACTERS, Embedder
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.progress import Progress
from pake_pipelines.pipeline.run import Run, StageResult, Stopwatch
from pake_pipelines.store import embeddings, marks
from pake_pipelines.store.database import Database
from pake_pipelines.store.embeddings import Unembedded, Waiting
from pake_pipelines.store.marks import Stage

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

# Of one batch, counted in the characters that the network reads: a few seconds of work on two cores. A run that is
# stopped waits that long for the network, which cannot be interrupted, and a crash loses no more.
_BATCH_CHARACTERS: Final = 128_000


@dataclass(frozen=True, slots=True)
class _Batch:
    """Texts that are written together: the items that stand for them, and the vectors by embedding key."""

    entry_ids: Sequence[int] = ()
    vectors: "dict[str, np.ndarray]" = field(default_factory=dict)


async def embed_documents(kit: Kit, database: Database, run: Run) -> StageResult:
    """Embed the texts of the run's day that have no vector under the current model, each different text once.

    The model is loaded only when there is something to embed. Raises ModelError when it cannot be.
    """
    watch, embedder = Stopwatch(), kit.embedder
    async with database.connection() as connection:
        todo = await marks.pending(connection, Stage.EMBEDDINGS, run.day, embedder.model, everywhere=run.everywhere)
        waiting = await embeddings.missing(connection, todo, embedder.model)
    details: dict[str, str | int | float] = {"model": embedder.model, "texts": 0, "chunks": 0}
    if waiting:
        details |= await _embed(embedder, database, waiting, run)
    first = {one.entry_id for one in waiting}
    for batch in batches([entry_id for entry_id in todo if entry_id not in first]):
        await _write(database, _Batch(batch), embedder.model, run)
    new = int(details["texts"])
    return StageResult(looked_at=len(todo), new=new, unchanged=len(todo) - new, seconds=watch.seconds, details=details)


async def _embed(
    embedder: Embedder, database: Database, waiting: Sequence[Waiting], run: Run
) -> dict[str, str | int | float]:
    """Embed and write all that is `waiting`, one batch ahead of the writing; return what is to be told of it."""
    device, before, made = await asyncio.to_thread(lambda: embedder.device), embedder.encoded, 0
    progress = Progress("embedded", len(waiting), sum(map(_work, waiting)), log.info)
    ready, done = list(_batches(waiting)), _Batch()
    texts = await _read(database, ready[0], embedder.model)
    for batch, following in zip(ready, [*ready[1:], []], strict=True):
        encoding = asyncio.create_task(asyncio.to_thread(_encode, embedder, texts))
        try:
            await _write(database, done, embedder.model, run)
            texts = await _read(database, following, embedder.model)
            done = _Batch([one.entry_id for one in batch], await encoding)
        finally:
            encoding.cancel()
        made += len(done.vectors)
        progress.advance(len(batch), sum(map(_work, batch)))
    await _write(database, done, embedder.model, run)
    return {"texts": made, "chunks": embedder.encoded - before, "rate": round(progress.rate, 1), "device": device}


def _work(one: Waiting) -> int:
    return min(one.octets, MAX_CHARACTERS)


def _batches(waiting: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """Cut `waiting`, in its order, into batches of a bounded number of texts and of a bounded work."""
    for some in batches(waiting):
        batch: list[Waiting] = []
        for one in some:
            if batch and sum(map(_work, batch)) + _work(one) > _BATCH_CHARACTERS:
                yield batch
                batch = []
            batch.append(one)
        yield batch


async def _read(database: Database, batch: Sequence[Waiting], model: str) -> list[Unembedded]:
    if not batch:
        return []
    async with database.connection() as connection:
        return await embeddings.unembedded(
            connection, [one.entry_id for one in batch], model, characters=MAX_CHARACTERS
        )


def _encode(embedder: Embedder, texts: Sequence[Unembedded]) -> "dict[str, np.ndarray]":
    if not texts:
        return {}
    vectors = embedder.encode([embedding_text(one.title, one.text) for one in texts])
    return {one.embedding_key: vector for one, vector in zip(texts, vectors, strict=True)}


async def _write(database: Database, batch: _Batch, model: str, run: Run) -> None:
    """Store the vectors, and mark those items whose present text has one: it may have changed in the meantime."""
    if not batch.entry_ids:
        return
    async with database.transaction() as connection:
        await embeddings.save_embeddings(connection, batch.vectors, model=model, run_id=run.run_id)
        done = await embeddings.embedded(connection, batch.entry_ids, model)
        await marks.mark(connection, Stage.EMBEDDINGS, done, model, run.run_id)
    crash.point(CrashPoint.EMBEDDINGS_COMMITTED)
