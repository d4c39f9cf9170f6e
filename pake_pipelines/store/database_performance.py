"""The knowledge database's performance in lists: largest tables, used and unused indexes, slow queries (DB-18..20).

For a person who looks into it; what is sampled and judged is in `database_metrics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_metrics import TABLE_SIZES, Missing, read, statements_view, unused_indexes

_TABLES: Final = 50
_INDEXES: Final = 10
_QUERIES: Final = 5
_QUERY_SHOWN: Final = 50

Lines = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DatabasePerformance:
    """What the database tells, each list by itself or the reason why it is missing.

    `table_sizes` table, bytes; `index_usage` table, index, idx_scan, idx_tup_read, idx_tup_fetch of the ten that are
    used most; `unused_indexes` table, index, bytes; `slow_queries` query (its first 50 characters), mean_ms, calls of
    the five slowest; `statistics_since` when the server began to count, None when it never was reset.
    """

    table_sizes: Lines | Missing
    index_usage: Lines | Missing
    unused_indexes: Lines | Missing
    slow_queries: Lines | Missing
    statistics_since: str | None


async def database_performance(connection: Connection) -> DatabasePerformance:
    """Return the lists. Raises asyncpg's errors only where the connection itself fails."""
    since = await read(connection, "SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()")
    known = None if isinstance(since, Missing) or since[0]["stats_reset"] is None else since[0]["stats_reset"]
    return DatabasePerformance(
        table_sizes=_lines(await read(connection, TABLE_SIZES, _TABLES)),
        index_usage=_lines(await read(connection, _INDEX_USAGE, _INDEXES)),
        unused_indexes=_lines(await unused_indexes(connection)),
        slow_queries=await _slow_queries(connection),
        statistics_since=known and known.isoformat(),
    )


_INDEX_USAGE: Final = """
    SELECT relname::text AS table, indexrelname::text AS index, idx_scan, idx_tup_read, idx_tup_fetch
    FROM pg_stat_user_indexes WHERE schemaname = 'pake' ORDER BY idx_scan DESC, indexrelname LIMIT $1
"""


async def _slow_queries(connection: Connection) -> Lines | Missing:
    view = await statements_view(connection)
    if isinstance(view, Missing):
        return view
    # statements of other kinds may have a password in them (ALTER ROLE); constants of these are $1, $2, ...
    rows = await read(
        connection,
        f"""
        SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), {_QUERY_SHOWN}) AS query,
               round(mean_exec_time::numeric, 3)::float8 AS mean_ms, calls
        FROM {view}
        WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND query ~* '^\\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\\M'
        ORDER BY mean_exec_time DESC LIMIT $1
        """,
        _QUERIES,
    )
    return _lines(rows)


def _lines(rows: list[Any] | Missing) -> Lines | Missing:
    return rows if isinstance(rows, Missing) else [dict(row) for row in rows]
