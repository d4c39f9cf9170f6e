"""What a database server tells of itself and of its tables, whichever revision they have: for a report on faults."""

import asyncio
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store.database import ONCE, Connection, wait_for

_SERVER: Final = """
    SELECT version() AS version, pg_postmaster_start_time() AS started_at, current_database() AS database,
           pg_database_size(current_database()) AS bytes, pg_is_in_recovery() AS in_recovery
"""
_EXTENSIONS: Final = "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY extname"
# what somebody has set, wherever that was
_SETTINGS: Final = """
    SELECT name, setting, coalesce(unit, '') AS unit, source FROM pg_settings
    WHERE source NOT IN ('default', 'client', 'session', 'override') ORDER BY name
"""
_SESSIONS: Final = """
    SELECT coalesce(state, 'none') AS state, application_name AS application, count(*) AS sessions,
           max(extract(epoch FROM now() - xact_start))::float8 AS oldest_transaction_seconds
    FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1, 2 ORDER BY 1, 2
"""
_TABLES: Final = """
    SELECT n.nspname AS schema, c.relname AS table, c.reltuples::bigint AS rows_estimated,
           pg_total_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
           s.n_dead_tup AS dead_rows, greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed_at,
           greatest(s.last_analyze, s.last_autoanalyze) AS analyzed_at
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
    WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg_toast%'
    ORDER BY bytes DESC, 1, 2
"""


async def server_facts(url: str, seconds: float) -> dict[str, Any]:
    """Return version, settings, extensions, sessions and tables with their sizes in bytes of the database at `url`.

    Raises StoreError when it does not answer, TimeoutError when it is not done within `seconds`.
    """
    async with asyncio.timeout(seconds):
        connection = await wait_for(url, ONCE)
        try:
            return await _facts(connection)
        finally:
            connection.terminate()


async def _facts(connection: Connection) -> dict[str, Any]:
    server = await connection.fetchrow(_SERVER)
    found: dict[str, Any] = {name: _plain(value) for name, value in (server or {}).items()}
    for name, query in (
        ("extensions", _EXTENSIONS), ("settings", _SETTINGS), ("sessions", _SESSIONS), ("tables", _TABLES),
    ):  # fmt: skip
        found[name] = [{key: _plain(value) for key, value in row.items()} for row in await connection.fetch(query)]
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
