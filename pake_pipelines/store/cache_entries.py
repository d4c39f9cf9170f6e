"""Results that are kept (`cache_entries`): read and written in batches.

A value is taken for what it is only if its digest is right; what has expired is never given out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Result:
    """A result as it is kept: its bytes, what they cost in milliseconds of work, and when it ends (None: never)."""

    value: bytes
    cost_ms: float
    expires_at: datetime | None = None


def digest_of(category: str, key: str, value: bytes) -> bytes:
    """Return what tells that `value` is whole, and that of this key and no other."""
    return hashlib.blake2b(b"\0".join((category.encode(), key.encode(), value)), digest_size=16).digest()


async def read(
    connection: Connection, category: str, keys: Sequence[str], now: datetime
) -> tuple[dict[str, Result], list[str]]:
    """Return what is kept of `keys` and valid at `now`, and the keys whose value is damaged. Waits for no lock."""
    rows = await connection.fetch(
        """
        SELECT key, value, codec, digest, cost_ms, expires_at FROM cache_entries
        WHERE category = $1 AND key = ANY ($2::text[]) AND (expires_at IS NULL OR expires_at > $3)
        """,
        category,
        list(keys),
        now,
    )
    found = {row["key"]: _unpacked(category, row) for row in rows}
    return {k: v for k, v in found.items() if v is not None}, [k for k, v in found.items() if v is None]


def _unpacked(category: str, row: Any) -> Result | None:
    import zstandard

    value: bytes = row["value"]
    if row["codec"] == "zstd":
        try:
            value = zstandard.ZstdDecompressor().decompress(value)
        except zstandard.ZstdError:
            return None
    if digest_of(category, row["key"], value) != row["digest"]:
        return None
    return Result(value, row["cost_ms"], row["expires_at"])


async def write(connection: Connection, category: str, results: Mapping[str, Result], now: datetime) -> None:
    """Keep `results`; those that are kept already are renewed. Whoever holds one of the rows is waited for."""
    ordered = sorted(results.items())
    await connection.execute(
        """
        INSERT INTO cache_entries AS c (category, key, value, codec, digest, size_bytes, cost_ms, created_at,
                                        accessed_at, expires_at)
        SELECT $1, key, value, 'plain', digest, length(value), cost_ms, $2, $2, expires_at
        FROM unnest($3::text[], $4::bytea[], $5::bytea[], $6::float8[], $7::timestamptz[])
            AS g(key, value, digest, cost_ms, expires_at)
        ON CONFLICT (category, key) DO UPDATE SET (value, codec, digest, size_bytes, cost_ms, created_at, expires_at,
                                                   metadata)
            = (excluded.value, excluded.codec, excluded.digest, excluded.size_bytes, excluded.cost_ms,
               excluded.created_at, excluded.expires_at, excluded.metadata)
        """,
        category,
        now,
        [key for key, _ in ordered],
        [one.value for _, one in ordered],
        [digest_of(category, key, one.value) for key, one in ordered],
        [one.cost_ms for _, one in ordered],
        [one.expires_at for _, one in ordered],
    )


async def touch(connection: Connection, category: str, keys: Sequence[str], now: datetime) -> None:
    """Count an access to each of `keys`; one that somebody else holds is passed over."""
    await connection.execute(
        """
        UPDATE cache_entries c SET access_count = c.access_count + 1, accessed_at = greatest(c.accessed_at, $3)
        FROM (SELECT category, key FROM cache_entries WHERE category = $1 AND key = ANY ($2::text[])
              ORDER BY key FOR UPDATE SKIP LOCKED) AS free
        WHERE c.category = free.category AND c.key = free.key
        """,
        category,
        list(keys),
        now,
    )


async def remove_damaged(connection: Connection, category: str, keys: Sequence[str]) -> None:
    """Remove entries whose values were found to be damaged."""
    await connection.execute(
        """
        DELETE FROM cache_entries c USING (
            SELECT category, key FROM cache_entries WHERE category = $1 AND key = ANY ($2::text[])
            ORDER BY key FOR UPDATE SKIP LOCKED) AS doomed
        WHERE c.category = doomed.category AND c.key = doomed.key
        """,
        category,
        list(keys),
    )
