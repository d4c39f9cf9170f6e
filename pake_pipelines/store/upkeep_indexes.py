"""Upkeep of indexes: how large, bloated and used they are, which are invalid or there twice, and rebuilding one."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_metrics import Missing, read
from pake_pipelines.store.index_bloat import PAGE, IndexShape, estimated
from pake_pipelines.store.upkeep_tables import (
    STOPPED,
    Attempt,
    Bloat,
    HeldError,
    bloat_of,
    extension_schema,
    holder,
    patience,
)

# what a build or rebuild that did not come to its end leaves behind (PostgreSQL, REINDEX, "Rebuilding Indexes
# Concurrently")
_LEFTOVER: Final = re.compile(r"_cc(new|old)\d*\"?$")


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index: `name` is quoted with its schema; `rows` None when they were never counted.

    `being_built` is an invalid one that somebody works on at this moment; `bloat` is None where nothing can tell it.
    """

    name: str
    table: str
    method: str
    definition: str
    bytes: int
    rows: float | None
    valid: bool
    unique: bool
    constraint: bool
    being_built: bool
    ours: bool
    bloat: Bloat | None

    @property
    def is_leftover(self) -> bool:
        """Whether it is what an interrupted rebuild left: the index that it was to replace stands beside it."""
        return not self.valid and not self.constraint and _LEFTOVER.search(self.name) is not None


async def index_facts(connection: Connection, schema: str) -> list[IndexFacts]:
    """Return the facts of all indexes of `schema` that can be looked at, the largest first."""
    rows = await connection.fetch(_FACTS, schema)
    extension = await extension_schema(connection, "pgstattuple")
    found = []
    for row in rows:
        shape = IndexShape(**{key: row[key] for key in IndexShape.__slots__})
        bloat = estimated(row["method"], row["bytes"], shape)
        if extension and row["method"] == "btree" and row["valid"] and row["bytes"] >= _COUNTED_FROM_BYTES:
            bloat = await _counted(connection, f"{extension}.pgstatindex", row["name"], shape.fillfactor) or bloat
        found.append(IndexFacts(**{key: row[key] for key in IndexFacts.__slots__ if key != "bloat"}, bloat=bloat))
    return found


_COUNTED_FROM_BYTES: Final = 1024 * 1024
_FACTS: Final = f"""
    WITH columns AS (
        SELECT i.indexrelid, sum((1 - s.null_frac) * s.avg_width) AS width, count(*) = i.indnatts AS complete,
               CASE WHEN i.indnatts = 1 THEN max((1 - s.null_frac) / nullif(
                   CASE WHEN s.n_distinct < 0 THEN -s.n_distinct ELSE s.n_distinct / t.reltuples END, 0)) END AS repeats
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid AND t.reltuples > 0
        JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_class c ON c.oid = i.indexrelid
        CROSS JOIN LATERAL generate_series(1, i.indnatts) AS position
        -- an expression's statistics are kept under the index's own name
        LEFT JOIN pg_attribute a ON i.indkey[position - 1] <> 0
              AND a.attrelid = i.indrelid AND a.attnum = i.indkey[position - 1]
        LEFT JOIN pg_attribute x ON i.indkey[position - 1] = 0
              AND x.attrelid = i.indexrelid AND x.attnum = position
        JOIN pg_stats s ON s.schemaname = n.nspname AND NOT s.inherited
             AND s.tablename = CASE WHEN i.indkey[position - 1] = 0 THEN c.relname ELSE t.relname END
             AND s.attname = coalesce(a.attname, x.attname)
        WHERE n.nspname = $1
        GROUP BY i.indexrelid, i.indnatts
    )
    SELECT format('%I.%I', n.nspname, c.relname) AS name, t.relname::text AS "table", m.amname::text AS method,
           pg_get_indexdef(c.oid) AS definition, pg_relation_size(c.oid) AS bytes,
           CASE WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows,
           i.indisvalid AS valid, i.indisunique AS "unique",
           EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid) AS "constraint",
           EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid OR p.relid = i.indrelid)
               AS being_built,
           pg_has_role(t.relowner, 'USAGE')
               OR CASE WHEN current_setting('server_version_num')::int >= 170000
                       THEN has_table_privilege(t.oid, 'MAINTAIN') ELSE false END AS ours,
           CASE WHEN w.complete THEN w.width::float8 END AS width, w.repeats::float8 AS repeats,
           coalesce(substring(array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int, 90) AS fillfactor,
           coalesce(substring(array_to_string(c.reloptions, ' ') FROM '\\mm=([0-9]+)')::int, 16) AS connections
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
    LEFT JOIN columns w ON w.indexrelid = i.indexrelid
    WHERE n.nspname = $1 AND c.relkind = 'i' AND t.oid NOT IN {STOPPED} AND c.oid NOT IN {STOPPED}
    ORDER BY bytes DESC, 1
"""


