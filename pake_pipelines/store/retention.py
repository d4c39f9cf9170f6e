"""Archives of items that left the tables (`retention_archives`, `archived_items`), and which items may leave."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pake_pipelines.store.archived_rows import RowsHash
from pake_pipelines.store.database import Connection


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
