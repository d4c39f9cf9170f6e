"""The weekly executive summary: one page for people who were elsewhere this week (REP-11, C-37, C-38)."""

from collections.abc import Sequence
from typing import Final

from pake_pipelines.model.health import Uptime
from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.executive.figures import Executive, Runs, Week, runs
from pake_pipelines.reports.executive.sections import document
from pake_pipelines.reports.foreseen import fresh
from pake_pipelines.reports.health.figures import overall_uptime
from pake_pipelines.reports.periods import DAY, Period, last_week
from pake_pipelines.reports.qa.figures import compute_statistics
from pake_pipelines.store import (
    alert_statistics,
    backups,
    forecasts,
    health_samples,
    incidents,
    intake_statistics,
    metric_samples,
    operation_statistics,
    qa_statistics,
    trust_statistics,
)

_INCIDENTS: Final = 100


async def write(desk: Desk) -> Document:
    """Write the summary of the last seven days."""
    return document(await read(desk))


async def read(desk: Desk) -> Executive:
    """Read everything that the summary says."""
    connection, now = desk.connection, desk.now
    period, earlier = last_week(now)
    lines = desk.configs.quality.verdict
    totals = await qa_statistics.totals(connection, high=lines.high_confidence, low=lines.low_confidence_report)
    return Executive(
        made_at=now,
        period=period,
        statistics=compute_statistics(totals),
        then=await trust_statistics.standing_at(connection, period.since),
        week=await _week(desk, period),
        before=await _week(desk, earlier),
        days=await intake_statistics.intake_bins(connection, period.since, now, DAY),
        sources=await intake_statistics.by_source(connection, period.since, now),
        incidents=await operation_statistics.incidents_between(connection, period.since, now),
        open_incidents=await incidents.list_incidents(connection, limit=_INCIDENTS),
        alerts=await alert_statistics.alert_counts(connection, period.since),
        forecasts=fresh(await forecasts.latest(connection), now),
        backups=await backups.listed(connection),
        backup_hours=desk.configs.maintenance.backup.max_age_hours,
        recommendations=advise(await look(desk)),
    )


async def _week(desk: Desk, period: Period) -> Week:
    connection, since, until = desk.connection, period.since, period.until
    found = await health_samples.uptimes(connection, since, until)
    watched: Sequence[tuple[str, Uptime | None]] = [
        (service.title or name, found.get(name)) for name, service in desk.configs.monitoring.enabled_services().items()
    ]
    return Week(
        uptime=overall_uptime(watched),
        incidents=await incidents.statistics(connection, since, until),
        runs=await _runs(desk, period),
        intake=await intake_statistics.intake(connection, since, until),
        changes=await trust_statistics.change_bins(connection, since, until, DAY),
    )


async def _runs(desk: Desk, period: Period) -> Runs:
    finished, succeeded = [
        await metric_samples.counter_window(desk.connection, name, period.since, period.until)
        for name in ("runs_finished_total", "runs_succeeded_total")
    ]
    return runs(finished, succeeded)
