"""Upkeep of tables: what the server knows of their rows, sizes and age, and VACUUM that nobody has to wait for.

A schema is named throughout: the knowledge database has its tables in `pake`, Dagster's in `public`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.store.database import Connection
from pake_pipelines.store.database_metrics import Missing, read
from pake_pipelines.store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Bloat:
    """Bytes that a fresh copy would not need, in per cent of all; `exact` when they were counted (pgstattuple)."""

    percent: float
    bytes: int
    exact: bool


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table as the server's statistics have it.

    Rows are the server's own running estimates; `total_bytes` has indexes and what is stored out of line with it;
    `xid_age` is how many transactions ago its oldest row was frozen last; `ours` tells whether this role may vacuum it.
    """

    table: str
    live_rows: int
    dead_rows: int
    changed_rows: int
    heap_bytes: int
    total_bytes: int
    xid_age: int
    vacuumed_at: datetime | None
    analyzed_at: datetime | None
    ours: bool
    bloat: Bloat | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a piece of work ended: `why_not` is None when it was done."""

    why_not: str | None = None


STOPPED: Final = """
    (SELECT relation FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND pid <> pg_backend_pid()
     AND relation IS NOT NULL AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


async def stopped_tables(connection: Connection, schema: str) -> dict[str, str]:
    """Return the tables that somebody has locked against all use, with who; even asking for their size would wait."""
    rows = await connection.fetch(
        f"""
        SELECT relname::text AS table, format('%I.%I', nspname, relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname = $1 AND relkind = 'r' AND c.oid IN {STOPPED}
        """,
        schema,
    )
    return {row["table"]: await holder(connection, row["name"]) for row in rows}


async def table_facts(connection: Connection, schema: str) -> list[TableFacts]:
    """Return the facts of all tables of `schema` that can be looked at, the largest first."""
    rows = await connection.fetch(_FACTS, schema)
    exact = await _approximate_function(connection)
    found = []
    for row in rows:
        bloat = _estimated(row["heap_bytes"], row["needed_bytes"])
        # counting reads the pages that hold something dead: it is worth it where an estimate says that much is wasted
        if exact and bloat and bloat.bytes >= _COUNTED_FROM_BYTES:
            bloat = await _counted(connection, exact, row["name"]) or bloat
        found.append(TableFacts(**{key: row[key] for key in row.keys() if key not in _INNER}, bloat=bloat))  # noqa: SIM118
    return found


_COUNTED_FROM_BYTES: Final = 1024 * 1024
_INNER: Final = frozenset({"name", "needed_bytes"})
# The row's width from pg_stats as in ioguix/pgsql-bloat-estimation, table/table_bloat.sql: 24 bytes of a page's header,
# 4 of a line pointer, 23 of a row's header with a bit for each column where some are null, all to multiples of 8. What
# is stored out of line is left out on both sides: pg_stats counts 18 bytes for it.
_FACTS: Final = f"""
    WITH widths AS (
        SELECT a.attrelid, sum((1 - s.null_frac) * s.avg_width) AS data, bool_or(s.null_frac > 0) AS nulls,
               count(*) AS known, count(*) = (SELECT count(*) FROM pg_attribute o WHERE o.attrelid = a.attrelid
                                              AND o.attnum > 0 AND NOT o.attisdropped) AS complete
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
        WHERE n.nspname = $1 AND a.attnum > 0 AND NOT a.attisdropped AND NOT s.inherited
        GROUP BY a.attrelid
    ), rows AS (
        SELECT attrelid, 4 + ceil((23 + CASE WHEN nulls THEN (7 + known) / 8 ELSE 0 END) / 8.0) * 8
               + ceil(data / 8.0) * 8 AS width
        FROM widths WHERE complete
    )
    SELECT c.relname::text AS "table", format('%I.%I', n.nspname, c.relname) AS name,
           coalesce(t.n_live_tup, 0) AS live_rows, coalesce(t.n_dead_tup, 0) AS dead_rows,
           coalesce(t.n_mod_since_analyze, 0) AS changed_rows,
           pg_relation_size(c.oid) AS heap_bytes, pg_total_relation_size(c.oid) AS total_bytes,
           greatest(age(c.relfrozenxid), coalesce(age(o.relfrozenxid), 0)) AS xid_age,
           greatest(t.last_vacuum, t.last_autovacuum) AS vacuumed_at,
           greatest(t.last_analyze, t.last_autoanalyze) AS analyzed_at,
           pg_has_role(c.relowner, 'USAGE')
               OR CASE WHEN current_setting('server_version_num')::int >= 170000
                       THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE false END AS ours,
           (ceil(coalesce(t.n_live_tup, 0) / greatest(floor((8192 - 24) * coalesce(substring(
                array_to_string(c.reloptions, ' ') FROM 'fillfactor=([0-9]+)')::int, 100) / 100.0 / r.width), 1))
            * 8192)::bigint AS needed_bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_all_tables t ON t.relid = c.oid
    LEFT JOIN pg_class o ON o.oid = c.reltoastrelid AND o.relkind = 't'
    LEFT JOIN rows r ON r.attrelid = c.oid
    WHERE n.nspname = $1 AND c.relkind = 'r' AND c.oid NOT IN {STOPPED}
    ORDER BY total_bytes DESC, 1
"""


def _estimated(bytes_: int, needed: int | None) -> Bloat | None:
    if needed is None or not bytes_:
        return None
    return bloat_of(bytes_, needed, exact=False)


def bloat_of(bytes_: int, needed: int, *, exact: bool) -> Bloat:
    """Return what of `bytes_` (more than none) a fresh copy of `needed` bytes would not need."""
    wasted = max(bytes_ - needed, 0)
    return Bloat(round(100 * wasted / bytes_, 1), wasted, exact)


async def settle(connection: Connection) -> None:
    """Let the server count what this connection has done up to now: it does so by itself within some seconds."""
    await connection.execute("SELECT pg_stat_force_next_flush()")


async def extension_schema(connection: Connection, extension: str) -> str | None:
    """Return the quoted schema of an installed extension."""
    found: str | None = await connection.fetchval(
        "SELECT quote_ident(nspname) FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = $1",
        extension,
    )
    return found


async def _approximate_function(connection: Connection) -> str | None:
    schema = await extension_schema(connection, "pgstattuple")
    return f"{schema}.pgstattuple_approx" if schema else None


async def _counted(connection: Connection, function: str, name: str) -> Bloat | None:
    """Count with pgstattuple, as far as this role may."""
    rows = await read(
        connection,
        f"SELECT table_len, approx_free_space + dead_tuple_len AS wasted FROM {function}($1::text::regclass)",
        name,
    )
    if isinstance(rows, Missing) or not rows[0]["table_len"]:
        return None
    length = rows[0]["table_len"]
    return bloat_of(length, length - round(rows[0]["wasted"]), exact=True)


class HeldError(StoreError):
    """Somebody holds a lock for longer than is waited."""


@asynccontextmanager
async def patience(connection: Connection, milliseconds: int) -> AsyncIterator[None]:
    """Let statements on `connection`, which is in no transaction, wait no longer than this for any lock.

    Raises HeldError for one that waited in vain.
    """
    import asyncpg

    await connection.execute(f"SET lock_timeout = {int(milliseconds)}")
    try:
        yield
    except asyncpg.LockNotAvailableError as error:
        raise HeldError(f"somebody holds a lock for longer than {milliseconds} ms: run it again later") from error
    finally:
        if not connection.is_closed():
            await connection.execute("RESET lock_timeout")


async def vacuum(
    connection: Connection, schema: str, table: str, lock_timeout_ms: int, *, freeze: bool = False
) -> Attempt:
    """VACUUM and ANALYZE a table, outside of any transaction (D-37).

    Free pages at its end stay: giving them back takes a lock that stops readers and writers. Raises asyncpg's errors
    other than a lock that somebody else holds.
    """
    name = await connection.fetchval("SELECT format('%I.%I', $1::text, $2::text)", schema, table)
    options = "ANALYZE, TRUNCATE false" + (", FREEZE" if freeze else "")
    try:
        async with patience(connection, lock_timeout_ms):
            await connection.execute(f"VACUUM ({options}) {name}")
    except HeldError:
        return Attempt(f"{await holder(connection, name)} holds a lock on it")
    return Attempt()


async def holder(connection: Connection, name: str) -> str:
    """Say who holds a lock on the quoted table or index `name` that keeps upkeep away."""
    row = await connection.fetchrow(
        """
        SELECT l.pid, l.mode, a.application_name AS program, a.backend_type FROM pg_locks l
        LEFT JOIN pg_stat_activity a USING (pid)
        WHERE l.relation IN (SELECT oid FROM pg_class WHERE oid = to_regclass($1)
                             UNION SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass($1))
          AND l.granted AND l.pid <> pg_backend_pid() AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock',
              'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
        ORDER BY a.xact_start LIMIT 1
        """,
        name,
    )
    if row is None:
        return "another session"
    return f"process {row['pid']} ({row['program'] or row['backend_type'] or 'another session'}, {row['mode']})"


async def oldest_snapshot(connection: Connection) -> str | None:
    """Say which session or slot keeps dead rows alive the longest, None when nobody does for more than a minute."""
    found: str | None = await connection.fetchval(
        """
        SELECT what FROM (
            SELECT format('process %s (%s), whose transaction began %s', pid, coalesce(nullif(application_name, ''),
                   backend_type), date_trunc('second', xact_start)) AS what, age(backend_xmin) AS age
            FROM pg_stat_activity
            WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 minute'
            UNION ALL
            SELECT format('the prepared transaction %L of %s', gid, date_trunc('second', prepared)), age(transaction)
            FROM pg_prepared_xacts
            UNION ALL
            SELECT format('the replication slot %I', slot_name), age(xmin) FROM pg_replication_slots
            WHERE xmin IS NOT NULL
        ) AS holding ORDER BY age DESC LIMIT 1
        """
    )
    return found


async def database_bytes(connection: Connection) -> int:
    """Return the size of the database of `connection` in bytes."""
    size: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    return size
