"""How well the index of vectors finds what an exact search finds."""

from dataclasses import dataclass
from typing import Final

from pake_pipelines.store.database import Connection, Database
from pake_pipelines.store.database_metrics import Missing

_NEAREST: Final = 10
_LOCK_MS: Final = 1000
# the same place in the order: rounding differs between the two ways of reckoning
_SAME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Recall:
    """Of the `nearest` vectors of `sample` vectors each, the share in per cent that the index finds, too."""

    percent: float
    sample: int
    nearest: int


async def recall_or_reason(database: Database, sample: int) -> Recall | Missing | None:
    """Return the `recall` of the index, or why it cannot be told."""
    import asyncpg

    try:
        async with database.transaction(keep=False) as connection:
            return await recall(connection, sample)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError) as error:
        return Missing(str(error), expected=True)


async def recall(
    connection: Connection, sample: int, *, ef_search: int = 100, timeout_ms: int = 60_000
) -> Recall | None:
    """Compare the index with an exact search for `sample` vectors taken at random; None without enough vectors.

    Belongs into a transaction, whose plans it steers: one way must not use the index, and the other must, which the
    planner leaves aside in a small table. `ef_search` is that of the search for neighbours. An exact search reads all
    vectors. Raises asyncpg.QueryCanceledError after `timeout_ms` of one statement, and
    LockNotAvailableError when somebody has the table for himself.
    """
    # a plan that is kept would be the same for both ways
    await connection.execute(
        f"SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL lock_timeout = {_LOCK_MS};"
        f"SET LOCAL statement_timeout = {int(timeout_ms)}"
    )
    taken = await connection.fetch(
        "SELECT vector::text FROM embeddings ORDER BY hashtext(embedding_key || now()::text) LIMIT $1", sample
    )
    if len(taken) <= 1:
        return None
    found = possible = 0
    for (vector,) in taken:
        exact = await _nearest(connection, vector, index=False, ef_search=ef_search)
        by_index = await _nearest(connection, vector, index=True, ef_search=ef_search)
        possible += len(exact)
        # vectors at the same distance are equally right
        found += min(sum(distance <= exact[-1] + _SAME for distance in by_index), len(exact))
    return Recall(round(100 * found / possible, 2), len(taken), _NEAREST)


async def _nearest(connection: Connection, vector: str, *, index: bool, ef_search: int) -> list[float]:
    scan, other = ("on", "off") if index else ("off", "on")
    await connection.execute(
        f"SET LOCAL enable_indexscan = {scan}; SET LOCAL enable_seqscan = {other}; SET LOCAL enable_sort = {other};"
        f"SET LOCAL hnsw.ef_search = {int(ef_search)}; SET LOCAL hnsw.iterative_scan = strict_order"
    )
    order = "vector <=> $1::text::halfvec"
    rows = await connection.fetch(
        f"SELECT {order} AS distance FROM embeddings ORDER BY {order} LIMIT {_NEAREST}", vector
    )
    return [row["distance"] for row in rows]
