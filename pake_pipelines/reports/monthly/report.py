"""The monthly detailed report: the month day by day, beside the month before (REP-08, REP-11, ANA-16)."""

from datetime import timedelta
from typing import Final

from pake_pipelines.reports.advice import advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.monthly.figures import METRICS, Month, Monthly
from pake_pipelines.reports.monthly.sections import document
from pake_pipelines.reports.parts.foreseen import fresh
from pake_pipelines.reports.parts.periods import DAY, Period, last_month
from pake_pipelines.reports.parts.service_lines import overall_of
from pake_pipelines.reports.qa.figures import read_statistics
from pake_pipelines.store import (
    alert_statistics,
    analysis_history,
    backups,
    health_samples,
    incidents,
    intake_statistics,
    monitoring_statistics,
    operation_statistics,
    trust_statistics,
)
from pake_pipelines.store.error_summary import error_summary

_RULES: Final = 1000
_INSTANT: Final = timedelta(microseconds=1)


async def write(desk: Desk) -> Document:
    """Write the report of the last full month, or of the last 30 days where the project is younger than that."""
    return document(await read(desk))


async def read(desk: Desk) -> Monthly:
    """Read everything that the report says."""
    connection, now = desk.connection, desk.now
    period, earlier = last_month(now, await intake_statistics.first_record(connection))
    since, until = period.since, period.until
    statistics = await read_statistics(connection, desk.configs.quality)
    seen = await look(desk, statistics)
    made = await backups.listed(connection, removed=True)
    return Monthly(
        made_at=now,
        period=period,
        month=await _month(desk, period),
        before=await _month(desk, earlier),
        statistics=statistics,
        intake=await intake_statistics.intake_bins(connection, since, until, DAY),
        found=await trust_statistics.found_bins(connection, since, until, DAY),
        events=await operation_statistics.event_bins(connection, since, until, DAY),
        service_days=await monitoring_statistics.service_days(connection, since, until),
        sources=await intake_statistics.by_source(connection, since, until),
        incidents=await operation_statistics.incidents_between(connection, since, until),
        rules=await alert_statistics.rule_counts(connection, since, until - _INSTANT, _RULES),
        tasks=await operation_statistics.task_counts(connection, since, until),
        restarts=await operation_statistics.restarts_between(connection, since, until),
        backups=[one for one in made if since <= one.created_at < until],
        forecasts=fresh(seen.forecasts or (), now),
        titles={name: service.title or name for name, service in desk.configs.monitoring.enabled_services().items()},
        recommendations=advise(seen),
    )


async def _month(desk: Desk, period: Period) -> Month:
    connection, since, until = desk.connection, period.since, period.until
    uptimes = await health_samples.uptimes(connection, since, until)
    return Month(
        standing=await trust_statistics.standing_at(connection, until),
        uptimes=uptimes,
        overall=overall_of(desk.configs.monitoring, uptimes),
        incidents=await incidents.statistics(connection, since, until),
        intake=await intake_statistics.intake(connection, since, until),
        changes=await trust_statistics.change_bins(connection, since, until, DAY),
        errors=await error_summary(connection, since, until),
        metrics=await monitoring_statistics.metric_bins(connection, METRICS, since, until, DAY),
        trends=await analysis_history.as_of(connection, "trend", until),
    )
