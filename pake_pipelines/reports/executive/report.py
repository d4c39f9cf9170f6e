"""The weekly executive summary: one page for people who were elsewhere this week (REP-11, C-37, C-38)."""

from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.executive.figures import Executive, Runs, Week, runs
from pake_pipelines.reports.executive.sections import document
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.reports.parts.judged_rules import judged_at, not_judged
from pake_pipelines.reports.parts.periods import DAY, Period, last_week
from pake_pipelines.reports.parts.service_lines import overall_of
from pake_pipelines.reports.qa.figures import read_statistics
from pake_pipelines.store import (
    alert_statistics,
    health_samples,
    incidents,
    intake_statistics,
    metric_samples,
    operation_statistics,
    trust_statistics,
)


async def write(desk: Desk) -> Document:
    """Write the summary of the last seven days."""
    return document(await read(desk))


async def read(desk: Desk) -> Executive:
    """Read everything that the summary says."""
    connection, now = desk.connection, desk.now
    period, earlier = last_week(now)
    statistics = await read_statistics(connection, desk.configs.quality)
    seen = await look(desk, statistics)
    return Executive(
        made_at=now,
        period=period,
        statistics=statistics,
        then=await trust_statistics.standing_at(connection, period.since),
        week=await _week(desk, period),
        before=await _week(desk, earlier),
        days=await intake_statistics.intake_bins(connection, period.since, now, DAY),
        sources=await intake_statistics.by_source(connection, period.since, now),
        incidents=await operation_statistics.incidents_between(connection, period.since, now),
        open_incidents=seen.incidents or (),
        alerts=await alert_statistics.alert_counts(connection, period.since),
        unjudged=not_judged(await judged_at(desk), now),
        forecasts=fresh(seen.forecasts or (), now),
        backups=seen.backups or (),
        backup_bounds=seen.bounds.backups,
        recommendations=advise(seen),
    )


async def _week(desk: Desk, period: Period) -> Week:
    connection, since, until = desk.connection, period.since, period.until
    found = await health_samples.uptimes(connection, since, until)
    return Week(
        uptime=overall_of(desk.configs.monitoring, found),
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
