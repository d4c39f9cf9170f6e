"""The security report: what was refused, what audits found, what is open, and what to do (REP-07, SEC-01, SEC-12)."""

from typing import Final

from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.parts.judged_rules import judged_at, not_judged
from pake_pipelines.reports.parts.periods import midnights
from pake_pipelines.reports.security.figures import (
    AUDIT,
    RUNBOOK,
    SCAN,
    UPDATES,
    WINDOW,
    Looked,
    Security,
    looked,
    security_rules,
)
from pake_pipelines.reports.security.sections import document
from pake_pipelines.store import maintenance_runs, security_statistics

_CODES: Final = frozenset({"SEC-02", "SEC-03", "SEC-09", "SEC-10", "SEC-12", "BAK-05", "BAK-10", "BAK-11", "MON-30"})
_MOST: Final = 200
_HISTORY: Final = 20


async def write(desk: Desk) -> Document:
    """Write the security report on the last 7 days."""
    return document(await read(desk))


async def read(desk: Desk) -> Security:
    """Read everything that the report says."""
    connection, now, seen = desk.connection, desk.now, await look(desk)
    since, rules = now - WINDOW, security_rules(desk.configs.monitoring.alerting.rules)
    # whole days, so that the first bar of the charts is not a part of one
    first = midnights(now - 2 * WINDOW, now)[0]
    return Security(
        made_at=now,
        visits=await security_statistics.visits(connection, since, now),
        refusals=await security_statistics.refusals(connection, since, now),
        by_day=await security_statistics.refusals_by_day(connection, first, now),
        sources=await security_statistics.refused_sources(connection, since, now, _MOST),
        spam=await security_statistics.spam_by_day(connection, first, now),
        alerts=await security_statistics.alerts(connection, rules, since, now, _MOST),
        incidents=await security_statistics.incidents(connection, rules, RUNBOOK, since, now, _MOST),
        unjudged=not_judged(await judged_at(desk), now),
        audit=await _looked(desk, AUDIT),
        scan=await _looked(desk, SCAN),
        updates=await _looked(desk, UPDATES),
        backups=seen.backups or (),
        target=desk.configs.maintenance.backup.target,
        host=desk.settings.host,
        port=desk.settings.port,
        recommendations=advise(seen, _CODES),
    )


async def _looked(desk: Desk, task: str) -> Looked:
    return looked(task, await maintenance_runs.history(desk.connection, task, _HISTORY))
