"""The log report: what was done by whom, and what the logs say by level, over 7 days (REP-06, LOG-02, MON-46)."""

import asyncio
from typing import Final

from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.log.figures import WINDOW, Logs
from pake_pipelines.reports.log.files import read_logs
from pake_pipelines.reports.log.sections import document
from pake_pipelines.reports.parts.periods import midnights
from pake_pipelines.store import audit_statistics
from pake_pipelines.store.error_summary import error_summary, failures_by_day

_ACTIONS: Final = 200
_ACTORS: Final = 1000


async def write(desk: Desk) -> Document:
    """Write the log report on the last 7 days."""
    return document(await read(desk))


async def read(desk: Desk) -> Logs:
    """Read everything that the report says; the log files without holding anybody up."""
    connection, now = desk.connection, desk.now
    since, before = now - WINDOW, now - 2 * WINDOW
    return Logs(
        made_at=now,
        totals=await audit_statistics.totals(connection, since, now),
        before=await audit_statistics.totals(connection, before, since),
        actions=await audit_statistics.by_action(connection, since, now, _ACTIONS),
        actors=await audit_statistics.by_actor(connection, since, now, _ACTORS),
        reading=await asyncio.to_thread(read_logs, desk.settings.data / "logs", before, since, now),
        errors=await error_summary(connection, since, now),
        failures_by_day=await failures_by_day(connection, midnights(since, now)[0], now),
        facts=desk.facts,
        dagster=desk.dagster,
    )
