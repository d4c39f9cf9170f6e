"""Stage marks: which version of which stage an entry has been through, and what asks for another turn.

A mark is written in the transaction that writes the stage's result. Whoever changes what a later stage has read
marks that stage stale for the entries concerned, in the same transaction, whatever day they belong to; the next run
settles them.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

if TYPE_CHECKING:
    # the face asks this module for the names of the stages and should not load a database for them
    from pake_pipelines.store.database import Connection


class Stage(StrEnum):
    """The stages of the way of a datum after fetching, in order; each bears the name of its asset."""

    DOCUMENTS = "documents"
    EMBEDDINGS = "embeddings"
    DUPLICATES = "duplicates"
    CONNECTIONS = "connections"
    CONFIDENCE = "confidence"
    KNOWLEDGE_NODES = "knowledge_nodes"


ORDER: Final = tuple(Stage)


def after(stage: Stage) -> tuple[Stage, ...]:
    """Return the stages that follow `stage`."""
    return ORDER[ORDER.index(stage) + 1 :]


async def pending(
    connection: "Connection",
    stage: Stage,
    day: date,
    version: str,
    *,
    everywhere: bool = False,
    sources: Sequence[str] | None = None,
) -> Sequence[int]:
    """Return the entries that `stage` must (re)do, in a stable order.

    These are the entries in force of `day` (of every day if `everywhere`) that have no mark of `version`, and those of
    any day marked stale. Stages behind `documents` pass over dropped items. `sources` leaves the items of all others
    for later: they stay in the queue.
    """
    kept = "" if stage is Stage.DOCUMENTS else "JOIN documents d ON d.entry_id = e.entry_id AND d.dropped IS NULL"
    rows = await connection.fetch(
        f"""
        SELECT entry_id FROM (
            SELECT e.entry_id, e.pake_id FROM entries e {kept}
            LEFT JOIN stage_marks m ON m.entry_id = e.entry_id AND m.stage = $1
            WHERE (e.day = $2 OR $4) AND e.superseded_at IS NULL AND m.version IS DISTINCT FROM $3
            UNION
            SELECT e.entry_id, e.pake_id FROM stage_marks m JOIN entries e USING (entry_id) {kept}
            WHERE m.stage = $1 AND m.stale AND e.superseded_at IS NULL
        ) AS todo
        WHERE $5::text[] IS NULL OR pake_id IN (SELECT pake_id FROM items WHERE source = ANY ($5))
        ORDER BY pake_id
        """,
        stage.value,
        day,
        version,
        everywhere,
        sources,
    )
    return [row["entry_id"] for row in rows]


async def count_done(connection: "Connection", stage: Stage, day: date) -> int:
    """Return how many of the entries in force of `day` have been through `stage`."""
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM entries e JOIN stage_marks m USING (entry_id)
        WHERE e.day = $2 AND e.superseded_at IS NULL AND m.stage = $1 AND m.version <> ''
        """,
        stage.value,
        day,
    )
    return count


async def done_before(connection: "Connection", stage: Stage, entry_ids: Sequence[int]) -> set[int]:
    """Return those of `entry_ids` that have been through `stage`, in whatever version."""
    rows = await connection.fetch(
        """
        SELECT entry_id FROM stage_marks WHERE stage = $1 AND entry_id = ANY ($2::bigint[]) AND version <> ''
        """,
        stage.value,
        list(entry_ids),
    )
    return {row["entry_id"] for row in rows}


async def mark(connection: "Connection", stage: Stage, entry_ids: Iterable[int], version: str, run_id: str) -> None:
    """Note that `stage` is done for `entry_ids` in `version`, by `run_id`."""
    await connection.execute(
        """
        INSERT INTO stage_marks (stage, entry_id, version, run_id)
        SELECT $1, entry_id, $3, $4 FROM unnest($2::bigint[]) AS given(entry_id)
        ON CONFLICT (stage, entry_id) DO UPDATE
            SET version = excluded.version, stale = false, run_id = excluded.run_id, made_at = now()
        """,
        stage.value,
        list(entry_ids),
        version,
        run_id,
    )


async def request(
    connection: "Connection", entry_ids: Iterable[int], run_id: str, stages: Iterable[Stage] = ORDER
) -> None:
    """Ask `stages` to do `entry_ids` in their next run, whatever day that run is for."""
    await connection.execute(
        """
        INSERT INTO stage_marks (stage, entry_id, version, stale, run_id)
        SELECT stage, entry_id, '', true, $3 FROM unnest($1::text[]) AS s(stage), unnest($2::bigint[]) AS e(entry_id)
        ON CONFLICT (stage, entry_id) DO UPDATE SET stale = true
        """,
        [stage.value for stage in stages],
        list(entry_ids),
        run_id,
    )


async def hold(connection: "Connection", stage: Stage, entry_ids: Sequence[int]) -> None:
    """Keep the marks of `entry_ids` until this transaction ends: who wants to disturb them waits."""
    await connection.execute(
        """
        SELECT FROM stage_marks WHERE stage = $1 AND entry_id = ANY ($2::bigint[]) ORDER BY entry_id FOR NO KEY UPDATE
        """,
        stage.value,
        list(entry_ids),
    )


async def disturb(connection: "Connection", stages: Iterable[Stage], pake_ids: Iterable[UUID]) -> None:
    """Ask `stages` to look again at the items `pake_ids`, because something they have read has changed.

    Marks that are stale already are written again: a stage that is at one of them now would clear it.
    """
    await connection.execute(
        """
        UPDATE stage_marks m SET stale = true FROM (
            SELECT stage, entry_id FROM stage_marks JOIN entries e USING (entry_id)
            WHERE e.superseded_at IS NULL AND e.pake_id = ANY ($2::uuid[]) AND stage = ANY ($1::text[])
            ORDER BY stage, entry_id FOR NO KEY UPDATE OF stage_marks
        ) AS held
        WHERE (m.stage, m.entry_id) = (held.stage, held.entry_id)
        """,
        [stage.value for stage in stages],
        list(pake_ids),
    )
