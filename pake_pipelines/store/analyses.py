"""What analyses came to (`analyses`): trends, quiet hours, frequencies, regressions, pressure, insights."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pake_pipelines.store.database import Connection

STANDS_FOR: Final = timedelta(days=2)
"""What was reckoned longer ago is of a time before now: analytics run every few hours, once a day at the least."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A row of `analyses`: what an analysis of `kind` came to about `subject`."""

    kind: str
    subject: str
    made_at: datetime
    run_id: str
    result: Mapping[str, Any]


async def save(
    connection: Connection, kind: str, results: Mapping[str, Mapping[str, Any]], *, run_id: str, now: datetime
) -> None:
    """Store what an analysis came to, by subject; what it said before of any other subject stands no more.

    That is noted by an empty result, so that it can be told since when.
    """
    await connection.execute(
        """
        WITH standing AS (
            SELECT subject FROM analyses
            WHERE kind = $1 AND result <> '{}' AND made_at = (SELECT max(made_at) FROM analyses WHERE kind = $1)
        )
        INSERT INTO analyses (kind, subject, made_at, run_id, result)
        SELECT $1, key, $2::timestamptz, $3, value FROM jsonb_each($4::jsonb)
        UNION ALL
        SELECT $1, subject, $2, $3, '{}' FROM standing WHERE NOT $4 ? subject
        ON CONFLICT (kind, subject, made_at) DO UPDATE SET (run_id, result) = (excluded.run_id, excluded.result)
        """,
        kind,
        now,
        run_id,
        {subject: dict(result) for subject, result in results.items()},
    )


async def latest(connection: Connection, kind: str) -> dict[str, Analysis]:
    """Return what stands of a kind, by subject: what the newest analysis came to, as it speaks of all subjects."""
    rows = await connection.fetch(
        """
        SELECT kind, subject, made_at, run_id, result FROM analyses
        WHERE kind = $1 AND result <> '{}' AND made_at = (SELECT max(made_at) FROM analyses WHERE kind = $1)
        ORDER BY subject
        """,
        kind,
    )
    return {row["subject"]: Analysis(**row) for row in rows}


async def prune(connection: Connection, before: datetime) -> int:
    """Delete what was found before `before`; return how many rows."""
    status: str = await connection.execute("DELETE FROM analyses WHERE made_at < $1", before)
    return int(status.rpartition(" ")[2])
