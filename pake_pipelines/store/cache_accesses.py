"""Accesses to the cache (`cache_accesses`), for metrics and for the replay that chooses a policy (`cache_policies`).

Of too many accesses a sample of the keys is logged, all accesses of each: such a sample behaves in a cache of as much
smaller a size as the whole does in a cache of full size (SHARDS, Waldspurger et al., FAST'15).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.store.database import Connection

_BUCKETS: Final = 1 << 24


@dataclass(frozen=True, slots=True)
class Access:
    """One question: whether the cache answered it, the size of the value and its cost (0 where nothing was made)."""

    at: datetime
    category: str
    key: str
    hit: bool
    size_bytes: int
    cost_ms: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What a replay preferred: ratios of each policy by their names, and the share of keys that is logged since."""

    chosen_at: datetime
    policy: str
    ratios: Mapping[str, Mapping[str, float]]
    accesses: int
    sampled: float


@dataclass(frozen=True, slots=True)
class Use:
    """How often the cache was asked in a while, and how often it answered; of the keys that are logged."""

    accesses: int
    hits: int

    @property
    def hit_ratio_percent(self) -> float | None:
        """The share that it answered; None where it was not asked."""
        return 100 * self.hits / self.accesses if self.accesses else None


def is_sampled(category: str, key: str, share: float) -> bool:
    """Tell whether accesses to a key are logged at `share`: who is in a smaller sample is in every larger one."""
    digest = hashlib.blake2b(f"{category}\0{key}".encode(), digest_size=3).digest()
    return int.from_bytes(digest, "big") < share * _BUCKETS


async def log(connection: Connection, accesses: Sequence[Access]) -> None:
    """Append `accesses`, in their order."""
    await connection.execute(
        """
        INSERT INTO cache_accesses (at, category, key, hit, size_bytes, cost_ms)
        SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::boolean[], $5::integer[], $6::float8[])
        """,
        [one.at for one in accesses],
        [one.category for one in accesses],
        [one.key for one in accesses],
        [one.hit for one in accesses],
        [one.size_bytes for one in accesses],
        [one.cost_ms for one in accesses],
    )


async def logged(connection: Connection, category: str | None = None) -> list[Access]:
    """Return the log (of one category), oldest first."""
    rows = await connection.fetch(
        """
        SELECT at, category, key, hit, size_bytes, cost_ms FROM cache_accesses
        WHERE $1::text IS NULL OR category = $1 ORDER BY access_no
        """,
        category,
    )
    return [Access(**row) for row in rows]


async def used(connection: Connection, since: datetime, until: datetime, category: str | None = None) -> Use:
    """Return how the cache (a category) was used after `since` up to `until`."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS accesses, count(*) FILTER (WHERE hit) AS hits FROM cache_accesses
        WHERE at > $1 AND at <= $2 AND ($3::text IS NULL OR category = $3)
        """,
        since,
        until,
        category,
    )
    return Use(**row)


async def used_by_category(connection: Connection, since: datetime) -> dict[str, Use]:
    """Return how each category was used after `since`."""
    rows = await connection.fetch(
        """
        SELECT category, count(*) AS accesses, count(*) FILTER (WHERE hit) AS hits FROM cache_accesses
        WHERE at > $1 GROUP BY category ORDER BY category
        """,
        since,
    )
    return {row["category"]: Use(row["accesses"], row["hits"]) for row in rows}


async def count(connection: Connection) -> int:
    """Return how many accesses are logged."""
    number: int = await connection.fetchval("SELECT count(*) FROM cache_accesses")
    return number


async def drop_oldest(connection: Connection, keep: int) -> int:
    """Drop all but the newest `keep` accesses; return how many went."""
    status: str = await connection.execute(
        """
        DELETE FROM cache_accesses WHERE access_no <= (
            SELECT access_no FROM cache_accesses ORDER BY access_no DESC OFFSET $1 LIMIT 1)
        """,
        keep,
    )
    return int(status.split()[1])


async def thin(connection: Connection, share: float) -> int:
    """Drop the accesses of keys that a sample of `share` does not take in; return how many went."""
    rows = await connection.fetch("SELECT DISTINCT category, key FROM cache_accesses")
    left_out = [(row["category"], row["key"]) for row in rows if not is_sampled(row["category"], row["key"], share)]
    status: str = await connection.execute(
        """
        DELETE FROM cache_accesses a USING unnest($1::text[], $2::text[]) AS g(category, key)
        WHERE a.category = g.category AND a.key = g.key
        """,
        [category for category, _ in left_out],
        [key for _, key in left_out],
    )
    return int(status.split()[1])


async def remove_all(connection: Connection) -> int:
    """Forget all accesses; return how many there were."""
    status: str = await connection.execute("DELETE FROM cache_accesses")
    return int(status.split()[1])


async def choose(connection: Connection, choice: Choice) -> None:
    """Remember what a replay preferred."""
    await connection.execute(
        """
        INSERT INTO cache_policies (chosen_at, policy, ratios, accesses, sampled) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (chosen_at) DO UPDATE SET (policy, ratios, accesses, sampled)
            = (excluded.policy, excluded.ratios, excluded.accesses, excluded.sampled)
        """,
        choice.chosen_at,
        choice.policy,
        {name: dict(ratios) for name, ratios in choice.ratios.items()},
        choice.accesses,
        choice.sampled,
    )


async def chosen(connection: Connection) -> Choice | None:
    """Return what the last replay preferred; None before the first."""
    row = await connection.fetchrow(
        "SELECT chosen_at, policy, ratios, accesses, sampled FROM cache_policies ORDER BY chosen_at DESC LIMIT 1"
    )
    return Choice(**row) if row else None


async def sampled(connection: Connection) -> float:
    """Return the share of keys of which the log holds all accesses: the least in force since its oldest one."""
    share: float = await connection.fetchval(
        """
        SELECT coalesce(min(sampled), 1) FROM cache_policies WHERE chosen_at >= coalesce((
            SELECT max(chosen_at) FROM cache_policies WHERE chosen_at <= coalesce(
                (SELECT min(at) FROM cache_accesses), 'infinity')), '-infinity')
        """
    )
    return share
