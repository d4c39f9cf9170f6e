"""What series are expected to be (`forecasts`), and when they reach their limits."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store.database import Connection

_COLUMNS: Final = (
    "metric, labels, made_at, run_id, model, unit, readings, slope_per_day, points, limit_value, reaches_at, "
    "reaches_early, reaches_late, reason"
)


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """What a series is expected to be at a moment, and the interval that it is expected to be in."""

    at: datetime
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """A row of `forecasts`; values in `unit`, told by so many `readings`, the slope in units per day.

    `reaches_at` is when it is expected to reach `limit_value`, between `reaches_early` and `reaches_late`. `reason`
    says why there is no date, or no forecast (then `points` is empty).
    """

    metric: str
    labels: Mapping[str, str]
    made_at: datetime
    run_id: str
    model: str
    unit: str
    readings: int
    slope_per_day: float | None
    points: tuple[ForecastPoint, ...]
    limit_value: float | None
    reaches_at: datetime | None
    reaches_early: datetime | None
    reaches_late: datetime | None
    reason: str


async def save(connection: Connection, rows: Sequence[ForecastRow]) -> None:
    """Store `rows`; one of the same series and moment is replaced."""
    await connection.execute(
        f"""
        INSERT INTO forecasts ({_COLUMNS})
        SELECT {_COLUMNS} FROM jsonb_to_recordset($1) AS f(metric text, labels jsonb, made_at timestamptz, run_id text,
             model text, unit text, readings integer, slope_per_day double precision, points jsonb,
             limit_value double precision, reaches_at timestamptz, reaches_early timestamptz,
             reaches_late timestamptz, reason text)
        ON CONFLICT (metric, labels, made_at) DO UPDATE
            SET (run_id, model, unit, readings, slope_per_day, points, limit_value, reaches_at, reaches_early,
                 reaches_late, reason)
              = (excluded.run_id, excluded.model, excluded.unit, excluded.readings, excluded.slope_per_day,
                 excluded.points, excluded.limit_value, excluded.reaches_at, excluded.reaches_early,
                 excluded.reaches_late, excluded.reason)
        """,
        [asdict(one) for one in rows],
    )


async def latest(connection: Connection) -> list[ForecastRow]:
    """Return what was foreseen last, by metric and labels: all series are foreseen at once."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM forecasts WHERE made_at = (SELECT max(made_at) FROM forecasts) ORDER BY metric, labels
        """
    )
    return [_forecast(row) for row in rows]


async def prune(connection: Connection, before: datetime) -> int:
    """Delete what was foreseen before `before`; return how many rows."""
    status: str = await connection.execute("DELETE FROM forecasts WHERE made_at < $1", before)
    return int(status.rpartition(" ")[2])


def _forecast(row: Any) -> ForecastRow:
    points = tuple(
        ForecastPoint(datetime.fromisoformat(one["at"]), one["value"], one["low"], one["high"]) for one in row["points"]
    )
    return ForecastRow(**{**row, "points": points})
