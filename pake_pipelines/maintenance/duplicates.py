"""Clean-up behind duplicates (DUP-07, DUP-08): repeated nodes are archived, vectors and signatures nobody needs go.

Every figure counts what really happened, never what was found (D-45). Sources, entries and documents are not touched.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.dedup.minhash import bands
from pake_pipelines.maintenance.workplace import Workplace
from pake_pipelines.model.embedding import model_version
from pake_pipelines.model.maintenance import Outcome, TaskState
from pake_pipelines.store import signature_upkeep, upkeep
from pake_pipelines.store.database import Connection, Database

_OLDER_THAN_HOURS: Final = 24.0
_BATCH: Final = 1000


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


async def run(place: Workplace) -> Outcome:
    """Clean up; option `older_than_hours` says for how long a node must not have changed (24), `batch` how many rows
    are in one transaction (1000).
    """
    model, now = model_version(place.settings.embedding_model), place.clock()
    age = timedelta(hours=float(place.options.get("older_than_hours", _OLDER_THAN_HOURS)))
    batch = int(place.options.get("batch", _BATCH))
    async with place.open() as database:
        if place.dry_run:
            done = await preview(model, database, now, age=age)
        else:
            done = await clean_up(model, database, now, age=age, batch=batch, run_id=place.run_id)
    would = "would be " if place.dry_run else ""
    summary = (
        f"{done.duplicates_removed:,} repeated nodes {would}archived, {done.stale_updated:,} vectors and signatures "
        f"{would}removed"
    )
    return Outcome(TaskState.DONE, summary, {**asdict(done), "stale_updated": done.stale_updated})


async def preview(model: str, database: Database, now: datetime, *, age: timedelta) -> CleanUp:
    """Return what `clean_up` would do, without doing it."""
    async with database.connection() as connection:
        sound = await upkeep.soundness(connection, model)
        return CleanUp(
            await upkeep.repeated_nodes(connection, now - age),
            await upkeep.unneeded_vectors(connection, model),
            await signature_upkeep.orphans(connection),
            await signature_upkeep.due_for_merging(connection, signature_upkeep.MERGE_AT),
            sound.score,
        )


async def clean_up(
    model: str, database: Database, now: datetime, *, age: timedelta, batch: int, run_id: str
) -> CleanUp:
    """Archive the nodes that repeat another and have not changed for `age`; remove what no kept text needs.

    `model` is the version beside vectors that are of use. Works in transactions of `batch` rows; what an interrupted
    clean-up leaves is done by the next.
    """
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
