"""How the last runs went and how long they took: tasks of maintenance and visits to sources, as analyses read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class TimedRun:
    """A run of a task that did its work, or a run of ingestion (seconds a visit): when it began, how long it took."""

    job: str
    started_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class TaskEnds:
    """The states in which the last runs of a task ended, the newest first; `newest_at` is when that one ended."""

    states: tuple[str, ...]
    newest_at: datetime


@dataclass(frozen=True, slots=True)
class SourceVisits:
    """How many items were new or changed at each of the last visits to a source, the newest first."""

    source: str
    changed: tuple[int, ...]
    newest_at: datetime


async def task_durations(connection: Connection, most: int) -> list[TimedRun]:
    """Return the last `most` runs of each task that did their work, dry runs left out."""
    rows = await connection.fetch(
        """
        SELECT task AS job, started_at, extract(epoch FROM finished_at - started_at)::float8 AS seconds
        FROM (SELECT *, row_number() OVER (PARTITION BY task ORDER BY run_no DESC) AS place
              FROM maintenance_runs WHERE state = 'done' AND NOT dry_run) AS done
        WHERE place <= $1 ORDER BY task, run_no
        """,
        most,
    )
    return [TimedRun(**row) for row in rows]


async def visit_durations(connection: Connection, job: str, since: datetime, most: int) -> list[TimedRun]:
    """Return how long a visit took on average in each of the last `most` runs since `since`, failed visits left out.

    A run that read many sources is not slower for that: its visits are.
    """
    rows = await connection.fetch(
        """
        SELECT min(started_at) AS started_at, avg(extract(epoch FROM finished_at - started_at))::float8 AS seconds
        FROM ingestion_runs WHERE finished_at >= $1 AND outcome <> 'failed'
        GROUP BY run_id ORDER BY 1 DESC LIMIT $2
        """,
        since,
        most,
    )
    return [TimedRun(job, row["started_at"], max(row["seconds"], 0.0)) for row in rows]


async def task_ends(connection: Connection, most: int) -> Mapping[str, TaskEnds]:
    """Return how the last `most` runs of each task ended; dry runs, and those that go on, left out."""
    rows = await connection.fetch(
        """
        SELECT task, array_agg(state ORDER BY run_no DESC) AS states, max(finished_at) AS newest_at
        FROM (SELECT *, row_number() OVER (PARTITION BY task ORDER BY run_no DESC) AS place
              FROM maintenance_runs WHERE state <> 'running' AND NOT dry_run) AS ended
        WHERE place <= $1 GROUP BY task
        """,
        most,
    )
    return {row["task"]: TaskEnds(tuple(row["states"]), row["newest_at"]) for row in rows}


async def source_visits(connection: Connection, since: datetime, most: int) -> list[SourceVisits]:
    """Return what the last `most` visits to each source since `since` found, failed ones left out."""
    rows = await connection.fetch(
        """
        SELECT source, array_agg(new + updated ORDER BY finished_at DESC) AS changed, max(finished_at) AS newest_at
        FROM (SELECT *, row_number() OVER (PARTITION BY source ORDER BY finished_at DESC) AS place
              FROM ingestion_runs WHERE finished_at >= $1 AND outcome <> 'failed') AS visits
        WHERE place <= $2 GROUP BY source ORDER BY source
        """,
        since,
        most,
    )
    return [SourceVisits(row["source"], tuple(row["changed"]), row["newest_at"]) for row in rows]
