"""Episodes in which a series did what it does not do (`anomalies`): one row each, from its first odd point on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from pake_pipelines.store.database import Connection

TICK: Final = "anomalies"
"""What the last judgement is called in `monitor_ticks`; the memory says how often there is to be one."""

_COLUMNS: Final = (
    "anomaly_id, metric, labels, kind, started_at, last_at, peak_at, ended_at, score, value, expected_low, "
    "expected_high, found_at"
)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A row of `anomalies`; `value` is the series' at `peak_at`, where its `score` (0 to 1) was highest.

    `ended_at` is None while the series is still odd. `anomaly_id` is None before it is stored.
    """

    anomaly_id: int | None
    metric: str
    labels: Mapping[str, str]
    kind: str
    started_at: datetime
    last_at: datetime
    peak_at: datetime
    ended_at: datetime | None
    score: float
    value: float
    expected_low: float | None
    expected_high: float | None
    found_at: datetime


async def save(connection: Connection, episodes: Sequence[Anomaly]) -> None:
    """Store `episodes`; one of the same series and beginning takes on what is new, but keeps when it was found."""
    await connection.execute(
        """
        INSERT INTO anomalies (metric, labels, kind, started_at, last_at, peak_at, ended_at, score, value, expected_low,
                               expected_high, found_at)
        SELECT metric, labels, kind, started_at, last_at, peak_at, ended_at, score, value, expected_low, expected_high,
               found_at
        FROM jsonb_to_recordset($1) AS a(metric text, labels jsonb, kind text, started_at timestamptz,
             last_at timestamptz, peak_at timestamptz, ended_at timestamptz, score double precision,
             value double precision, expected_low double precision, expected_high double precision,
             found_at timestamptz)
        ON CONFLICT (metric, labels, started_at) DO UPDATE
            SET (kind, last_at, peak_at, ended_at, score, value, expected_low, expected_high)
              = (excluded.kind, excluded.last_at, excluded.peak_at, excluded.ended_at, excluded.score, excluded.value,
                 excluded.expected_low, excluded.expected_high)
        """,
        [asdict(one) for one in episodes],
    )


async def between(connection: Connection, since: datetime, until: datetime) -> list[Anomaly]:
    """Return the episodes of which some part lies between the two moments, the newest first."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM anomalies WHERE started_at < $2 AND (ended_at IS NULL OR ended_at >= $1)
        ORDER BY started_at DESC, anomaly_id DESC
        """,
        since,
        until,
    )
    return [Anomaly(**row) for row in rows]


async def open_now(connection: Connection) -> list[Anomaly]:
    """Return the episodes that are not over, the newest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM anomalies WHERE ended_at IS NULL ORDER BY started_at DESC, anomaly_id DESC"
    )
    return [Anomaly(**row) for row in rows]


async def prune(connection: Connection, before: datetime) -> int:
    """Delete the episodes that were over before `before`; return how many. Open ones stay however old they are."""
    status: str = await connection.execute("DELETE FROM anomalies WHERE ended_at < $1", before)
    return int(status.rpartition(" ")[2])
