"""The visits of one run, and how many there were in each of the last hours."""

from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class RunVisit:
    """What came of a run's visit to one source; `outcome` is ok, unchanged or failed, then with an `error`."""

    source: str
    outcome: str
    found: int
    new: int
    updated: int
    unchanged: int
    dead_letters: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Hour:
    """The visits of the hour that began at `since`, by how they ended, and the items that they brought."""

    since: datetime
    succeeded: int
    errors: int
    processed: int


async def visits_of_run(connection: Connection, run_id: str) -> tuple[RunVisit, ...]:
    """Return the visits of a run, those that failed first, then by source."""
    rows = await connection.fetch(
        """
        SELECT source, outcome, found, new, updated, unchanged, dead_letters, error FROM ingestion_runs
        WHERE run_id = $1 ORDER BY outcome <> 'failed', source
        """,
        run_id,
    )
    return tuple(RunVisit(**row) for row in rows)


async def visits_by_hour(connection: Connection, until: datetime, hours: int) -> tuple[Hour, ...]:
    """Return the last `hours` hours before `until`, oldest first; the newest also has what ended after `until`."""
    rows = await connection.fetch(
        """
        SELECT h.since, count(*) FILTER (WHERE outcome <> 'failed') AS succeeded,
               count(*) FILTER (WHERE outcome = 'failed') AS errors, coalesce(sum(new + updated), 0) AS processed
        FROM (SELECT ago, $1::timestamptz - make_interval(hours => ago) AS since FROM generate_series(1, $2::int) ago) h
        LEFT JOIN ingestion_runs r
            ON r.finished_at >= h.since AND (h.ago = 1 OR r.finished_at < h.since + interval '1 hour')
        GROUP BY h.since ORDER BY h.since
        """,
        until,
        hours,
    )
    return tuple(Hour(**row) for row in rows)
