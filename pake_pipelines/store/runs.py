"""What runs did: visits to sources and stages that changed something (`ingestion_runs`, `processing_logs`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pake_pipelines.store.database import Connection


@dataclass(frozen=True)
class VisitRow:
    """One visit of one run to one source (ING-19); a failed one has the kind of its error, as readers name it."""

    run_id: str
    source: str
    day: date
    started_at: datetime
    finished_at: datetime
    outcome: str
    found: int
    new: int
    updated: int
    unchanged: int
    dead_letters: int
    error: str | None
    error_kind: str | None = None
    error_status: int | None = None


async def record_visits(connection: Connection, visits: Sequence[VisitRow]) -> None:
    """Store `visits`; a retried step replaces what its earlier attempt wrote."""
    await connection.execute(
        """
        INSERT INTO ingestion_runs (run_id, source, day, started_at, finished_at, outcome, found, new, updated,
                                    unchanged, dead_letters, error, error_kind, error_status)
        SELECT * FROM jsonb_to_recordset($1) AS g(run_id text, source text, day date, started_at timestamptz,
             finished_at timestamptz, outcome text, found integer, new integer, updated integer, unchanged integer,
             dead_letters integer, error text, error_kind text, error_status integer)
        ON CONFLICT (run_id, source, day) DO UPDATE
            SET (finished_at, outcome, found, new, updated, unchanged, dead_letters, error, error_kind, error_status)
              = (excluded.finished_at, excluded.outcome, excluded.found, excluded.new, excluded.updated,
                 excluded.unchanged, excluded.dead_letters, excluded.error, excluded.error_kind, excluded.error_status)
        """,
        [vars(visit) for visit in visits],
    )


async def log_stage(
    connection: Connection, *, operation: str, day: date, details: Mapping[str, Any], seconds: float, run_id: str
) -> None:
    """Log that a stage changed something (LOG-11)."""
    await connection.execute(
        """
        INSERT INTO processing_logs (operation, day, details, success, processing_time_ms, run_id)
        VALUES ($1, $2, $3, true, $4, $5)
        """,
        operation,
        day,
        dict(details),
        round(seconds * 1000),
        run_id,
    )


async def log_failed_stage(connection: Connection, *, operation: str, day: date, error: str, run_id: str) -> None:
    """Log that a stage came to nothing, and why (LOG-11)."""
    await connection.execute(
        """
        INSERT INTO processing_logs (operation, day, details, success, error_message, run_id)
        VALUES ($1, $2, '{}', false, $3, $4)
        """,
        operation,
        day,
        error,
        run_id,
    )


async def latest_visits(connection: Connection) -> list[dict[str, Any]]:
    """Return the newest visit of every source, with the state that its reader is in."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (s.source) s.source, s.name, s.kind, s.enabled, s.disabled_because, r.outcome, r.finished_at,
               r.found, r.new, r.updated, r.error, st.consecutive_failures, st.succeeded_at, st.last_error, st.due_at,
               st.due_because, st.wait_until, st.rests, st.resting_until, st.disabled_because AS ended_because,
               st.learned_url
        FROM sources s LEFT JOIN source_state st USING (source) LEFT JOIN ingestion_runs r USING (source)
        WHERE s.authority_basis <> 'system'
        ORDER BY s.source, r.finished_at DESC NULLS LAST
        """
    )
    return [dict(row) for row in rows]
