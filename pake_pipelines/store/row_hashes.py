"""What is in a database at one moment: rows and a hash of every table, and a snapshot in which it can be dumped.

The hash of a table is `sum(hashtextextended(row::text, 0))` over its rows. It does not depend on their order, and with
the session settings set here it is the same on any server.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.store.database import ONCE, Connection, Patience, masked, wait_for
from pake_pipelines.store.errors import StoreError

# merging the recent signature bands keeps its tables to itself for some 20 s
_LOCK_SECONDS: Final = 30.0
_ATTEMPTS: Final = 5

_SESSION: Final = """
SET LOCAL search_path = pg_catalog;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL lc_monetary = 'C';
SET LOCAL row_security = off;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
"""

# what pg_dump dumps with rows: tables and partitions of the user's schemas that belong to no extension
_TABLES: Final = """
    SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS parent,
        has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND ($1::text[] IS NULL OR n.nspname = ANY ($1))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
"""


@dataclass(frozen=True, slots=True)
class TableHash:
    """A table: its rows, and the hash over them as a decimal number (`0` for an empty one)."""

    schema: str
    name: str
    rows: int
    hash: str


@dataclass(frozen=True, slots=True)
class SequenceValue:
    """A sequence and the last value it gave. Sequences know no snapshots: a later look finds this or a later one."""

    schema: str
    name: str
    last: int


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    parent: bool
    readable: bool

    @property
    def quoted(self) -> str:
        return ".".join('"' + part.replace('"', '""') + '"' for part in (self.schema, self.name))


@asynccontextmanager
async def frozen(
    url: str, patience: Patience = ONCE, *, lock_seconds: float = _LOCK_SECONDS
) -> AsyncIterator[tuple[Connection, str]]:
    """Lend a connection in a read-only transaction in which the database stands still, and its exported snapshot.

    Every table is locked (ACCESS SHARE) before the snapshot is taken: TRUNCATE spares no rows for a snapshot from
    before, and a table that is truncated in between would be found empty. Reading and writing go on meanwhile.
    Raises StoreError when a table may not be read, or stays locked for longer than `lock_seconds`.
    """
    import asyncpg

    connection = await wait_for(url, patience)
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            snapshot = await _freeze(connection, lock_seconds, last=attempt == _ATTEMPTS)
            if snapshot is not None:
                break
            await asyncio.sleep(0.1 * attempt)
        else:
            raise StoreError("tables come and go too fast for a snapshot: try again when migrations are over")
        yield connection, snapshot
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError) as error:
        raise StoreError(f"the connection to {masked(url)} was lost: {error}") from error
    finally:
        # ends the transaction, and its exported snapshot with it
        with suppress(TimeoutError):
            await connection.close(timeout=10)


async def _freeze(connection: Connection, lock_seconds: float, *, last: bool) -> str | None:
    """Lock all tables and export the snapshot; None when tables came or went meanwhile, with nothing locked."""
    import asyncpg

    wanted = await _tables(connection, None)
    _refuse_unreadable(wanted)
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        # none of these takes the snapshot: the first query behind the locks does
        await connection.execute(f"{_SESSION}SET LOCAL lock_timeout = {int(lock_seconds * 1000)};")
        if wanted:
            await connection.execute(f"LOCK TABLE {', '.join(t.quoted for t in wanted)} IN ACCESS SHARE MODE")
        if await _tables(connection, None) == wanted:
            snapshot: str = await connection.fetchval("SELECT pg_export_snapshot()")
            return snapshot
    except asyncpg.LockNotAvailableError as error:
        await connection.execute("ROLLBACK")
        raise StoreError(
            f"a table has been locked for more than {lock_seconds:.0f} s by another session, so no snapshot can be "
            f"taken: try again when it is done ({error})"
        ) from error
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.DeadlockDetectedError) as error:
        if last:
            raise StoreError(f"tables come and go too fast for a snapshot: {error}") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise _unreadable(error) from error
    await connection.execute("ROLLBACK")
    return None


def _refuse_unreadable(tables: Sequence[_Table]) -> None:
    hidden = [f"{table.schema}.{table.name}" for table in tables if not table.readable]
    if hidden:
        more = f" and {len(hidden) - 3} more" if len(hidden) > 3 else ""
        raise StoreError(
            f"this user may not read {', '.join(hidden[:3])}{more}: a backup without them would not be whole; "
            "GRANT SELECT on them (and USAGE on their schemas), or back up as their owner"
        )


def _unreadable(error: Exception) -> StoreError:
    return StoreError(
        f"this user may not read everything: {error}; GRANT SELECT on it (and let it bypass row security), or back up "
        "as its owner"
    )


async def _tables(connection: Connection, schemas: Sequence[str] | None) -> list[_Table]:
    return [_Table(**row) for row in await connection.fetch(_TABLES, list(schemas) if schemas is not None else None)]


async def table_hashes(connection: Connection, schemas: Sequence[str] | None = None) -> list[TableHash]:
    """Return rows and hash of every table of `schemas` (of all that users made), by schema and name.

    Works in the transaction of `connection`, whose local settings it changes; without one it makes its own, of one
    snapshot. Raises StoreError for a table that may not be read.
    """
    if connection.is_in_transaction():
        return await _hashes(connection, schemas)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await _hashes(connection, schemas)


async def _hashes(connection: Connection, schemas: Sequence[str] | None) -> list[TableHash]:
    import asyncpg

    await connection.execute(_SESSION)
    tables = [table for table in await _tables(connection, schemas) if not table.parent]
    _refuse_unreadable(tables)
    try:
        return [await _hash(connection, table) for table in tables]
    except asyncpg.InsufficientPrivilegeError as error:
        raise _unreadable(error) from error


async def _hash(connection: Connection, table: _Table) -> TableHash:
    # a name that no column has: `row::text` would otherwise be that column
    rows, total = await connection.fetchrow(
        f"""
        SELECT count(*), coalesce(sum(hashtextextended("pake row"::text COLLATE "C", 0)::numeric), 0)
        FROM ONLY {table.quoted} AS "pake row"
        """
    )
    return TableHash(table.schema, table.name, rows, str(total))


async def sequence_values(connection: Connection) -> list[SequenceValue]:
    """Return every sequence of users that has given a value and that counts upwards, by schema and name."""
    rows = await connection.fetch(
        """
        SELECT schemaname AS schema, sequencename AS name, last_value AS last FROM pg_catalog.pg_sequences
        WHERE last_value IS NOT NULL AND increment_by > 0 AND NOT cycle AND schemaname !~ '^pg_temp_'
        ORDER BY 1, 2
        """
    )
    return [SequenceValue(**row) for row in rows]


async def server_version(connection: Connection) -> tuple[int, str]:
    """Return the server's major version and its version in words."""
    number, shown = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
    )
    return number // 10000, shown


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """A database: name, size in bytes, revision of a knowledge database, its server's version, the server's time."""

    name: str
    bytes: int
    revision: str | None
    server_major: int
    server_version: str
    at: datetime


async def facts(connection: Connection) -> DatabaseFacts:
    """Return what a backup says of the database. In a snapshot `at` is when its transaction began."""
    name, size, known, number, version, at = await connection.fetchrow(
        """
        SELECT current_database()::text, pg_database_size(current_database()),
            to_regclass('pake.alembic_version') IS NOT NULL,
            current_setting('server_version_num')::int, current_setting('server_version'), now()
        """
    )
    revision = await connection.fetchval("SELECT version_num FROM pake.alembic_version") if known else None
    return DatabaseFacts(name, size, revision, number // 10000, version, at)
