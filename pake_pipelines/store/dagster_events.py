"""Dagster's event log: which events nobody needs any more, and their removal in bounded batches.

What Dagster reads was looked up in its release 1.13 (`_core/storage/event_log/sql_event_log.py`):

- the latest materialization of an asset from `asset_keys`; those of partitions, and histories, from the events
  ASSET_MATERIALIZATION and ASSET_OBSERVATION, which stay;
- a failed or running partition from the newest ASSET_MATERIALIZATION_PLANNED of each, where no materialization came
  after it, and the status of its run: a planned event goes only when a later event of the same partition says more;
- a check from `asset_check_executions`, which has the whole event in it: an ASSET_CHECK_EVALUATION_PLANNED goes only
  when no such row refers to it any more;
- the freshness of an asset from its newest FRESHNESS_STATE_CHANGE: an earlier one goes;
- a failure from RUN_FAILURE and STEP_FAILURE, which stay with their run, as do lines of level ERROR and above.

The fourteen transitory types are those of Dagster's guide on tuning its database.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store.database import Connection

_TRANSITORY: Final = (
    "ENGINE_EVENT",
    "HANDLED_OUTPUT",
    "LOADED_INPUT",
    "PIPELINE_CANCELING",
    "PIPELINE_DEQUEUED",
    "PIPELINE_ENQUEUED",
    "PIPELINE_STARTING",
    "RESOURCE_INIT_FAILURE",
    "RESOURCE_INIT_STARTED",
    "RESOURCE_INIT_SUCCESS",
    "STEP_INPUT",
    "STEP_OUTPUT",
    "STEP_WORKER_STARTED",
    "STEP_WORKER_STARTING",
)
_STEPS: Final = (
    "ASSET_STORE_OPERATION",
    "HOOK_COMPLETED",
    "HOOK_ERRORED",
    "HOOK_SKIPPED",
    "LOGS_CAPTURED",
    "OBJECT_STORE_OPERATION",
    "RUN_RESUMED",
    "RUN_SUSPENDED",
    "STEP_RESTARTED",
    "STEP_SKIPPED",
    "STEP_START",
    "STEP_SUCCESS",
    "STEP_UP_FOR_RETRY",
)


@dataclass(frozen=True, slots=True)
class Before:
    """Moments (UTC): what is older may go, by what it is."""

    debug: datetime
    event: datetime
    transitory: datetime
    reported: datetime
    tick: datetime
    run: datetime


@dataclass(slots=True)
class Removed:
    """How many rows of each kind went (or would go), and the bytes of their text as it is stored."""

    rows: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)

    def add(self, found: Sequence[Any]) -> None:
        """Add rows of kind, rows and bytes."""
        for row in found:
            self.rows[row["kind"]] += row["rows"]
            self.bytes[row["kind"]] += row["bytes"] or 0


# levels of Python's logging. In the text of an event a quotation mark within a message is escaped, so that no message
# can pose as a level; the text is not read as JSON, as that fails for a message with a NUL in it
_LEVEL: Final = """substring(e.event FROM '"level": ?([0-9]+)')::int"""
_GOES: Final = f"""
    e.id > $1 AND e.id <= $2 AND NOT EXISTS (
        SELECT FROM runs r WHERE r.run_id = e.run_id AND r.status NOT IN ('SUCCESS', 'FAILURE', 'CANCELED'))
    AND CASE
        WHEN e.dagster_event_type IS NULL THEN e.timestamp < $3
            AND ({_LEVEL} = 10 OR e.timestamp < $4 AND {_LEVEL} IN (20, 30))
        WHEN e.dagster_event_type = ANY ($6::text[]) THEN e.timestamp < $5
        WHEN e.dagster_event_type = ANY ($7::text[]) THEN e.timestamp < $4
        WHEN e.dagster_event_type = 'ASSET_MATERIALIZATION_PLANNED' THEN e.timestamp < $5 AND EXISTS (
            SELECT FROM event_logs n WHERE n.asset_key = e.asset_key AND n.id > e.id
            AND n.dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_MATERIALIZATION_PLANNED')
            AND (n.partition = e.partition OR n.partition IS NULL AND e.partition IS NULL))
        WHEN e.dagster_event_type = 'ASSET_CHECK_EVALUATION_PLANNED' THEN e.timestamp < $5 AND e.id NOT IN (
            SELECT evaluation_event_storage_id FROM asset_check_executions
            WHERE evaluation_event_storage_id BETWEEN $1 AND $2)
        WHEN e.dagster_event_type = 'FRESHNESS_STATE_CHANGE' THEN e.timestamp < $4 AND EXISTS (
            SELECT FROM event_logs n WHERE n.asset_key = e.asset_key AND n.id > e.id
            AND n.dagster_event_type = 'FRESHNESS_STATE_CHANGE')
        ELSE false END
