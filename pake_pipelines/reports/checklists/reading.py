"""Reading what a checklist is judged by; thin, through the store and our own files."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pake_pipelines.model.incident import Incident
from pake_pipelines.reports.advice import look
from pake_pipelines.reports.catalogue import REPORTS
from pake_pipelines.reports.checklists.item import CheckList
from pake_pipelines.reports.checklists.seen import RHYTHMS, LogErrors, Seen
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Tone
from pake_pipelines.reports.health.report import key_figures
from pake_pipelines.reports.log.figures import compared
from pake_pipelines.reports.log.files import LogReading, read_logs
from pake_pipelines.reports.log.lines import ERRORS
from pake_pipelines.reports.parts.judged_rules import judged_at
from pake_pipelines.reports.security.figures import security_rules
from pake_pipelines.store import checklist_ticks, health_samples, incidents, security_statistics

_DAY: Final = timedelta(days=1)
_MONTH: Final = timedelta(days=31)
_LOG_DAYS: Final = 7 * _DAY
_LOG_BYTES: Final = 30_000_000
_INCIDENTS: Final = 1000
_ALERTS: Final = 100
_WHOLE: Final = 0.9  # of a day; nobody writes a line at midnight sharp


async def read(desk: Desk, checklist: CheckList) -> Seen:
    """Read everything as of now; ticks only as far back as they hold."""
    connection, now, configs = desk.connection, desk.now, desk.configs
    rules = security_rules(configs.monitoring.alerting.rules)
    reading = await asyncio.to_thread(
        read_logs, desk.settings.data / "logs", now - _LOG_DAYS, now - _DAY, now, _LOG_BYTES
    )
    return Seen(
        situation=await look(desk),
        kpis=await key_figures(desk),
        uptimes=await health_samples.uptimes(connection, now - _DAY, now),
        log=log_errors(reading, now),
        evaluated_at=await judged_at(desk),
        incidents=await _of_the_month(desk),
        reports=_made(desk.settings.data / "reports"),
        security_rules=rules,
        security_alerts=await security_statistics.alerts(connection, rules, now, now, _ALERTS),
        rhythms={name: task.rhythm for name, task in configs.maintenance.tasks.items() if task.enabled},
        ticks=await checklist_ticks.newest(connection, checklist.name, now - RHYTHMS[checklist.rhythm]),
    )


async def _of_the_month(desk: Desk) -> list[Incident]:
    found = await incidents.list_incidents(desk.connection, closed=True, limit=_INCIDENTS)
    return [one for one in found if desk.now - one.opened_at <= _MONTH or not one.is_closed]


def log_errors(reading: LogReading, now: datetime) -> LogErrors | None:
    """Return the errors of the last day beside those of the days before; None where no line was read."""
    if reading.whole_since is None:
        return None
    lines = sum(count for (_, level), count in reading.tally.days.items() if level in ERRORS)
    before = sum(reading.tally.before[level] for level in ERRORS)
    day_ago = now - _DAY
    days = (now - max(reading.whole_since, day_ago)) / _DAY
    rate = compared(lines, days, before, (day_ago - reading.whole_since) / _DAY)
    more = None if rate.tone is Tone.UNKNOWN else rate.tone is Tone.WARN
    return LogErrors(lines, more, rate.says, whole=days >= _WHOLE)


def _made(directory: Path) -> dict[str, datetime]:
    """Return when each report was made last: its JSON is written last."""
    found = {}
    for name in REPORTS:
        try:
            found[name] = datetime.fromtimestamp((directory / f"{name}.json").stat().st_mtime, UTC)
        except FileNotFoundError:
            continue
    return found
