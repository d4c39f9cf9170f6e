"""Calibrations of the decision score, of which one may be in force (`calibrations`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pake_pipelines.model.calibration import Calibration
from pake_pipelines.store.database import Connection


@dataclass(frozen=True, slots=True)
class StoredCalibration:
    """A calibration with what it was fitted on and how it did; `figures` is JSON-able."""

    calibration_id: int
    calibration: Calibration
    figures: Mapping[str, Any]
    labels: int
    in_force: bool
    actor: str
    created_at: datetime


async def in_force(connection: Connection) -> Calibration | None:
    """Return the calibration in force, None while scores are used as they are."""
    row = await connection.fetchrow("SELECT method, parameters, score_version FROM calibrations WHERE in_force")
    return Calibration.from_stored(**row) if row else None


async def listed(connection: Connection) -> list[StoredCalibration]:
    """Return all calibrations, the newest first."""
    rows = await connection.fetch("SELECT * FROM calibrations ORDER BY calibration_id DESC")
    return [_stored(dict(row)) for row in rows]


async def save(
    connection: Connection,
    calibration: Calibration,
    *,
    figures: Mapping[str, Any],
    labels: int,
    actor: str,
    in_force: bool = True,
) -> int:
    """Store a calibration fitted on so many `labels` and return its number; one put in force takes another's place."""
    if in_force:
        await retire(connection)
    method, parameters = calibration.to_stored()
    calibration_id: int = await connection.fetchval(
        """
        INSERT INTO calibrations (method, parameters, figures, labels, score_version, in_force, actor)
        VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING calibration_id
        """,
        method,
        parameters,
        dict(figures),
        labels,
        calibration.score_version,
        in_force,
        actor,
    )
    return calibration_id


async def retire(connection: Connection) -> int | None:
    """Take the calibration in force out of it; return its number, None if there was none."""
    # two of these at once would both find the old one, and the second insert would break the unique index
    await connection.execute("LOCK TABLE calibrations IN SHARE ROW EXCLUSIVE MODE")
    number: int | None = await connection.fetchval(
        "UPDATE calibrations SET in_force = false WHERE in_force RETURNING calibration_id"
    )
    return number


async def count_steps(
    connection: Connection, before: Sequence[float], after: Sequence[float]
) -> dict[tuple[int, int], int]:
    """Count the scored items in force by (step before, step after).

    A step is how many of the thresholds, given in rising order, a decision score reaches.
    """
    rows = await connection.fetch(
        """
        SELECT width_bucket(c.decision_score::float8, $1::float8[]) AS before,
               width_bucket(c.decision_score::float8, $2::float8[]) AS after, count(*) AS items
        FROM confidence_scores c JOIN entries e USING (entry_id) JOIN documents d USING (entry_id)
        WHERE e.superseded_at IS NULL AND d.dropped IS NULL
        GROUP BY 1, 2 ORDER BY 1, 2
        """,
        list(before),
        list(after),
    )
    return {(row["before"], row["after"]): row["items"] for row in rows}


def _stored(row: dict[str, Any]) -> StoredCalibration:
    calibration = Calibration.from_stored(row.pop("method"), row.pop("parameters"), row.pop("score_version"))
    return StoredCalibration(calibration=calibration, **row)
