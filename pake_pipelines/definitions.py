"""The door: everything that Dagster shows of this project, composed from the configuration files and nothing else."""

import gc
from collections.abc import Mapping
from typing import Any

import dagster as dg

from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_quality, load_sources
from pake_pipelines.defs import jobs
from pake_pipelines.defs.health.definitions import health_definitions
from pake_pipelines.defs.knowledge.assets import knowledge_assets
from pake_pipelines.defs.knowledge.link_checks import link_check_asset, link_check_job, link_check_schedule
from pake_pipelines.defs.knowledge.scans import scan_jobs, scan_schedules
from pake_pipelines.defs.knowledge.sweep import archive_sweep
from pake_pipelines.defs.maintenance.definitions import maintenance_definitions
from pake_pipelines.defs.reports.assets import report_assets
from pake_pipelines.defs.shared.partitions import daily_partitions
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.sources.assets import disabled_specs, source_assets
from pake_pipelines.settings import Settings, get_settings


def build_defs(
    resource_overrides: Mapping[str, Any] | None = None, *, settings: Settings | None = None
) -> dg.Definitions:
    """Compose the definitions of the project that `settings` describe. Raises ConfigError."""
    settings = settings or get_settings()
    sources = load_sources(settings.configs)
    partitions = daily_partitions(sources.first_day)
    ingest, scans, links = jobs.ingest_job(), scan_jobs(), link_check_job()
    quality = load_quality(settings.configs)
    health = health_definitions(settings, load_monitoring(settings.configs), sources)
    upkeep = maintenance_definitions(settings, load_maintenance(settings.configs), partitions)
    return dg.Definitions(
        assets=[
            source_assets(sources, partitions),
            *disabled_specs(sources),
            *knowledge_assets(partitions),
            link_check_asset(partitions),
            *report_assets(),
            archive_sweep,
            *upkeep.assets,
            *health.assets,
        ],
        jobs=[ingest, *scans, links, *upkeep.jobs, *health.jobs],
        schedules=[
            *jobs.schedules(sources, ingest, on=settings.automation_enabled),
            *scan_schedules(scans, quality.scans, sources, on=settings.automation_enabled),
            link_check_schedule(links, quality.links, on=settings.automation_enabled),
            *upkeep.schedules,
            *health.schedules,
        ],
        sensors=[*upkeep.sensors, *health.sensors],
        resources={"knowledge_base": KnowledgeBase(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
gc.freeze()  # what is loaded stays as long as the process: no collection, and not its end, need walk all of it again
