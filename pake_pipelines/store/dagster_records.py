"""Dagster's other records: whether they are of a form that we know, and old runs, ticks, backfills and tags.

The tables are Dagster's own. Nothing in them is touched unless they are of a revision that was looked at.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pake_pipelines.store.dagster_events import Before, Removed, in_batches
from pake_pipelines.store.database import Connection, Patience, wait_for
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.upkeep_tables import HeldError

if TYPE_CHECKING:
    import asyncpg

KNOWN_REVISIONS: Final = frozenset({"29b539ebc72a"})
"""Heads of Dagster's migrations whose tables are as described here: that of releases 1.11 to 1.13."""
_COLUMNS: Final[Mapping[str, frozenset[str]]] = {
    "event_logs": frozenset(
        {"id", "run_id", "event", "dagster_event_type", "timestamp", "step_key", "asset_key", "partition"}
    ),
    "asset_keys": frozenset({"asset_key", "last_materialization", "last_run_id", "cached_status_data"}),
    "asset_event_tags": frozenset({"id", "event_id", "asset_key"}),
    "asset_check_executions": frozenset(
        {
            "id",
            "asset_key",
            "check_name",
            "run_id",
            "execution_status",
            "evaluation_event",
            "evaluation_event_timestamp",
            "evaluation_event_storage_id",
            "materialization_event_storage_id",
        }
    ),
    "runs": frozenset({"id", "run_id", "pipeline_name", "status", "update_timestamp", "backfill_id"}),
    "run_tags": frozenset({"run_id", "key", "value"}),
    "job_ticks": frozenset({"id", "job_origin_id", "selector_id", "status", "timestamp", "tick_body"}),
    "bulk_actions": frozenset({"id", "key", "status", "timestamp", "body"}),
    "backfill_tags": frozenset({"id", "backfill_id"}),
}
# the outcome of a job is read from its latest three runs, the state of a schedule from its latest two ticks
_LATEST_RUNS: Final = 3
_LATEST_TICKS: Final = 2


class RefusedError(StoreError):
    """The role lacks a right in Dagster's database."""


@asynccontextmanager
async def opened(url: str, patience: Patience, lock_timeout_ms: int) -> "AsyncIterator[asyncpg.Connection[Any]]":
    """Connect to Dagster's database, waiting no longer than this for any lock.

    Raises HeldError for a lock that was waited for in vain, RefusedError where the role lacks a right, StoreError for a
    server that cannot be reached.
    """
    import asyncpg

    connection = await wait_for(url, patience)
    try:
        await connection.execute(f"SET lock_timeout = {int(lock_timeout_ms)}")
        yield connection
    except asyncpg.InsufficientPrivilegeError as error:
        raise RefusedError(f"this role may not tidy Dagster's database: {error}") from error
    except asyncpg.LockNotAvailableError as error:
        raise HeldError(
            f"somebody holds a lock in Dagster's database for longer than {lock_timeout_ms} ms; what was pruned until "
            "then stays pruned: run it again later"
        ) from error
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Form:
    """The schema of Dagster's tables; `unknown` says why they are not what we know, None when they are."""

    schema: str = ""
    unknown: str | None = None


async def form(connection: Connection) -> Form:
    """Look at the revision and columns of Dagster's tables."""
    schema = await connection.fetchval(
        "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE c.oid = to_regclass('event_logs')"
    )
    if schema is None or not await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
        return Form(unknown="Dagster has no tables there yet")
    revisions = {row["version_num"] for row in await connection.fetch("SELECT version_num FROM alembic_version")}
    if not revisions or not revisions <= KNOWN_REVISIONS:
        return Form(unknown=f"Dagster's tables are at revision {', '.join(sorted(revisions)) or 'none'}, unknown to us")
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1", schema
    )
    there = {(row["table_name"], row["column_name"]) for row in rows}
    lacking = sorted(
        f"{table}.{column}" for table, columns in _COLUMNS.items() for column in columns if (table, column) not in there
    )
    if lacking:
        return Form(unknown=f"Dagster's tables lack {', '.join(lacking)}")
    return Form(schema)


