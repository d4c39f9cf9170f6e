"""Histories that nothing else prunes: finished recoveries, old visits and runs, answers about links nobody has.

Samples of metrics and health, alerts, messages and restarts are pruned by monitoring as long as it keeps them. Audit
events are kept for good: they say who did what, and there are only as many as people and tasks act.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from pake_pipelines.store import link_checks, retention_histories
from pake_pipelines.store.database import Database

_BATCH: Final = 5000
_EVERYTHING: Final = 2**31 - 1
Step = Callable[..., Awaitable[int]]


async def prune(database: Database, now: datetime, days: int, *, keep: bool) -> dict[str, int]:
    """Delete what is older than `days`, in transactions of 5,000 rows; return how many rows of each table.

    Without `keep` everything is rolled back.
    """
    before = now - timedelta(days=days)
    steps: dict[str, Step] = {
        table: partial(retention_histories.prune, table=table, before=before, now=now)
        for table in retention_histories.HISTORIES
    }
    steps["link_checks"] = partial(link_checks.drop_unlinked, now=now)
    return {table: await _repeat(database, step, keep=keep) for table, step in steps.items()}


async def _repeat(database: Database, step: Step, *, keep: bool) -> int:
    if not keep:
        async with database.transaction(keep=False) as connection:
            return await step(connection, limit=_EVERYTHING)
    total, done = 0, _BATCH
    while done == _BATCH:
        async with database.transaction() as connection:
            done = await step(connection, limit=_BATCH)
        total += done
    return total
