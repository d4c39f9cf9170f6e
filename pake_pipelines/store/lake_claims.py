"""Which bodies in the lake rows refer to (`raw_fetches`), and which of them nothing needs any more."""

from collections.abc import Sequence
from datetime import datetime

from pake_pipelines.store.database import Connection


async def days(connection: Connection) -> set[str]:
    """Return the directories of the lake in which a body should lie."""
    rows = await connection.fetch(
        "SELECT DISTINCT split_part(lake_path, '/', 1) AS day FROM raw_fetches WHERE body_removed_at IS NULL"
    )
    return {row["day"] for row in rows}


async def claimed(connection: Connection, day: str) -> set[str]:
    """Return the paths below the directory `day` that a row refers to."""
    rows = await connection.fetch(
        "SELECT DISTINCT lake_path FROM raw_fetches WHERE lake_path LIKE $1 || '/%' AND body_removed_at IS NULL", day
    )
    return {row["lake_path"] for row in rows}


async def unneeded(connection: Connection, before: datetime) -> list[str]:
    """Return the bodies fetched before `before` that no version in force came from and nobody will ask for.

    The newest body of each address stays: it is parsed again when the parser changes. So do those of which a backlog
    is left, or a dead letter that may be tried again.
    """
    rows = await connection.fetch(
        """
        SELECT f.lake_path FROM raw_fetches f WHERE f.body_removed_at IS NULL GROUP BY f.lake_path
        HAVING bool_and(
            f.fetched_at < $1
            AND EXISTS (SELECT FROM raw_fetches n WHERE n.source = f.source AND n.url = f.url
                        AND (n.fetched_at, n.fetch_id) > (f.fetched_at, f.fetch_id))
            AND NOT EXISTS (SELECT FROM entries e WHERE e.fetch_id = f.fetch_id AND e.superseded_at IS NULL)
            AND NOT EXISTS (SELECT FROM dead_letters d WHERE d.fetch_id = f.fetch_id)
            AND NOT EXISTS (SELECT FROM source_state s WHERE s.backlog_fetch_id = f.fetch_id))
        ORDER BY f.lake_path
        """,
        before,
    )
    return [row["lake_path"] for row in rows]


async def mark_removed(connection: Connection, paths: Sequence[str], now: datetime) -> int:
    """Note that the bodies at `paths` go from the lake; return how many rows that concerns."""
    status: str = await connection.execute(
        "UPDATE raw_fetches SET body_removed_at = $2 WHERE lake_path = ANY ($1::text[]) AND body_removed_at IS NULL",
        list(paths),
        now,
    )
    return int(status.rpartition(" ")[2])
