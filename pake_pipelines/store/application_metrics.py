"""What the project's own tables tell of its work: visits, throughput of stages, answers to probes, security."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.store.database import Connection

_DAY: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visited:
    """Visits to sources so far and within the last 24 hours, and the items stored within the last hour."""

    total: int
    good: int
    last_day: int
    good_last_day: int
    items_last_hour: int


async def visited(connection: Connection, now: datetime) -> Visited:
    """Count the visits that ended up to now; those that found nothing new went well, too."""
    row = await connection.fetchrow(
        """
        SELECT count(*) AS total, count(*) FILTER (WHERE outcome <> 'failed') AS good,
               count(*) FILTER (WHERE finished_at > $1) AS last_day,
               count(*) FILTER (WHERE finished_at > $1 AND outcome <> 'failed') AS good_last_day,
               coalesce(sum(new + updated) FILTER (WHERE finished_at > $2), 0) AS items_last_hour
        FROM ingestion_runs
        """,
        now - _DAY,
        now - _HOUR,
    )
    return Visited(**row)


async def stage_rates(connection: Connection, now: datetime) -> dict[str, float]:
    """Return for each stage that changed something in 24 hours how many items it got through per minute of its work."""
    rows = await connection.fetch(
        """
        SELECT operation, (sum((details ->> 'looked_at')::float8) * 60000 / sum(processing_time_ms))::float8 AS rate
        FROM processing_logs
        WHERE created_at > $1 AND pake_id IS NULL AND processing_time_ms > 0 AND details ? 'looked_at'
        GROUP BY operation ORDER BY operation
        """,
        now - _DAY,
    )
    return {row["operation"]: row["rate"] for row in rows}


@dataclass(frozen=True, slots=True)
class Answer:
    """How long a service took to answer its probes, in milliseconds on average; `kind` is that of the probe."""

    service: str
    kind: str
    response_ms: float


async def probe_answers(connection: Connection, since: datetime) -> list[Answer]:
    """Return the services that answered any probe after `since`."""
    rows = await connection.fetch(
        """
        SELECT service, min(kind) AS kind, avg(response_ms) AS response_ms FROM health_samples
        WHERE at > $1 AND response_ms IS NOT NULL GROUP BY service ORDER BY service
        """,
        since,
    )
    return [Answer(**row) for row in rows]


async def security_counts(connection: Connection, now: datetime) -> Mapping[str, int]:
    """Return the security counters of the last 24 hours by the names of their metrics (MON-17).

    A refused address is that of a source or, as a dead letter, of one of its items.
    """
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(*) FROM ingestion_runs WHERE finished_at > $1 AND outcome = 'failed'
                AND (error_kind = 'credentials' OR error_status IN (401, 407))) AS failed_logins_24h,
               (SELECT count(*) FROM ingestion_runs WHERE finished_at > $1 AND error_kind = 'refused')
               + (SELECT count(*) FROM dead_letters WHERE created_at > $1 AND reason = 'refused')
                   AS refused_addresses_24h,
               (SELECT count(*) FROM knowledge_nodes WHERE created_at > $1
                AND metadata ->> 'auto_rejected' = 'spam_detected') AS rejected_spam_24h
        """,
        now - _DAY,
    )
    return dict(row)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of backups: since when there has been one, the newest, the newest that is proven.

    `watched_since` is the oldest thing that is remembered of this project, None when that is nothing.
    """

    watched_since: datetime | None
    first: datetime | None
    newest: datetime | None
    proven: datetime | None


async def kept_backups(connection: Connection) -> Kept:
    """Return what is known of the backups that are there; a damaged one is none."""
    row = await connection.fetchrow(
        """
        SELECT least((SELECT min(at) FROM metric_samples), (SELECT min(started_at) FROM maintenance_runs))
                   AS watched_since,
               min(created_at) AS first, max(created_at) FILTER (WHERE state <> 'damaged') AS newest,
               max(created_at) FILTER (WHERE state = 'proven') AS proven
        FROM backups WHERE removed_at IS NULL
        """
    )
    return Kept(**row)


async def task_states(connection: Connection) -> Mapping[str, tuple[str, str]]:
    """Return (state, summary) of the newest run of each task of maintenance; those that go on and dry runs left out."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (task) task, state, summary FROM maintenance_runs
        WHERE NOT dry_run AND state <> 'running' ORDER BY task, run_no DESC
        """
    )
    return {row["task"]: (row["state"], row["summary"]) for row in rows}
