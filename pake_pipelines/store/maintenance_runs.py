"""Runs of maintenance tasks (`maintenance_runs`), and the lock that lets only one work at a time.

Whoever works holds the lock of its session as long as it lives. A row that is `running` while the lock is free is what
a killed process left behind: it is closed as `abandoned` by the next that looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store import session_locks
from pake_pipelines.store.database import Connection

_LOCK: Final = ("maintenance", "task")
_COLUMNS: Final = "run_no, task, state, actor, run_id, dry_run, started_at, finished_at, summary, details"
_CUT_OFF: Final = "cut off: the process that ran it is gone"


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run; `state` is running, done, skipped, unavailable, failed or abandoned (killed before its end)."""

    run_no: int
    task: str
    state: str
    actor: str
    run_id: str
    dry_run: bool
    started_at: datetime
    finished_at: datetime | None
    summary: str
    details: Mapping[str, Any]


async def lock(connection: Connection) -> bool:
    """Take the lock for the session of `connection`, which must be its holder's own; False when another has it."""
    return await session_locks.lock(connection, *_LOCK)


async def unlock(connection: Connection) -> None:
    """Give the lock back."""
    await session_locks.unlock(connection, *_LOCK)


async def begin(connection: Connection, *, task: str, actor: str, run_id: str, dry_run: bool, now: datetime) -> int:
    """Note that a task begins; return the run's number. Only who holds the lock may."""
    run_no: int = await connection.fetchval(
        """
        INSERT INTO maintenance_runs (task, state, actor, run_id, dry_run, started_at)
        VALUES ($1, 'running', $2, $3, $4, $5) RETURNING run_no
        """,
        task,
        actor,
        run_id,
        dry_run,
        now,
    )
    return run_no


async def finish(
    connection: Connection, run_no: int, *, state: str, summary: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Note how a run ended."""
    await connection.execute(
        """
        UPDATE maintenance_runs SET state = $2, summary = $3, details = $4, finished_at = greatest($5, started_at)
        WHERE run_no = $1
        """,
        run_no,
        state,
        summary,
        dict(details),
        now,
    )


async def close_abandoned(connection: Connection, now: datetime) -> list[str]:
    """Close what killed processes left as running; return their tasks. Belongs to the holder of the lock."""
    rows = await connection.fetch(
        """
        UPDATE maintenance_runs SET state = 'abandoned', finished_at = greatest($1, started_at), summary = $2
        WHERE state = 'running' RETURNING task
        """,
        now,
        _CUT_OFF,
    )
    return [row["task"] for row in rows]


async def close_abandoned_if_free(connection: Connection, now: datetime) -> list[str]:
    """Do the same for somebody who only looks. Belongs into a transaction."""
    return await close_abandoned(connection, now) if await session_locks.is_free(connection, *_LOCK) else []


async def current(connection: Connection) -> TaskRun | None:
    """Return the run that is under way, None when there is none."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM maintenance_runs WHERE state = 'running' ORDER BY run_no DESC LIMIT 1"
    )
    return TaskRun(**row) if row else None


async def latest(connection: Connection, *, ended: bool = False) -> dict[str, TaskRun]:
    """Return the newest run of each task; dry runs did not do its work and are left out.

    With `ended` one that is under way counts only where none has come to its end. The newest is the one with the
    highest number: a clock may have been set back in between.
    """
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (task) {_COLUMNS} FROM maintenance_runs WHERE NOT dry_run
        ORDER BY task, $1 AND state = 'running', run_no DESC
        """,
        ended,
    )
    return {row["task"]: TaskRun(**row) for row in rows}


async def history(connection: Connection, task: str | None, limit: int) -> Sequence[TaskRun]:
    """Return the last `limit` runs, of one task or of all, the newest first."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM maintenance_runs WHERE $1::text IS NULL OR task = $1 ORDER BY run_no DESC LIMIT $2
        """,
        task,
        limit,
    )
    return [TaskRun(**row) for row in rows]
