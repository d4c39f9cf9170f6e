"""Evaluations one after the other: the lock that only one holds, and what the last one left (`monitor_ticks`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pake_pipelines.store.database import Connection

NAME: Final = "alert-evaluation"
# "alerts" in ASCII: nothing else of ours locks under this number
_LOCK: Final = 0x616C65727473


@dataclass(frozen=True, slots=True)
class LastRound:
    """When the last evaluation was, and what it wants to be remembered."""

    at: datetime
    memory: Mapping[str, Any]


async def try_lock(connection: Connection) -> bool:
    """Lock evaluations until this transaction ends; False when somebody else has."""
    won: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return won


async def wait_for_lock(connection: Connection) -> None:
    """Lock evaluations until this transaction ends, for a change by hand: it waits for one that is under way."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def last(connection: Connection) -> LastRound | None:
    """Return the last evaluation, None before the first. Only who has the lock may rely on it."""
    row = await connection.fetchrow("SELECT ticked_at, memory FROM monitor_ticks WHERE name = $1", NAME)
    return LastRound(row["ticked_at"], row["memory"]) if row else None


async def note(connection: Connection, now: datetime, memory: Mapping[str, Any], seconds: float) -> None:
    """Note that there was an evaluation at `now`, which took so many seconds."""
    await connection.execute(
        """
        INSERT INTO monitor_ticks (name, ticked_at, seconds, memory) VALUES ($1, $2, $3, $4)
        ON CONFLICT (name) DO UPDATE SET ticked_at = excluded.ticked_at, seconds = excluded.seconds,
                                         memory = excluded.memory
        """,
        NAME,
        now,
        seconds,
        dict(memory),
    )
