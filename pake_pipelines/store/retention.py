"""Archives of items that left the tables (`retention_archives`, `archived_items`), and the leaving itself."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pake_pipelines import crash
from pake_pipelines.crash import CrashPoint
from pake_pipelines.store import archived_rows, connections, duplicates, groups, marks, references, sources
from pake_pipelines.store.archived_rows import RowsHash
from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.marks import Stage

# no writer is to wait for longer than a second, and PostgreSQL looks for a deadlock after one: we give way before
_LOCK_TIMEOUT: Final = "800ms"
_DEPENDENT: Final = (Stage.DUPLICATES, *marks.after(Stage.DUPLICATES))


class InUseError(StoreError):
    """Somebody else works on the rows; the next time will do."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that may have to go. `since` is when its newest version came, or when it was restored.

    `settled` ones were archived, rejected or stopped at the door: nobody finds them in the knowledge base.
    """

    pake_id: UUID
    source: str
    since: datetime
    settled: bool


@dataclass(frozen=True, slots=True)
class StoredArchive:
    """A row of `retention_archives`; `path` is relative to the directory of archives, `oldest` and `newest` are when
    its items came, `items` how many left the tables for it.
    """

    archive_id: int
    path: str
    sha256: str
    bytes: int
    items: int
    row_counts: Mapping[str, Mapping[str, object]]
    oldest: datetime | None
    newest: datetime | None
    state: str
    run_id: str
    created_at: datetime
    changed_at: datetime


async def counts_in_force(connection: Connection) -> dict[str, int]:
    """Return how many items of each source have a version in force."""
    rows = await connection.fetch(
        """
        SELECT i.source, count(*) AS items FROM items i JOIN entries e USING (pake_id)
        WHERE e.superseded_at IS NULL GROUP BY i.source
        """
    )
    return {row["source"]: row["items"] for row in rows}


async def candidates(connection: Connection, before: datetime, crowded: Collection[str]) -> list[Candidate]:
    """Return the items that came before `before`, and the settled ones of the sources `crowded`; the oldest first.

    What a person reviewed, labelled or ruled on is never among them: that is what the rest is measured by.
    """
    rows = await connection.fetch(
        """
        WITH kept AS (
            SELECT pake_id FROM reviews
            UNION SELECT a_id FROM duplicate_rulings UNION SELECT b_id FROM duplicate_rulings
            UNION SELECT e.pake_id FROM quality_labels JOIN entries e USING (entry_id)
        ), live AS (
            SELECT i.pake_id, i.source, greatest(e.created_at, a.restored_at) AS since,
                   d.dropped IS NOT NULL OR coalesce(n.verification_status IN ('archived', 'rejected'), false)
                       AS settled
            FROM items i JOIN entries e ON e.pake_id = i.pake_id AND e.superseded_at IS NULL
            LEFT JOIN documents d USING (entry_id) LEFT JOIN knowledge_nodes n ON n.pake_id = i.pake_id
            LEFT JOIN archived_items a ON a.pake_id = i.pake_id
        )
        SELECT pake_id, source, since, settled FROM live
        WHERE (since < $1 OR settled AND source = ANY ($2::text[])) AND pake_id NOT IN (SELECT pake_id FROM kept)
        ORDER BY since, pake_id
        """,
        before,
        list(crowded),
    )
    return [Candidate(**row) for row in rows]


async def names(connection: Connection, pake_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Return key and title of each of `pake_ids` that has a version in force."""
    rows = await connection.fetch(
        """
        SELECT i.pake_id, i.key, e.title FROM items i JOIN entries e USING (pake_id)
        WHERE e.superseded_at IS NULL AND i.pake_id = ANY ($1::uuid[])
        """,
        list(pake_ids),
    )
    return {row["pake_id"]: (row["key"], row["title"]) for row in rows}


async def record(
    connection: Connection,
    *,
    path: str,
    sha256: str,
    size: int,
    tables: Mapping[str, RowsHash],
    oldest: datetime | None,
    newest: datetime | None,
    run_id: str,
    now: datetime,
) -> int:
    """Note an archive file that was written; return its number."""
    archive_id: int = await connection.fetchval(
        """
        INSERT INTO retention_archives (path, sha256, bytes, row_counts, oldest, newest, state, run_id, created_at,
                                        changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'written', $7, $8, $8) RETURNING archive_id
        """,
        path,
        sha256,
        size,
        {name: asdict(one) for name, one in tables.items()},
        oldest,
        newest,
        run_id,
        now,
    )
    return archive_id


async def set_state(connection: Connection, archive_id: int, state: str, now: datetime) -> None:
    """Let an archive be in `state`: written, verified, removed (its items left the tables) or restored."""
    await connection.execute(
        "UPDATE retention_archives SET state = $2, changed_at = $3 WHERE archive_id = $1", archive_id, state, now
    )


async def forget(connection: Connection, archive_id: int) -> None:
    """Take back the row of an archive for which nothing left the tables."""
    await connection.execute("DELETE FROM retention_archives WHERE archive_id = $1", archive_id)


