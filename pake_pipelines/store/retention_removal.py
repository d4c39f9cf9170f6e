"""Items leave the tables: held against everybody else, taken out with all that hangs on them, others settled."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store import archived_rows, connections, duplicates, groups, marks, references, sources
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.marks import Stage

# no writer is to wait for longer than a second, and PostgreSQL looks for a deadlock after one: we give way before
_LOCK_TIMEOUT: Final = "800ms"
_DEPENDENT: Final = (Stage.DUPLICATES, *marks.after(Stage.DUPLICATES))


class InUseError(StoreError):
    """Somebody else works on the rows; the next time will do."""


@asynccontextmanager
async def held(database: Database, slugs: Sequence[str], pake_ids: Sequence[UUID]) -> AsyncIterator[Connection]:
    """Lend a transaction in which nobody else changes the items `pake_ids` of `slugs`, or their groups.

    Locks are taken in the order in which the stages take them. Raises InUseError when one is not to be had soon.
    """
    import asyncpg

    try:
        async with database.transaction() as connection:
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            await archived_rows.steady(connection)
            await sources.lock(connection, slugs)
            await groups.lock_grouping(connection)
            await connections.lock_connecting(connection)
            await archived_rows.hold(connection, pake_ids)
            yield connection
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError) as error:
        raise InUseError("somebody else works on these items") from error


async def remove(
    connection: Connection, pake_ids: Sequence[UUID], archive_id: int, now: datetime, *, max_documents: int
) -> None:
    """Take the items `pake_ids` out of the tables, as `archive_id` holds them; their identity stays in `items`.

    Other items are asked to look again at what was between them, as when an item is withdrawn. Belongs into the
    transaction of `held`. `max_documents` bounds in how many documents a name counts.
    """
    ids = list(pake_ids)
    await _mark_archived(connection, ids, archive_id, now)
    parted = await duplicates.partners(connection, ids) | await _leave_groups(connection, ids)
    await connection.execute(
        "DELETE FROM duplicate_candidates WHERE a_id = ANY ($1::uuid[]) OR b_id = ANY ($1::uuid[])", ids
    )
    left = await connections.forget(connection, ids)
    left |= await references.forget_references(connection, ids, max_documents=max_documents)
    for table in ("processing_logs", "confidence_history", "item_renames", "knowledge_nodes", "entries"):
        await connection.execute(f"DELETE FROM {table} WHERE pake_id = ANY ($1::uuid[])", ids)
    await marks.disturb(connection, _DEPENDENT, parted - set(ids))
    await marks.disturb(connection, [Stage.CONNECTIONS, *marks.after(Stage.CONNECTIONS)], left - set(ids))
    await connection.execute(
        "UPDATE retention_archives SET items = $2, state = 'removed', changed_at = $3 WHERE archive_id = $1",
        archive_id,
        len(ids),
        now,
    )
    crash.point(CrashPoint.RETENTION_DELETED)


async def _mark_archived(connection: Connection, ids: list[UUID], archive_id: int, now: datetime) -> None:
    await connection.execute(
        """
        INSERT INTO archived_items AS a (pake_id, archive_id, title, version, entry_hash, fetched_at, day, gone,
                                         archived_at)
        SELECT e.pake_id, $2, e.title, e.version, e.entry_hash, f.fetched_at, e.day, e.gone_at IS NOT NULL, $3
        FROM entries e JOIN raw_fetches f USING (fetch_id)
        WHERE e.pake_id = ANY ($1::uuid[]) AND e.superseded_at IS NULL
        ON CONFLICT (pake_id) DO UPDATE
            SET (archive_id, title, version, entry_hash, fetched_at, day, gone, archived_at, restored_at)
              = (excluded.archive_id, excluded.title, excluded.version, excluded.entry_hash, excluded.fetched_at,
                 excluded.day, excluded.gone, excluded.archived_at, NULL)
        """,
        ids,
        archive_id,
        now,
    )


async def _leave_groups(connection: Connection, ids: list[UUID]) -> set[UUID]:
    """Take `ids` out of their groups; return who was in one with them.

    A group that loses its canonical member, or all members but one, is dissolved: the next run groups anew.
    """
    mates = await connection.fetch(
        """
        SELECT DISTINCT mate.pake_id FROM duplicate_members mine JOIN duplicate_members mate USING (group_id)
        WHERE mine.pake_id = ANY ($1::uuid[])
        """,
        ids,
    )
    touched = await connection.fetch(
        "DELETE FROM duplicate_members WHERE pake_id = ANY ($1::uuid[]) RETURNING group_id", ids
    )
    group_ids = [row["group_id"] for row in touched]
    await connection.execute(
        """
        WITH left_over AS (
            SELECT g.group_id, g.canonical_id, (SELECT count(*) FROM duplicate_members m WHERE m.group_id = g.group_id)
                   AS members
            FROM duplicate_groups g WHERE g.group_id = ANY ($1::uuid[])
        ), shrunk AS (
            UPDATE duplicate_groups g SET members = l.members FROM left_over l
            WHERE l.group_id = g.group_id AND l.members >= 2 AND l.canonical_id <> ALL ($2::uuid[])
        ), dissolved AS (
            SELECT group_id FROM left_over WHERE members < 2 OR canonical_id = ANY ($2::uuid[])
        ), untied AS (
            DELETE FROM node_connections c USING duplicate_members m, dissolved
            WHERE m.group_id = dissolved.group_id AND c.source_id = m.pake_id AND c.connection_type = 'duplicate_of'
        )
        DELETE FROM duplicate_groups g USING dissolved WHERE g.group_id = dissolved.group_id
        """,
        group_ids,
        ids,
    )
    return {row["pake_id"] for row in mates}
