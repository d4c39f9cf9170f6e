"""Items come back into the tables: where each is now, and the note that it is back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pake_pipelines.store.database import Connection


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
        INSERT INTO archived_items AS a (pake_id, archive_id, title, version, entry_hash, fetched_at, day, gone,
                                         archived_at, restored_at)
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