"""
_KIND: Final = f"coalesce(e.dagster_event_type, 'line of level ' || coalesce({_LEVEL}::text, 'unknown'))"


async def remove_events(connection: Connection, before: Before, batch: int, *, dry_run: bool) -> Removed:
    """Remove the events that nobody needs, `batch` events in a transaction; with `dry_run` only count them.

    Goes through the log in the order of its primary key, as old as it is: nothing else finds an event by its age.
    """
    removed, last = Removed(), 0
    newest = max(before.debug, before.event, before.transitory)
    values = (_plain(before.debug), _plain(before.event), _plain(before.transitory), _TRANSITORY, _STEPS)
    while (upto := await _window(connection, last, newest, batch)) is not None:
        columns = f"{_KIND} AS kind, pg_column_size(e.event) AS bytes"
        work = (
            f"SELECT {columns} FROM event_logs e WHERE {_GOES}"
            if dry_run
            else f"DELETE FROM event_logs e WHERE {_GOES} RETURNING {columns}"
        )
        async with connection.transaction():
            removed.add(
                await connection.fetch(
                    f"WITH gone AS ({work}) SELECT kind, count(*) AS rows, sum(bytes) AS bytes FROM gone GROUP BY 1",
                    last,
                    upto,
                    *values,
                )
            )
        last = upto
    return removed


async def _window(connection: Connection, last: int, newest: datetime, batch: int) -> int | None:
    """Return the id up to which the next `batch` events go, None when they are all too young."""
    row = await connection.fetchrow(
        """
        SELECT max(id) AS upto, min(timestamp) AS oldest
        FROM (SELECT id, timestamp FROM event_logs WHERE id > $1 ORDER BY id LIMIT $2) AS following
        """,
        last,
        batch,
    )
    if row["upto"] is None or row["oldest"] >= _plain(newest):
        return None
    upto: int = row["upto"]
    return upto


async def thin_reports(
    connection: Connection, assets: Sequence[str], before: Before, per_day: int, batch: int, *, dry_run: bool
) -> Removed:
    """Thin out what sensors reported of `assets` without a run, and their checks, to `per_day` of each and day.

    The last ones of a day stay, so that the latest of all is never touched, nor a materialization that a check which
    stays was made of. Reports of runs, and of other assets, are not looked at.
    """
    removed, keys = Removed(), [json.dumps([asset]) for asset in assets]
    values = (keys, _plain(before.reported), per_day)
    checks = await connection.fetch(_OLD_CHECKS, *values)
    executions = [row["id"] for row in checks]
    events = [row["event_id"] for row in checks if row["event_id"] is not None]
    removed.rows["asset_check_executions"] = len(executions)
    removed.bytes["asset_check_executions"] = sum(row["bytes"] or 0 for row in checks)
    made = await connection.fetch(_OLD_REPORTS, *values, executions)
    await _count(connection, removed, [*events, *(row["id"] for row in made)])
    if not dry_run:
        await in_batches(
            connection, "DELETE FROM asset_check_executions WHERE id = ANY ($1::bigint[])", executions, batch
        )
        ids = sorted([*events, *(row["id"] for row in made)])
        await in_batches(connection, "DELETE FROM asset_event_tags WHERE event_id = ANY ($1::bigint[])", ids, batch)
        await in_batches(connection, "DELETE FROM event_logs WHERE id = ANY ($1::bigint[]) AND run_id = ''", ids, batch)
    return removed


_OLD_CHECKS: Final = """
    SELECT id, event_id, bytes FROM (
        SELECT id, evaluation_event_storage_id AS event_id, pg_column_size(evaluation_event) AS bytes,
               row_number() OVER (PARTITION BY asset_key, check_name, evaluation_event_timestamp::date ORDER BY id DESC)
                   AS place
        FROM asset_check_executions
        WHERE run_id = '' AND asset_key = ANY ($1::text[]) AND evaluation_event_timestamp < $2
          AND execution_status IN ('SUCCEEDED', 'FAILED')
    ) AS old WHERE place > $3
"""
_OLD_REPORTS: Final = """
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY asset_key, dagster_event_type, timestamp::date ORDER BY id DESC)
                   AS place
        FROM event_logs
        WHERE run_id = '' AND asset_key = ANY ($1::text[]) AND timestamp < $2
          AND dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION')
    ) AS old WHERE place > $3 AND NOT EXISTS (
        SELECT FROM asset_check_executions x
        WHERE x.materialization_event_storage_id = old.id AND x.id <> ALL ($4::bigint[]))
"""


async def _count(connection: Connection, removed: Removed, ids: Sequence[int]) -> None:
    removed.add(
        await connection.fetch(
            """
            SELECT dagster_event_type AS kind, count(*) AS rows, sum(pg_column_size(event)) AS bytes
            FROM event_logs WHERE id = ANY ($1::bigint[]) AND run_id = '' GROUP BY 1
            """,
            list(ids),
        )
    )


async def in_batches(connection: Connection, statement: str, ids: Sequence[Any], batch: int) -> None:
    """Carry out `statement`, whose one value is a list of ids, for `batch` of them in a transaction."""
    for start in range(0, len(ids), batch):
        async with connection.transaction():
            await connection.execute(statement, list(ids[start : start + batch]))


def _plain(moment: datetime) -> datetime:
    """Return a moment as Dagster stores it: UTC without saying so."""
    return moment.replace(tzinfo=None)


async def count(connection: Connection) -> int:
    """Return how many events there are."""
    events: int = await connection.fetchval("SELECT count(*) FROM event_logs")
    return events
