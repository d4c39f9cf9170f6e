"""What stretches of time say of series: mean, 95th percentile, maximum and the newest reading, told by the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class Window:
    """The samples of one series within a stretch of time; `value` is the newest, of the moment `at`.

    `why` is what the newest sample without a value said. Without any that has one all is None.
    """

    metric: str
    labels: Mapping[str, str]
    unit: str
    samples: int
    mean: float | None
    p95: float | None
    high: float | None
    value: float | None
    at: datetime | None
    why: str = ""


async def windows(connection: Connection, metrics: Collection[str], since: datetime, until: datetime) -> list[Window]:
    """Return a window for each series of `metrics` that was sampled from `since` until before `until`."""
    rows = await connection.fetch(
        """
        SELECT metric, labels, max(unit) AS unit, count(value) AS samples, avg(value) AS mean,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95, max(value) AS high,
               (array_agg(value ORDER BY at DESC) FILTER (WHERE value IS NOT NULL))[1] AS value,
               max(at) FILTER (WHERE value IS NOT NULL) AS at,
               coalesce((array_agg(detail ORDER BY at DESC) FILTER (WHERE value IS NULL))[1], '') AS why
        FROM metric_samples WHERE metric = ANY ($1::text[]) AND at >= $2 AND at < $3
        GROUP BY metric, labels ORDER BY metric, labels
        """,
        list(metrics),
        since,
        until,
    )
    return [Window(**row) for row in rows]


async def sampled_since(connection: Connection) -> datetime | None:
    """Return the moment of the oldest sample; None when there is none."""
    moment: datetime | None = await connection.fetchval("SELECT min(at) FROM metric_samples")
    return moment
