"""What came of the visits of a window of time, over all sources and for each (ING-20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection

_RECENT_RUNS = 5

_COUNTS = """
    count(*) FILTER (WHERE outcome <> 'failed') AS succeeded, count(*) FILTER (WHERE outcome = 'failed') AS errors,
    coalesce(sum(new), 0) AS new, coalesce(sum(updated), 0) AS updated, coalesce(sum(dead_letters), 0) AS dead_letters
"""


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits that ended well or failed (`errors`), and the items that they brought."""

    succeeded: int
    errors: int
    new: int
    updated: int
    dead_letters: int

    @property
    def processed(self) -> int:
        """How many items were stored, new or in a new version."""
        return self.new + self.updated

    @property
    def success_rate(self) -> float | None:
        """Visits that ended well among all, in [0, 1]; None without any."""
        visits = self.succeeded + self.errors
        return self.succeeded / visits if visits else None


@dataclass(frozen=True, slots=True)
class RunVisits:
    """The visits of one run."""

    run_id: str
    finished_at: datetime
    sources: int
    visits: Visits


@dataclass(frozen=True, slots=True)
class Statistics:
    """Visits since a moment: all, by source (those that were visited), and the newest five runs of any time."""

    since: datetime
    total: Visits
    by_source: dict[str, Visits]
    recent_runs: tuple[RunVisits, ...]


async def statistics(connection: Connection, since: datetime) -> Statistics:
    """Return what came of the visits that ended at `since` or later."""
    total = await connection.fetchrow(f"SELECT {_COUNTS} FROM ingestion_runs WHERE finished_at >= $1", since)
    by_source = await connection.fetch(
        f"SELECT source, {_COUNTS} FROM ingestion_runs WHERE finished_at >= $1 GROUP BY source ORDER BY source", since
    )
    # run after run down the index: visits are kept for long, and this is asked every few minutes
    runs = await connection.fetch(
        f"""
        WITH RECURSIVE newest AS (
            (SELECT ARRAY[run_id] AS ids FROM ingestion_runs ORDER BY finished_at DESC, run_id LIMIT 1)
            UNION ALL
            SELECT ids || next.run_id FROM newest CROSS JOIN LATERAL (
                SELECT run_id FROM ingestion_runs WHERE run_id <> ALL (ids) ORDER BY finished_at DESC, run_id LIMIT 1
            ) AS next WHERE cardinality(ids) < $1
        )
        SELECT run_id, max(finished_at) AS finished_at, count(DISTINCT source) AS sources, {_COUNTS}
        FROM ingestion_runs WHERE run_id = ANY (ARRAY(SELECT unnest(ids) FROM newest))
        GROUP BY run_id ORDER BY 2 DESC, 1
        """,
        _RECENT_RUNS,
    )
    return Statistics(
        since,
        _visits(total),
        {row["source"]: _visits(row) for row in by_source},
        tuple(RunVisits(row["run_id"], row["finished_at"], row["sources"], _visits(row)) for row in runs),
    )


def _visits(row: Mapping[str, int]) -> Visits:
    return Visits(row["succeeded"], row["errors"], row["new"], row["updated"], row["dead_letters"])
