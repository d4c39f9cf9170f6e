"""What a clean-up of the cache asks of its entries and does to them, in short transactions.

Nobody who reads is kept waiting, and what was used or renewed since it was looked at stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of an entry without its value; `size_bytes` is what the value takes as it is kept."""

    category: str
    key: str
    size_bytes: int
    cost_ms: float
    access_count: int
    created_at: datetime
    accessed_at: datetime
    expires_at: datetime | None


async def held(connection: Connection, category: str | None = None) -> list[Held]:
    """Return all entries (of one category) without their values."""
    rows = await connection.fetch(
        """
        SELECT category, key, size_bytes, cost_ms, access_count, created_at, accessed_at, expires_at
        FROM cache_entries WHERE $1::text IS NULL OR category = $1 ORDER BY category, key
        """,
        category,
    )
    return [Held(**row) for row in rows]


async def remove(connection: Connection, entries: Sequence[Held]) -> int:
    """Remove those of `entries` that are as they were when looked at; return how many went.

    What was used or renewed since stays, and so does what somebody else holds. Belongs into a short transaction.
    """
    rows = await connection.fetch(
        """
        DELETE FROM cache_entries c USING (
            SELECT e.category, e.key FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[])
                AS g(category, key, created_at, accessed_at)
            JOIN cache_entries e USING (category, key, created_at, accessed_at)
            ORDER BY e.category, e.key FOR UPDATE OF e SKIP LOCKED) AS doomed
        WHERE c.category = doomed.category AND c.key = doomed.key RETURNING 1
        """,
        [one.category for one in entries],
        [one.key for one in entries],
        [one.created_at for one in entries],
        [one.accessed_at for one in entries],
    )
    return len(rows)


async def remove_all(connection: Connection) -> int:
    """Remove everything that is kept; return how many entries went."""
    status: str = await connection.execute("DELETE FROM cache_entries")
    return int(status.split()[1])


async def pack(connection: Connection, entries: Sequence[Held], *, keep: bool = True) -> tuple[int, int]:
    """Compress the values of `entries` as far as that makes them smaller; return how many and the bytes saved.

    Without `keep` it only tells. Belongs into a short transaction.
    """
    import zstandard

    compressor = zstandard.ZstdCompressor(level=10)
    rows = await connection.fetch(
        """
        SELECT e.category, e.key, e.value FROM unnest($1::text[], $2::text[]) AS g(category, key)
        JOIN cache_entries e USING (category, key) WHERE e.codec = 'plain'
        ORDER BY e.category, e.key FOR UPDATE OF e SKIP LOCKED
        """,
        [one.category for one in entries],
        [one.key for one in entries],
    )
    packed = [(row["category"], row["key"], compressor.compress(row["value"]), len(row["value"])) for row in rows]
    smaller = [one for one in packed if len(one[2]) < one[3]]
    if keep:
        await connection.executemany(
            """
            UPDATE cache_entries SET value = $3, codec = 'zstd', size_bytes = $4,
                   metadata = metadata || '{"optimized": "zstd"}' WHERE category = $1 AND key = $2
            """,
            [(category, key, value, len(value)) for category, key, value, _ in smaller],
        )
    return len(smaller), sum(before - len(value) for _, _, value, before in smaller)