async def _counted(connection: Connection, function: str, name: str, fillfactor: int) -> Bloat | None:
    """Count with pgstattuple, as far as this role may."""
    rows = await read(connection, f"SELECT * FROM {function}($1::text::regclass)", name)
    if isinstance(rows, Missing) or not rows[0]["index_size"]:
        return None
    row = rows[0]
    density = min(row["avg_leaf_density"] / fillfactor, 1) if row["leaf_pages"] else 0
    return bloat_of(
        row["index_size"], PAGE * (1 + row["internal_pages"] + math.ceil(row["leaf_pages"] * density)), exact=True
    )


async def rebuild(connection: Connection, index: str, wait_ms: int) -> Attempt:
    """Rebuild an index beside its table's use, outside of any transaction.

    It waits for transactions that are older than itself, each no longer than `wait_ms`; meanwhile nobody waits for it.
    What it leaves when it gives up is invalid and named `_ccnew` or `_ccold`: `index_facts` finds it.
    """
    import asyncpg

    try:
        async with patience(connection, wait_ms):
            await connection.execute(f"REINDEX INDEX CONCURRENTLY {index}")
    except HeldError:
        return Attempt(f"{await holder(connection, index)} did not end within {wait_ms / 1000:g} s")
    except asyncpg.UndefinedObjectError:
        return Attempt("it is gone")
    except (asyncpg.UniqueViolationError, asyncpg.DiskFullError) as error:
        return Attempt(str(error))
    return Attempt()


async def size(connection: Connection, index: str) -> int | None:
    """Return the bytes of an index, None when it is gone."""
    found: int | None = await connection.fetchval("SELECT pg_relation_size(to_regclass($1))", index)
    return found


async def rows(connection: Connection, index: str) -> float | None:
    """Return how many rows an index has, by the count of its last build, VACUUM or ANALYZE."""
    found: float | None = await connection.fetchval(
        "SELECT reltuples::float8 FROM pg_class WHERE oid = to_regclass($1) AND reltuples >= 0", index
    )
    return found


async def counted_since(connection: Connection) -> datetime | None:
    """Return since when this database's use is counted, None where nobody can tell.

    Statistics that never were reset are as old as the database, and that is when the first of its files was made.
    """
    rows = await read(
        connection,
        """
        SELECT coalesce(stats_reset, (pg_stat_file(format('base/%s/PG_VERSION', datid))).modification) AS since
        FROM pg_stat_database WHERE datname = current_database()
        """,
    )
    if not isinstance(rows, Missing):
        found: datetime | None = rows[0]["since"]
        return found
    row = await connection.fetchrow("SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()")
    return row["stats_reset"] if row else None


async def duplicate_indexes(connection: Connection, schema: str) -> list[Mapping[str, Any]]:
    """Return sets of indexes that are alike in all but their name: table, indexes (by name), bytes of all but one."""
    rows = await connection.fetch(
        f"""
        SELECT max(t.relname)::text AS "table", array_agg(c.relname::text ORDER BY c.relname) AS indexes,
               (sum(pg_relation_size(c.oid)) - max(pg_relation_size(c.oid)))::bigint AS bytes
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = $1 AND i.indisvalid AND t.oid NOT IN {STOPPED} AND c.oid NOT IN {STOPPED}
        GROUP BY i.indrelid, c.relam, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
                 i.indisunique, coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
                 coalesce(pg_get_expr(i.indpred, i.indrelid), ''), i.indnkeyatts
        HAVING count(*) > 1 ORDER BY 3 DESC, 1
        """,
        schema,
    )
    return [dict(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How an earlier rebuild left an index."""

    bytes: int
    rows: float
    at: datetime


async def last_rebuilds(connection: Connection, tasks: Sequence[str]) -> dict[str, Rebuilt]:
    """Return how the last rebuild by one of `tasks` left each index, by its quoted name, as their figures have it."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (1) one ->> 'index' AS name, (one ->> 'bytes_after')::bigint AS bytes,
               (one ->> 'rows')::float8 AS rows, finished_at AS at
        FROM maintenance_runs CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(details -> 'rebuilt') WHEN 'array' THEN details -> 'rebuilt' ELSE '[]' END) AS one
        WHERE task = ANY ($1::text[]) AND finished_at IS NOT NULL AND NOT dry_run
          AND one ->> 'bytes_after' IS NOT NULL AND one ->> 'rows' IS NOT NULL
        ORDER BY 1, run_no DESC
        """,
        list(tasks),
    )
    return {row["name"]: Rebuilt(row["bytes"], row["rows"], row["at"]) for row in rows}
