"""Evaluations one after the other: the lock that only one of them holds, in whatever process."""

from typing import Final

from pake_pipelines.store.database import Connection

# how the last evaluation is called in `monitor_ticks`
NAME: Final = "alert-evaluation"
# "alerts" in ASCII: nothing else of ours locks under this number
_LOCK: Final = 0x616C65727473


async def try_lock(connection: Connection) -> bool:
    """Lock evaluations until this transaction ends; False when somebody else has."""
    won: bool = await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK)
    return won


async def wait_for_lock(connection: Connection) -> None:
    """Lock evaluations until this transaction ends, for a change by hand: it waits for one that is under way."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
