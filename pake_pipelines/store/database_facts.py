"""Is a PostgreSQL server there, and what is in the knowledge database (DB-13)?"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.store.database import ONCE, check_revision, wait_for
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    import asyncpg

# counting rows takes a time that grows with them; above this the planner's own figure does
_COUNTED_UP_TO: Final = 100_000


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """How long connecting and a SELECT 1 took, the server's version, and the facts of DB-13 if they were asked for.

    `recent_activity` are the knowledge nodes made in the last hour; `records` is exact unless `records_estimated`.
    """

    response_ms: float
    version: str
    tables: int | None = None
    records: int | None = None
    records_estimated: bool | None = None
    recent_activity: int | None = None


async def look(url: str, *, knowledge: bool) -> DatabaseFacts:
    """Connect to `url` and ask; with `knowledge` it must be the knowledge database at this code's revision.

    Raises StoreError for whatever the server answers or fails to, its cause is the error itself; and asyncpg's
    ClientConfigurationError for an address that is none.
    """
    import asyncpg

    started = time.perf_counter()
    try:
        connection = await wait_for(url, ONCE)
        try:
            return await _ask(connection, started, knowledge=knowledge)
        finally:
            # a server that does not answer would not say good-bye either
            connection.terminate()
    except asyncpg.ClientConfigurationError:
        # it was never asked
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreError(f"the server broke off: {error}") from error


async def _ask(connection: "asyncpg.Connection[Any]", started: float, *, knowledge: bool) -> DatabaseFacts:
    await connection.execute("SELECT 1")
    response_ms = (time.perf_counter() - started) * 1000
    version = ".".join(str(part) for part in connection.get_server_version()[:2])
    if not knowledge:
        return DatabaseFacts(response_ms, version)
    await check_revision(connection)
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(*) FROM pg_class
                WHERE relnamespace = 'pake'::regnamespace AND relkind IN ('r', 'p')) AS tables,
               CASE WHEN c.reltuples < $1 THEN (SELECT count(*) FROM pake.knowledge_nodes)
                    ELSE c.reltuples::bigint END AS records,
               c.reltuples >= $1 AS estimated,
               (SELECT count(*) FROM pake.knowledge_nodes WHERE created_at > now() - interval '1 hour') AS recent
        FROM pg_class c WHERE c.oid = 'pake.knowledge_nodes'::regclass
        """,
        float(_COUNTED_UP_TO),
    )
    return DatabaseFacts(response_ms, version, row["tables"], row["records"], row["estimated"], row["recent"])