async def remove_runs(connection: Connection, before: Before, batch: int, *, dry_run: bool) -> Removed:
    """Remove runs that are over and of which nothing is left that anybody looks at, with their events and tags.

    A run stays that materialized, observed or checked something; that planned what nobody has made since; that is the
    last of an asset, or one of the latest of its job; and that another run which stays was started from.
    """
    found = await connection.fetch(_OLD_RUNS, _plain(before), _LATEST_RUNS)
    ids = [row["run_id"] for row in found]
    removed = Removed()
    removed.rows["runs"] = len(ids)
    removed.bytes["runs"] = sum(row["bytes"] or 0 for row in found)
    # few runs at a time: each may have thousands of events
    for start in range(0, len(ids), max(batch // 100, 1)):
        some = ids[start : start + max(batch // 100, 1)]
        events = (
            "SELECT 'events of removed runs' AS kind, count(*) AS rows, sum(pg_column_size(event)) AS bytes "
            "FROM event_logs WHERE run_id = ANY ($1::text[])"
        )
        async with connection.transaction():
            removed.add(await connection.fetch(events, some))
            if not dry_run:
                await connection.execute("DELETE FROM event_logs WHERE run_id = ANY ($1::text[])", some)
                await connection.execute("DELETE FROM run_tags WHERE run_id = ANY ($1::text[])", some)
                await connection.execute("DELETE FROM runs WHERE run_id = ANY ($1::text[])", some)
    return removed


_OLD_RUNS: Final = """
    WITH placed AS (
        SELECT r.*, row_number() OVER (PARTITION BY pipeline_name, status = 'CANCELED' ORDER BY id DESC) AS place
        FROM runs r WHERE status IN ('SUCCESS', 'FAILURE', 'CANCELED')
    )
    SELECT run_id, pg_column_size(run_body) AS bytes FROM placed p
    WHERE update_timestamp < $1 AND (place > $2 OR status = 'CANCELED')
      AND run_id NOT IN (SELECT last_run_id FROM asset_keys WHERE last_run_id IS NOT NULL)
      AND run_id NOT IN (SELECT run_id FROM asset_check_executions WHERE run_id IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM event_logs e WHERE e.run_id = p.run_id AND e.dagster_event_type IN (
              'ASSET_MATERIALIZATION', 'ASSET_OBSERVATION', 'ASSET_CHECK_EVALUATION', 'ASSET_MATERIALIZATION_PLANNED'))
      AND NOT EXISTS (
          SELECT FROM run_tags t WHERE t.key IN ('dagster/parent_run_id', 'dagster/root_run_id')
          AND t.value = p.run_id AND t.run_id <> p.run_id)
    ORDER BY id
"""


async def remove_ticks(connection: Connection, before: Before, batch: int, *, dry_run: bool) -> Removed:
    """Remove old ticks; one that is under way stays, and the latest of every schedule and sensor.

    Dagster prunes ticks itself, by `retention` in dagster.yaml, but only of what still ticks.
    """
    return await _remove(
        connection,
        "job_ticks",
        f"""
        SELECT id, pg_column_size(tick_body) AS bytes FROM (
            SELECT id, tick_body, timestamp, status,
                   row_number() OVER (PARTITION BY coalesce(selector_id, job_origin_id)
                                      ORDER BY timestamp DESC, id DESC) AS place
            FROM job_ticks) AS placed
        WHERE timestamp < $1 AND status <> 'STARTED' AND place > {_LATEST_TICKS} ORDER BY id
        """,
        before.tick.replace(tzinfo=None),
        batch=batch,
        dry_run=dry_run,
    )


async def remove_backfills(connection: Connection, before: Before, batch: int, *, dry_run: bool) -> Removed:
    """Remove old backfills that are over and of which no run is left."""
    removed = await _remove(
        connection,
        "bulk_actions",
        """
        SELECT id, pg_column_size(body) AS bytes FROM bulk_actions b
        WHERE timestamp < $1 AND status IN ('COMPLETED', 'COMPLETED_SUCCESS', 'COMPLETED_FAILED', 'FAILED', 'CANCELED')
          AND NOT EXISTS (SELECT FROM runs r WHERE r.backfill_id = b.key)
          AND NOT EXISTS (SELECT FROM run_tags t WHERE t.key = 'dagster/backfill' AND t.value = b.key) ORDER BY id
        """,
        _plain(before),
        batch=batch,
        dry_run=dry_run,
    )
    orphans = await _remove(
        connection,
        "backfill_tags",
        """
        SELECT id, pg_column_size(value) AS bytes FROM backfill_tags t
        WHERE NOT EXISTS (SELECT FROM bulk_actions b WHERE b.key = t.backfill_id) ORDER BY id
        """,
        batch=batch,
        dry_run=dry_run,
    )
    return Removed(removed.rows + orphans.rows, removed.bytes + orphans.bytes)


async def remove_event_tags(connection: Connection, batch: int, *, dry_run: bool) -> Removed:
    """Remove tags of events that are gone."""
    return await _remove(
        connection,
        "asset_event_tags",
        """
        SELECT id, pg_column_size(value) AS bytes FROM asset_event_tags t
        WHERE NOT EXISTS (SELECT FROM event_logs e WHERE e.id = t.event_id) ORDER BY id
        """,
        batch=batch,
        dry_run=dry_run,
    )


async def _remove(
    connection: Connection, table: str, query: str, *values: object, batch: int, dry_run: bool
) -> Removed:
    found = await connection.fetch(query, *values)
    removed = Removed()
    removed.rows[table] = len(found)
    removed.bytes[table] = sum(row["bytes"] or 0 for row in found)
    if not dry_run:
        ids = [row["id"] for row in found]
        await in_batches(connection, f"DELETE FROM {table} WHERE id = ANY ($1::bigint[])", ids, batch)
    return removed


def _plain(before: Before) -> Any:
    return before.run.replace(tzinfo=None)
