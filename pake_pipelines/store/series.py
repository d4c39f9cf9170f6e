"""Whole series of samples (`metric_samples`), as analyses read them: what was measured, by series, oldest first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class SampledSeries:
    """The values of one series at their moments, as many of both, oldest first; gaps are just not there."""

    metric: str
    labels: Mapping[str, str]
    times: tuple[datetime, ...]
    values: tuple[float, ...]


async def read(
    connection: Connection, metrics: Collection[str], since: datetime, until: datetime
) -> list[SampledSeries]:
    """Return the series of `metrics` that were measured from `since` to `until`, by metric and labels.

    What was not measured is left out, as is what is no finite number.
    """
    rows = await connection.fetch(
        """
        SELECT metric, labels, array_agg(extract(epoch FROM at)::float8 ORDER BY at) AS times,
               array_agg(value ORDER BY at) AS values
        FROM metric_samples
        WHERE metric = ANY ($1::text[]) AND at >= $2 AND at <= $3 AND status = 'ok'
          AND value NOT IN ('NaN', 'Infinity', '-Infinity')
        GROUP BY metric, labels ORDER BY metric, labels
        """,
        list(metrics),
        since,
        until,
    )
    return [
        SampledSeries(
            row["metric"],
            row["labels"],
            tuple(datetime.fromtimestamp(seconds, UTC) for seconds in row["times"]),
            tuple(row["values"]),
        )
        for row in rows
    ]
