"""How much there is of what only grows, and what came of it day by day: tables, raw bodies."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_metrics import TABLE_SIZES, Missing, read


@dataclass(frozen=True, slots=True)
class Bodies:
    """The raw bodies of the lake: how many there are, and their bytes before compression.

    `week` are the bytes of those fetched in the last 7 days; `first_at` is when the first was.
    """

    bodies: int
    bytes: int
    week: int
    first_at: datetime | None


async def table_bytes(connection: Connection, limit: int) -> dict[str, float] | Missing:
    """Return the size of the `limit` largest tables with their indexes, or why it is not told."""
    rows = await read(connection, TABLE_SIZES, limit)
    return rows if isinstance(rows, Missing) else {row["table"]: row["bytes"] for row in rows}


async def bodies(connection: Connection, now: datetime) -> Bodies:
    """Return what was fetched and is still in the lake; a body that two addresses gave lies there once."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS bodies, coalesce(sum(bytes), 0)::bigint AS bytes,
               coalesce(sum(bytes) FILTER (WHERE first_at >= $1), 0)::bigint AS week, min(first_at) AS first_at
        FROM (SELECT max(bytes) AS bytes, min(fetched_at) AS first_at FROM raw_fetches
              WHERE body_removed_at IS NULL AND fetched_at <= $2 GROUP BY lake_path) AS lying
        """,
        now - timedelta(days=7),
        now,
    )
    return Bodies(**row)
