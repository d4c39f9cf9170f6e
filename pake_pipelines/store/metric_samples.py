"""Samples of metrics (`metric_samples`): kept, the newest of each series, windows of counters, and their end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.model.metric import MetricSample
from pake_pipelines.model.status import CheckStatus
from pake_pipelines.store.database import Connection

_COLUMNS: Final = "metric, labels, at, value, unit, status, detail"
# it is measured in every round, and is a single series
_EVERY_ROUND: Final = "cpu_count"
_SHORTEST_LOOK_BACK: Final = timedelta(minutes=15)
PRUNED_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class CounterWindow:
    """By how much a counter grew in a window of time; `first_at` and `last_at` are the readings that it is told by."""

    increase: float
    first_at: datetime
    last_at: datetime


async def save(connection: Connection, samples: Sequence[MetricSample]) -> None:
    """Store `samples` with one statement; one of the same series and moment stays."""
    await connection.execute(
        f"""
        INSERT INTO metric_samples ({_COLUMNS})
        SELECT {_COLUMNS} FROM jsonb_to_recordset($1) AS s(metric text, labels jsonb, at timestamptz,
             value double precision, unit text, status text, detail text)
        ON CONFLICT DO NOTHING
        """,
        [
            {"metric": one.metric, "labels": dict(one.labels), "at": one.at, "value": one.value, "unit": one.unit,
             "status": one.status.value, "detail": one.detail}
            for one in samples
        ],
    )  # fmt: skip


async def latest(connection: Connection, until: datetime | None = None) -> list[MetricSample]:
    """Return the newest sample of every series, by metric and labels; a series that has ended has an old `at`.

    With `until` newer ones are left out: they are of a clock that was ahead. Leaps over the key from series to series,
    backwards as the newest come first then (a loose index scan), so its cost grows with the series, not the rows.
    """
    rows = await connection.fetch(
        f"""
        WITH RECURSIVE newest AS (
            (SELECT {_COLUMNS} FROM metric_samples WHERE $1::timestamptz IS NULL OR at <= $1
             ORDER BY metric DESC, labels DESC, at DESC LIMIT 1)
            UNION ALL
            SELECT following.* FROM newest CROSS JOIN LATERAL (
                SELECT {_COLUMNS} FROM metric_samples m
                WHERE (m.metric, m.labels) < (newest.metric, newest.labels)
                  AND ($1::timestamptz IS NULL OR m.at <= $1)
                ORDER BY m.metric DESC, m.labels DESC, m.at DESC LIMIT 1) AS following
        )
        SELECT {_COLUMNS} FROM newest
        """,
        until,
    )
    return [_sample(row) for row in reversed(rows)]


async def round_before(connection: Connection, rounds: int, until: datetime) -> datetime | None:
    """Return when the last round of sampling before the `rounds` newest ones up to `until` was; None without one."""
    moment: datetime | None = await connection.fetchval(
        "SELECT at FROM metric_samples WHERE metric = $1 AND labels = '{}' AND at <= $2 ORDER BY at DESC "
        "OFFSET $3 LIMIT 1",
        _EVERY_ROUND,
        until,
        rounds,
    )
    return moment


async def series(connection: Connection, metric: str, since: datetime) -> list[MetricSample]:
    """Return the samples of `metric` from `since` on, all of its series together, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM metric_samples WHERE metric = $1 AND at >= $2 ORDER BY at, labels", metric, since
    )
    return [_sample(row) for row in rows]


async def counter_window(connection: Connection, metric: str, since: datetime, until: datetime) -> CounterWindow | None:
    """Return by how much the counter `metric` grew from `since` to `until`, all of its series together.

    The newest reading up to `since` is what it grew from, unless that is older than the window is long. None where
    less than two readings tell of it: nothing is known then, which is not the same as nothing having happened. A
    counter that is less than before has started anew or lost some of what it counts; that step counts as nothing,
    because what happened in it cannot be told.
    """
    look_back = max(until - since, _SHORTEST_LOOK_BACK)
    row = await connection.fetchrow(
        """
        WITH readings AS (
            SELECT at, value, lag(value) OVER one AS before, lag(at) OVER one AS before_at
            FROM metric_samples WHERE metric = $1 AND status = 'ok' AND at > $4 AND at <= $3
            WINDOW one AS (PARTITION BY labels ORDER BY at)
        )
        SELECT sum(greatest(value - before, 0)) AS increase, min(before_at) AS first_at, max(at) AS last_at
        FROM readings WHERE at > $2 AND before IS NOT NULL
        """,
        metric,
        since,
        until,
        since - look_back,
    )
    return None if row["increase"] is None else CounterWindow(**row)


async def prune(connection: Connection, before: datetime, limit: int = PRUNED_AT_ONCE) -> int:
    """Delete up to `limit` of the samples that were made before `before`, the oldest first; return how many were."""
    status: str = await connection.execute(
        """
        DELETE FROM metric_samples WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM metric_samples WHERE at < $1 ORDER BY at LIMIT $2))
        """,
        before,
        limit,
    )
    return int(status.rpartition(" ")[2])


def _sample(row: Any) -> MetricSample:
    return MetricSample(
        row["metric"], row["value"], row["unit"], row["at"], row["labels"], CheckStatus(row["status"]), row["detail"]
    )