async def archives(connection: Connection, states: Collection[str] | None = None) -> list[StoredArchive]:
    """Return the archives, oldest first; those of `states` only if any are given."""
    rows = await connection.fetch(
        "SELECT * FROM retention_archives WHERE $1::text[] IS NULL OR state = ANY ($1) ORDER BY archive_id",
        None if states is None else list(states),
    )
    return [StoredArchive(**row) for row in rows]


@asynccontextmanager
async def held(
    database: Database, slugs: Sequence[str], pake_ids: Sequence[UUID]
) -> AsyncIterator[Connection]:
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
        """
        UPDATE retention_archives SET items = items + $2, state = 'removed', changed_at = $3 WHERE archive_id = $1
        """,
        archive_id,
        len(ids),
        now,
    )
    crash.point(CrashPoint.RETENTION_DELETED)


async def _mark_archived(connection: Connection, ids: list[UUID], archive_id: int, now: datetime) -> None:
    await connection.execute(
        """
        INSERT INTO archived_items AS a (pake_id, archive_id, title, version, entry_hash, fetched_at, day, gone, archived_at)
        SELECT e.pake_id, $2, e.title, e.version, e.entry_hash, f.fetched_at, e.day, e.gone_at IS NOT NULL, $3
        FROM entries e JOIN raw_fetches f USING (fetch_id)
        WHERE e.pake_id = ANY ($1::uuid[]) AND e.superseded_at IS NULL
        ON CONFLICT (pake_id) DO UPDATE
            SET (archive_id, title, version, entry_hash, fetched_at, day, gone, archived_at, restored_at)
              = (excluded.archive_id, excluded.title, excluded.version, excluded.entry_hash, excluded.fetched_at, excluded.day,
                 excluded.gone, excluded.archived_at, NULL)
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


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an item of an archive is now.

    `known` items have a row in `items`, of `source`, whose row may be gone; `archive_id` is the archive that holds it,
    None once it was restored; `in_force` is the version in the tables, None without one.
    """

    known: bool
    has_source: bool
    archive_id: int | None
    in_force: int | None


async def whereabouts(connection: Connection, items: Mapping[UUID, str]) -> dict[UUID, Whereabouts]:
    """Return where each of `items` (with the slug of its source) is now."""
    rows = await connection.fetch(
        """
        SELECT g.pake_id, i.pake_id IS NOT NULL AS known, s.source IS NOT NULL AS has_source,
               CASE WHEN a.restored_at IS NULL THEN a.archive_id END AS archive_id, e.version AS in_force
        FROM unnest($1::uuid[], $2::text[]) AS g(pake_id, source)
        LEFT JOIN items i USING (pake_id) LEFT JOIN sources s ON s.source = coalesce(i.source, g.source)
        LEFT JOIN archived_items a USING (pake_id)
        LEFT JOIN entries e ON e.pake_id = g.pake_id AND e.superseded_at IS NULL
        """,
        list(items),
        list(items.values()),
    )
    return {
        row["pake_id"]: Whereabouts(row["known"], row["has_source"], row["archive_id"], row["in_force"]) for row in rows
    }


async def mark_restored(connection: Connection, pake_ids: Sequence[UUID], archive_id: int, now: datetime) -> None:
    """Note that `pake_ids` are back from `archive_id`; it is restored when it holds nothing else."""
    await connection.execute(
        """
        INSERT INTO archived_items AS a (pake_id, archive_id, title, version, entry_hash, fetched_at, day, gone, archived_at,
                                         restored_at)
        SELECT e.pake_id, $2, e.title, e.version, e.entry_hash, f.fetched_at, e.day, e.gone_at IS NOT NULL, $3, $3
        FROM entries e JOIN raw_fetches f USING (fetch_id)
        WHERE e.pake_id = ANY ($1::uuid[]) AND e.superseded_at IS NULL
        ON CONFLICT (pake_id) DO UPDATE SET restored_at = excluded.restored_at
        """,
        list(pake_ids),
        archive_id,
        now,
    )
    await connection.execute(
        """
        UPDATE retention_archives SET state = 'restored', changed_at = $2 WHERE archive_id = $1 AND NOT EXISTS (
            SELECT FROM archived_items a WHERE a.archive_id = $1 AND a.restored_at IS NULL)
        """,
        archive_id,
        now,
    )


async def find(connection: Connection, text: str, limit: int = 10) -> list[tuple[UUID, str, str]]:
    """Return (pake_id, title, archive's path) of archived items whose id starts with `text` or whose title has it."""
    rows = await connection.fetch(
        """
        SELECT a.pake_id, a.title, r.path FROM archived_items a JOIN retention_archives r USING (archive_id)
        WHERE a.restored_at IS NULL AND NOT EXISTS (SELECT FROM entries e WHERE e.pake_id = a.pake_id)
          AND (a.pake_id::text LIKE $1 || '%' OR strpos(lower(a.title), lower($1)) > 0)
        ORDER BY a.title, a.pake_id LIMIT $2
        """,
        text,
        limit,
    )
    return [(row["pake_id"], row["title"], row["path"]) for row in rows]


def age_limit(now: datetime, days: int) -> datetime:
    """Return the moment before which an item must have come to be too old."""
    return now - timedelta(days=days)
