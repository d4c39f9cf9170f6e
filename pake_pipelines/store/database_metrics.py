"""What the knowledge database tells of itself in figures (DB-13, DB-17..20). What it will not tell is `Missing`.

Each part is read by itself, within a savepoint: a role without a privilege, an extension that is absent or not loaded
cost their own figures and no others.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from pake_pipelines.store.database import Connection

LARGEST_TABLES: Final = 10
_TIMED: Final = 3
# the least that is worth dropping (pgdoctor's bound for unused indexes)
UNUSED_FROM_BYTES: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Missing:
    """A figure that was not told: `expected` where this server or role cannot tell it, otherwise something failed."""

    why: str
    expected: bool


Figure = float | Missing


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """Figures by the name of their metric; sizes of the largest tables by their names, in bytes."""

    figures: Mapping[str, Figure]
    table_bytes: Mapping[str, float] | Missing


# a role without pg_read_all_stats sees the connections of others, but neither their type nor their state
_CONNECTIONS: Final = """
    SELECT count(*) FILTER (WHERE datname = current_database())::float8 AS db_connections,
           CASE WHEN bool_and(state IS NOT NULL)
                THEN count(*) FILTER (WHERE datname = current_database() AND state = 'active') END::float8
               AS db_connections_active,
           (100.0 * count(*) / current_setting('max_connections')::int)::float8 AS db_connections_used_percent
    FROM pg_stat_activity WHERE datname IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
"""
_SERVER: Final = """
    SELECT pg_database_size(current_database())::float8 AS db_size_bytes, blks_hit::float8 AS db_blocks_hit_total,
           blks_read::float8 AS db_blocks_read_total, deadlocks::float8 AS db_deadlocks_total
    FROM pg_stat_database WHERE datname = current_database()
"""
_NODES: Final = """
    SELECT (SELECT count(*) FROM knowledge_nodes)::float8 AS knowledge_nodes,
           (SELECT count(*) FROM knowledge_nodes WHERE created_at > now() - interval '1 hour')::float8
               AS knowledge_nodes_last_hour
"""
# an index that keeps values unique does its work without ever being scanned
UNUSED_INDEXES: Final = f"""
    FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid)
    WHERE s.schemaname = 'pake' AND s.idx_scan = 0 AND NOT i.indisunique
      AND pg_relation_size(s.indexrelid) >= {UNUSED_FROM_BYTES}
"""
_PARTS: Final[Mapping[tuple[str, ...], str]] = {
    ("db_connections", "db_connections_active", "db_connections_used_percent"): _CONNECTIONS,
    ("db_size_bytes", "db_blocks_hit_total", "db_blocks_read_total", "db_deadlocks_total"): _SERVER,
    ("knowledge_nodes", "knowledge_nodes_last_hour"): _NODES,
    ("db_unused_indexes",): f"SELECT count(*)::float8 AS db_unused_indexes {UNUSED_INDEXES}",
}
_SMALL_QUERY: Final = """
    SELECT pake_id, title FROM knowledge_nodes WHERE verification_status = 'verified'
    ORDER BY confidence_score DESC LIMIT 20
"""
TABLE_SIZES: Final = """
    SELECT relname::text AS table, pg_total_relation_size(c.oid)::float8 AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = 'pake' AND relkind IN ('r', 'p') ORDER BY 2 DESC, 1 LIMIT $1
"""


async def database_figures(connection: Connection) -> DatabaseFigures:
    """Return all figures. Raises asyncpg's errors only where the connection itself fails."""
    figures: dict[str, Figure] = {"db_query_ms": await _query_ms(connection)}
    for names, query in _PARTS.items():
        rows = await read(connection, query)
        figures |= {name: rows if isinstance(rows, Missing) else _figure(rows[0][name]) for name in names}
    figures["db_slowest_query_ms"] = await _slowest_query_ms(connection)
    sizes = await read(connection, TABLE_SIZES, LARGEST_TABLES)
    tables = sizes if isinstance(sizes, Missing) else {row["table"]: row["bytes"] for row in sizes}
    return DatabaseFigures(figures, tables)


async def read(connection: Connection, query: str, *values: Any) -> "list[Any] | Missing":
    """Return the rows of `query`, or why there are none to be had."""
    import asyncpg

    try:
        async with connection.transaction():
            return list(await connection.fetch(query, *values))
    except (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError) as error:
        return Missing(str(error), expected=True)
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        raise
    except asyncpg.PostgresError as error:
        return Missing(str(error), expected=False)


async def unused_indexes(connection: Connection) -> "list[Any] | Missing":
    """Return table, index and bytes of the indexes that no query has used, the largest first."""
    return await read(
        connection,
        f"""
        SELECT s.relname::text AS table, s.indexrelname::text AS index, pg_relation_size(s.indexrelid) AS bytes
        {UNUSED_INDEXES} ORDER BY 3 DESC, 2
        """,
    )


async def statements_view(connection: Connection) -> str | Missing:
    """Return the quoted name of the view pg_stat_statements, in whatever schema its extension stands."""
    found = await read(
        connection,
        """
        SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE relname = 'pg_stat_statements' AND relkind = 'v' ORDER BY 1 LIMIT 1
        """,
    )
    if isinstance(found, Missing):
        return found
    return str(found[0]["name"]) if found else Missing("the extension pg_stat_statements is not installed", True)


async def _slowest_query_ms(connection: Connection) -> Figure:
    view = await statements_view(connection)
    if isinstance(view, Missing):
        return view
    rows = await read(
        connection,
        f"""
        SELECT max(mean_exec_time)::float8 AS slowest FROM {view}
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
    )
    return rows if isinstance(rows, Missing) else _figure(rows[0]["slowest"])


async def _query_ms(connection: Connection) -> Figure:
    taken = []
    for _ in range(_TIMED):
        begun = time.perf_counter()
        rows = await read(connection, _SMALL_QUERY)
        if isinstance(rows, Missing):
            return rows
        taken.append(1000 * (time.perf_counter() - begun))
    return median(taken)


def _figure(value: float | None) -> Figure:
    return (
        Missing("the server has counted nothing yet, or does not tell it to this role", expected=True)
        if value is None
        else value
    )
