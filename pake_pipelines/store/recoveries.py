"""Recoveries in the store (`recoveries`): one of a kind at a time, written before anything is done.

Who acts holds the kind's advisory lock in its session, so a row that still acts while the lock is free is of the dead.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pake_pipelines.model.recovery import RecoveryRow, RecoveryState
from pake_pipelines.store import session_locks
from pake_pipelines.store.database import Connection

_COLUMNS: Final = (
    "recovery_id, recovery, kind, cause, state, begun_at, verify_at, ended_at, revert_at, reverted_at, details, run_id"
)
_LOCKS: Final = "pake.recoveries"


async def lock(connection: Connection, kind: str) -> bool:
    """Take the lock of recoveries of `kind` for the session of `connection`; False when somebody else has it."""
    return await session_locks.lock(connection, _LOCKS, kind)


async def unlock(connection: Connection, kind: str) -> None:
    """Give the lock of `kind` back."""
    await session_locks.unlock(connection, _LOCKS, kind)


async def begin(
    connection: Connection,
    *,
    recovery: str,
    kind: str,
    cause: str,
    revert_at: datetime,
    run_id: str | None,
    now: datetime,
) -> int | None:
    """Write that a recovery begins; return its number, or None while another of its kind is acting or verified.

    The caller has the lock of the kind: one that still acts is closed first, as its maker is dead.
    """
    await _interrupt(connection, kind, now)
    recovery_id: int | None = await connection.fetchval(
        """
        INSERT INTO recoveries (recovery, kind, cause, state, begun_at, revert_at, run_id)
        SELECT $1, $2, $3, 'acting', $4, $5, $6
        WHERE NOT EXISTS (SELECT FROM recoveries WHERE kind = $2 AND state = 'verifying')
        RETURNING recovery_id
        """,
        recovery,
        kind,
        cause,
        now,
        revert_at,
        run_id,
    )
    return recovery_id


async def await_verification(
    connection: Connection, recovery_id: int, verify_at: datetime, details: Mapping[str, Any]
) -> bool:
    """Write what was done and when it is to be verified; False when the recovery was given up for dead meanwhile."""
    status: str = await connection.execute(
        """
        UPDATE recoveries SET state = 'verifying', verify_at = $2, details = details || $3
        WHERE recovery_id = $1 AND state = 'acting'
        """,
        recovery_id,
        verify_at,
        dict(details),
    )
    return status == "UPDATE 1"


async def settle(connection: Connection, recovery_id: int, state: RecoveryState, verdict: str, now: datetime) -> bool:
    """Write what came of a recovery that acts or is verified; False when somebody has written it before."""
    status: str = await connection.execute(
        """
        UPDATE recoveries SET state = $2, ended_at = $3, details = details || jsonb_build_object('verdict', $4::text)
        WHERE recovery_id = $1 AND state IN ('acting', 'verifying')
        """,
        recovery_id,
        state.value,
        now,
        verdict,
    )
    return status == "UPDATE 1"


async def mark_reverted(connection: Connection, recovery_id: int, now: datetime) -> bool:
    """Write that nothing is changed by the recovery any more; False when somebody has written it before."""
    status: str = await connection.execute(
        "UPDATE recoveries SET reverted_at = $2 WHERE recovery_id = $1 AND reverted_at IS NULL", recovery_id, now
    )
    return status == "UPDATE 1"


async def interrupt_dead(connection: Connection, now: datetime) -> int:
    """Close recoveries that act while nobody holds the lock of their kind; return how many these were.

    Belongs into a transaction.
    """
    kinds = await connection.fetch("SELECT DISTINCT kind FROM recoveries WHERE state = 'acting' ORDER BY 1")
    closed = 0
    for row in kinds:
        if await session_locks.is_free(connection, _LOCKS, row["kind"]):
            closed += await _interrupt(connection, row["kind"], now)
    return closed


async def unfinished(connection: Connection) -> list[RecoveryRow]:
    """Return the recoveries that are not over: still to be verified, or still to be taken back; the oldest first."""
    rows = await connection.fetch(
        f"""
        SELECT {_COLUMNS} FROM recoveries WHERE reverted_at IS NULL OR state IN ('acting', 'verifying')
        ORDER BY recovery_id
        """
    )
    return [_row(row) for row in rows]


async def latest(connection: Connection) -> dict[str, RecoveryRow]:
    """Return the newest recovery of each name.

    One that failed and was not taken back yet (`reverted_at` is None) is what people should know of.
    """
    rows = await connection.fetch(
        f"SELECT DISTINCT ON (recovery) {_COLUMNS} FROM recoveries ORDER BY recovery, recovery_id DESC"
    )
    return {row["recovery"]: _row(row) for row in rows}


async def get(connection: Connection, recovery_id: int) -> RecoveryRow:
    """Return one recovery."""
    return _row(await connection.fetchrow(f"SELECT {_COLUMNS} FROM recoveries WHERE recovery_id = $1", recovery_id))


async def _interrupt(connection: Connection, kind: str, now: datetime) -> int:
    status: str = await connection.execute(
        "UPDATE recoveries SET state = 'interrupted', ended_at = $2 WHERE kind = $1 AND state = 'acting'", kind, now
    )
    return int(status.split()[1])


def _row(row: Any) -> RecoveryRow:
    return RecoveryRow(**{**dict(row), "state": RecoveryState(row["state"])})
