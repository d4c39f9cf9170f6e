"""Memory runs short (SVC-28): what can be made again is dropped, and work that takes much of it waits.

Dropped are answers about links that no item has any more and signals of texts that were dropped, in bounded batches.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from pake_pipelines.services.recoveries.case import Acted, Case, Verdict, by_bound
from pake_pipelines.store import link_checks, signals
from pake_pipelines.store.database import Connection
from pake_pipelines.store.levers import HEAVY_WORK_HELD

_BATCH: Final = 1000
_BATCHES: Final = 50


async def act(case: Case) -> Acted:
    """Drop what can be made again, and hold heavy work back."""
    now = case.mechanics.clock.now()
    links = await _repeat(case, lambda connection: link_checks.drop_unlinked(connection, now, _BATCH))
    found = await _repeat(case, lambda connection: signals.drop_unneeded(connection, _BATCH))
    return Acted({"link_checks_dropped": links, "signals_dropped": found}, {HEAVY_WORK_HELD: 1})


async def verify(case: Case) -> Verdict:
    """Read how much of the machine's memory is in use."""
    import psutil

    return by_bound(psutil.virtual_memory().percent, case.recovery.bound, "% of the memory is in use")


async def _repeat(case: Case, step: Callable[[Connection], Awaitable[int]]) -> int:
    total = 0
    for _ in range(_BATCHES):
        async with case.database.transaction() as connection:
            done = await step(connection)
        total += done
        if done < _BATCH:
            break
    return total
