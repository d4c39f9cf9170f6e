"""Clean-up behind duplicates (DUP-07, DUP-08): repeated nodes are archived, vectors and signatures nobody needs go.

Every figure counts what really happened, never what was found (D-45). Sources, entries and documents are not touched.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.dedup.minhash import bands
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.store import signature_upkeep, upkeep
from pake_pipelines.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What a clean-up did, or would do; `health_score` in per cent.

    Nodes are archived, vectors and signatures removed, recent bands merged into the large index.
    """

    duplicates_removed: int
    vectors_removed: int
    signatures_removed: int
    bands_merged: int
    health_score: float | None

    @property
    def stale_updated(self) -> int:
        """How many things that outlived their text are gone."""
        return self.vectors_removed + self.signatures_removed


async def preview(kit: Kit, database: Database, now: datetime, *, age: timedelta) -> CleanUp:
    """Return what `clean_up` would do, without doing it."""
    model = kit.embedder.model
    async with database.connection() as connection:
        sound = await upkeep.soundness(connection, model)
        return CleanUp(
            await upkeep.repeated_nodes(connection, now - age),
            await upkeep.unneeded_vectors(connection, model),
            await signature_upkeep.orphans(connection),
            await signature_upkeep.due_for_merging(connection, signature_upkeep.MERGE_AT),
            sound.score,
        )


async def clean_up(kit: Kit, database: Database, now: datetime, *, age: timedelta, batch: int, run_id: str) -> CleanUp:
    """Archive the nodes that repeat another and have not changed for `age`; remove what no kept text needs.

    Works in transactions of `batch` rows; what an interrupted clean-up leaves is done by the next.
    """
    model = kit.embedder.model
    archived = await _repeat(
        database, batch, lambda connection: upkeep.archive_repeated(connection, now - age, batch, run_id)
    )
    vectors = await _repeat(
        database, batch, lambda connection: upkeep.remove_unneeded_vectors(connection, model, batch)
    )
    signatures = await _repeat(
        database, batch, lambda connection: signature_upkeep.remove_orphans(connection, batch, bands=bands)
    )
    async with database.transaction() as connection:
        merged = await signature_upkeep.merge_recent(connection, signature_upkeep.MERGE_AT)
    async with database.connection() as connection:
        sound = await upkeep.soundness(connection, model)
    return CleanUp(archived, vectors, signatures, merged, sound.score)


async def _repeat(database: Database, batch: int, step: Callable[[Connection], Awaitable[int]]) -> int:
    total = 0
    while True:
        async with database.transaction() as connection:
            done = await step(connection)
        total += done
        if done < batch:
            return total
