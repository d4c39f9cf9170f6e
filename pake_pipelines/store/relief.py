"""What relieves a database that is slow: fresh statistics, indexes that are of no use any more, sessions that hang.

Whatever another session needs is left to it: no lock is waited for longer than some seconds.
"""

from datetime import timedelta
from typing import Final

from pake_pipelines.store.database import Connection

_LOCK_TIMEOUT_MS: Final = 5000
# the bounds at which autovacuum itself analyzes a table (autovacuum_analyze_threshold and _scale_factor)
_STALE: Final = "n_mod_since_analyze > 50 + 0.1 * n_live_tup"


async def stale_tables(connection: Connection) -> list[str]:
    """Return the tables of ours whose statistics are of another time, the largest first."""
    rows = await connection.fetch(
        f"""
        SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'pake' AND {_STALE}
        ORDER BY n_live_tup DESC, relname
        """
    )
    return [row["relname"] for row in rows]


async def all_tables(connection: Connection) -> list[str]:
    """Return all tables of ours, the largest first."""
    rows = await connection.fetch(
        "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'pake' ORDER BY n_live_tup DESC, relname"
    )
    return [row["relname"] for row in rows]


async def analyze(connection: Connection, table: str, lock_timeout_ms: int | None = None) -> bool:
    """Have the statistics of `table` made anew; False when somebody else holds it. Belongs into a transaction."""
    import asyncpg

    await connection.execute(f"SET LOCAL lock_timeout = {lock_timeout_ms or _LOCK_TIMEOUT_MS}")
    quoted = await connection.fetchval("SELECT format('pake.%I', $1::text)", table)
    try:
        async with connection.transaction():
            await connection.execute(f"ANALYZE {quoted}")
    except asyncpg.LockNotAvailableError:
        return False
    return True


async def invalid_indexes(connection: Connection) -> dict[str, str]:
    """Return indexes of ours that no query can use and every write keeps up, with their definitions.

    They are what a concurrent build or reindex that failed leaves behind. Those that carry a constraint or belong to a
    partitioned one are left out.
    """
    rows = await connection.fetch(
        """
        SELECT format('%I.%I', nspname, relname) AS name, pg_get_indexdef(c.oid) AS definition
        FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = 'pake' AND NOT indisvalid AND relkind = 'i'
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
          AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)
        ORDER BY 1
        """
    )
    return {row["name"]: row["definition"] for row in rows}


async def drop_index(connection: Connection, name: str, lock_timeout_ms: int | None = None) -> bool:
    """Drop the index `name`, quoted as `invalid_indexes` has it; False when it is being built or is gone.

    Belongs outside of any transaction. A build holds a lock on its table all the time, which this needs, too.
    """
    import asyncpg

    await connection.execute(f"SET lock_timeout = {lock_timeout_ms or _LOCK_TIMEOUT_MS}")
    try:
        await connection.execute(f"DROP INDEX CONCURRENTLY {name}")
    except (asyncpg.LockNotAvailableError, asyncpg.UndefinedObjectError):
        return False
    finally:
        await connection.execute("RESET lock_timeout")
    return True


async def end_idle_transactions(connection: Connection, idle: timedelta) -> int:
    """End sessions of ours that have been idle within a transaction for longer than `idle`; return how many.

    They keep dead rows alive and hold locks, and nobody is there any more.
    """
    rows = await connection.fetch(
        """
        SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND application_name = 'pake'
          AND state IN ('idle in transaction', 'idle in transaction (aborted)')
          AND state_change < clock_timestamp() - $1::interval AND pid <> pg_backend_pid()
        """,
        idle,
    )
    return sum(row["ended"] for row in rows)
