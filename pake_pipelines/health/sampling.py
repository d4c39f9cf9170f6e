"""One round of sampling: every metric of the catalogue, once (MON-03, MON-16, MON-17, MON-40, MON-42)."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from pake_pipelines.config.loading import load_reports
from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.health.application import sample_maintenance, sample_runs, sample_security, sample_work
from pake_pipelines.health.cache import sample_cache
from pake_pipelines.health.catalogue import PROJECT_METRICS
from pake_pipelines.health.database import sample_database
from pake_pipelines.health.foreseen import foreseen, sample_foreseen
from pake_pipelines.health.project import changed_at, sample_project
from pake_pipelines.health.system import CpuTimes, sample_system
from pake_pipelines.model.dagster_facts import DagsterFacts
from pake_pipelines.model.metric import MetricSample
from pake_pipelines.settings import Settings
from pake_pipelines.store import application_metrics, cache_accesses, cache_figures, metric_samples
from pake_pipelines.store.database import Database
from pake_pipelines.store.database_metrics import database_figures

# a project changes when somebody works on it: its files are looked at anew when one of them was written, else seldom
_PROJECT_EVERY: Final = timedelta(hours=6)


async def sample_all(
    database: Database, settings: Settings, config: MonitoringConfig, facts: DagsterFacts | None, now: datetime
) -> list[MetricSample]:
    """Return a sample of every metric at `now`; stores nothing. Project metrics only where they may have changed.

    `facts` is what Dagster told of its runs; without it the metrics of runs are unknown. Raises where the database
    cannot be asked at all: then nothing could be stored either.
    """
    async with database.connection() as connection:
        held = await metric_samples.latest(connection, now)
        counters = _counters(held)
        figures = await database_figures(connection)
        visits = await application_metrics.visited(connection, now)
        rates = await application_metrics.stage_rates(connection, now)
        since = now - timedelta(minutes=config.metrics.every_minutes)
        answers = await application_metrics.probe_answers(connection, since)
        kept = await application_metrics.kept_backups(connection)
        states = await application_metrics.task_states(connection)
        security = await application_metrics.security_counts(connection, now)
        cached = await cache_figures.figures(connection, now)
        ahead = await foreseen(connection, now)
        used = await cache_accesses.used(connection, _sampled_at(held) or since, now)
    samples = [
        *sample_system(settings, now, _cpu(counters)),
        *sample_runs(facts, now),
        *sample_work(visits, rates, answers, now),
        *sample_maintenance(kept, states, now),
        *sample_cache(cached, used, now),
        *sample_database(figures, counters, now),
        *sample_security(security, now),
        *sample_foreseen(ahead, held, load_reports(settings.configs).analytics.forecasts.furthest_days, now),
    ]
    if _project_is_due(held, changed_at(settings.home, config.metrics), now):
        samples += await asyncio.to_thread(sample_project, settings.home, config.metrics, now)
    return samples


def _sampled_at(held: Iterable[MetricSample]) -> datetime | None:
    """Return when the cache was measured last."""
    return max((one.at for one in held if one.metric == "cache_total_entries"), default=None)


def _counters(held: Iterable[MetricSample]) -> Mapping[str, float]:
    """Return the counters without labels as they were last seen, by name."""
    return {
        one.metric: one.value
        for one in held
        if one.metric.endswith("_total") and one.value is not None and not one.labels
    }


def _cpu(counters: Mapping[str, float]) -> CpuTimes | None:
    busy, total = counters.get("cpu_busy_seconds_total"), counters.get("cpu_seconds_total")
    return None if busy is None or total is None else CpuTimes(busy, total)


def _project_is_due(held: Iterable[MetricSample], changed: datetime | None, now: datetime) -> bool:
    last = max((one.at for one in held if one.metric in PROJECT_METRICS), default=None)
    return last is None or now - last >= _PROJECT_EVERY or (changed is not None and changed > last)
