"""The cache in figures: what its categories hold, how large values are, how much it is used (DB-24)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Totals:
    """Entries of a category and the bytes of their values."""

    entries: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """DB-24: how much is kept and how it is used; averages are None of an empty cache."""

    total_entries: int
    total_bytes: int
    avg_access_count: float | None
    hot_entries: int
    active_categories: int
    avg_age_seconds: float | None
    optimized_entries: int


async def totals(connection: Connection, category: str | None = None) -> dict[str, Totals]:
    """Return what each category (or one) holds."""
    rows = await connection.fetch(
        """
        SELECT category, count(*) AS entries, sum(size_bytes)::bigint AS bytes FROM cache_entries
        WHERE $1::text IS NULL OR category = $1 GROUP BY category ORDER BY category
        """,
        category,
    )
    return {row["category"]: Totals(row["entries"], row["bytes"]) for row in rows}


async def sizes(connection: Connection) -> dict[str, int]:
    """Return how many entries there are by the size of their values."""
    row = await connection.fetchrow(
        """
        SELECT count(*) FILTER (WHERE size_bytes <= 1024) AS "up to 1 KiB",
               count(*) FILTER (WHERE size_bytes > 1024 AND size_bytes <= 10240) AS "up to 10 KiB",
               count(*) FILTER (WHERE size_bytes > 10240 AND size_bytes <= 102400) AS "up to 100 KiB",
               count(*) FILTER (WHERE size_bytes > 102400) AS "larger"
        FROM cache_entries
        """
    )
    return dict(row)


async def figures(connection: Connection, now: datetime) -> Figures:
    """Return how much is kept and how it is used."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS total_entries, coalesce(sum(size_bytes), 0)::bigint AS total_bytes,
               avg(access_count)::float8 AS avg_access_count,
               count(*) FILTER (WHERE access_count > 0 AND accessed_at > $1) AS hot_entries,
               count(DISTINCT category) AS active_categories,
               avg(extract(epoch FROM $2 - created_at))::float8 AS avg_age_seconds,
               count(*) FILTER (WHERE metadata ? 'optimized') AS optimized_entries
        FROM cache_entries
        """,
        now - timedelta(hours=1),
        now,
    )
    return Figures(**row)
