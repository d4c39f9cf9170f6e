"""The health report: how everything stands and stood, what Dagster does, and what to do (REP-05, REP-11, SVC-15)."""

from datetime import timedelta
from typing import Final

from pake_pipelines.health.kpis import KpiResult, judge
from pake_pipelines.model.alert import AlertState
from pake_pipelines.model.health import overall
from pake_pipelines.reports.advice import ALERTS, RULES, advise, look
from pake_pipelines.reports.desk import Desk
from pake_pipelines.reports.document import Document
from pake_pipelines.reports.health.figures import Health
from pake_pipelines.reports.health.sections import document
from pake_pipelines.reports.monitoring.figures import failed_runs
from pake_pipelines.reports.parts.judged_rules import judged_at, not_judged
from pake_pipelines.reports.parts.service_lines import service_lines
from pake_pipelines.store import (
    alert_statistics,
    alert_views,
    health_samples,
    incidents,
    metric_samples,
    monitoring_statistics,
    outages,
)
from pake_pipelines.store.error_summary import ErrorCount, error_summary

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_MONTH: Final = timedelta(days=30)
_ALERTS: Final = 100
# what concerns the quality of items is told by another report
_CODES: Final = frozenset({ALERTS, *(rule.code for rule in RULES if not rule.code.startswith("QA-"))})


async def write(desk: Desk) -> Document:
    """Write the health report as of now."""
    return document(await read(desk))


async def read(desk: Desk) -> Health:
    """Read everything that the report says."""
    connection, config, now = desk.connection, desk.configs.monitoring, desk.now
    services = await service_lines(connection, config, now)
    critical = [one.name for one in services if one.critical]
    watch = await outages.watch(connection, critical, now - _MONTH, now)
    changes = await health_samples.transitions(connection, now - _DAY)
    seen = await look(desk)
    return Health(
        made_at=now,
        overall=overall(one.sample for one in services),
        services=services,
        quiet_since=watch.last_down_at,
        watched_since=watch.first_at,
        changes=sorted((one for one in changes if one.at <= now), key=lambda one: one.at, reverse=True),
        counts=await alert_statistics.alert_counts(connection, now - _DAY),
        alerts=await alert_views.list_alerts(connection, states=(AlertState.FIRING,), limit=_ALERTS),
        unjudged=not_judged(await judged_at(desk), now),
        incidents=await incidents.statistics(connection, now - _MONTH, now),
        open_incidents=seen.incidents or (),
        restarts=await monitoring_statistics.restart_counts(connection, now - _WEEK),
        kpis=await key_figures(desk),
        trends=seen.analysis("trend"),
        errors=await _errors(desk),
        facts=desk.facts,
        recommendations=advise(seen, _CODES),
        dagster=desk.dagster,
    )


async def key_figures(desk: Desk) -> list[KpiResult]:
    """Return how the key figures stand; one without a recent sample is unknown."""
    config = desk.configs.monitoring
    latest = await metric_samples.latest(desk.connection, desk.now)
    return judge(config.kpis, latest, desk.now - config.metrics.stands_for)


async def _errors(desk: Desk) -> list[ErrorCount]:
    runs = desk.facts.runs_of_last_day if desk.facts else None
    found = await error_summary(desk.connection, desk.now - _DAY, desk.now) + failed_runs(runs or ())
    return sorted(found, key=lambda one: (-one.count, one.kind, one.subject))
