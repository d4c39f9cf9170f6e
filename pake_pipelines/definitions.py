"""The door: everything that Dagster shows of this project, composed from the configuration files and nothing else."""

import gc
from collections.abc import Mapping
from typing import Any

import dagster as dg

from pake_pipelines.config.loading import load_maintenance, load_monitoring, load_quality, load_reports, load_sources
from pake_pipelines.defs import jobs
from pake_pipelines.defs.analytics.definitions import analytics_definitions
from pake_pipelines.defs.health.definitions import health_definitions
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.knowledge.definitions import knowledge_definitions
from pake_pipelines.defs.maintenance.definitions import maintenance_definitions
from pake_pipelines.defs.reports.definitions import report_definitions
from pake_pipelines.defs.shared.partitions import daily_partitions
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.sources.assets import disabled_specs, source_assets
from pake_pipelines.foresight.finding import Rules
from pake_pipelines.settings import Settings, get_settings


def build_defs(
    resource_overrides: Mapping[str, Any] | None = None, *, settings: Settings | None = None
) -> dg.Definitions:
    """Compose the definitions of the project that `settings` describe. Raises ConfigError."""
    settings = settings or get_settings()
    sources, monitoring = load_sources(settings.configs), load_monitoring(settings.configs)
    maintenance, reports = load_maintenance(settings.configs), load_reports(settings.configs)
    partitions, ingest = daily_partitions(sources.first_day), jobs.ingest_job()
    watching = Watching(settings, monitoring, sources)
    upkeep = maintenance_definitions(settings, maintenance, partitions, reports.analytics.adaptive.tasks)
    rooms = (
        knowledge_definitions(settings, load_quality(settings.configs), sources, partitions),
        upkeep,
        health_definitions(watching),
        analytics_definitions(settings, Rules(reports, monitoring, maintenance, sources), upkeep.jobs),
        report_definitions(watching, reports),
    )
    return dg.Definitions(
        assets=[
            source_assets(sources, partitions),
            *disabled_specs(sources),
            *(one for room in rooms for one in room.assets),
        ],
        jobs=[ingest, *(one for room in rooms for one in room.jobs)],
        schedules=[
            *jobs.schedules(sources, ingest, on=settings.automation_enabled),
            *(one for room in rooms for one in room.schedules),
        ],
        sensors=[one for room in rooms for one in room.sensors],
        resources={"knowledge_base": KnowledgeBase(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
gc.freeze()  # what is loaded stays as long as the process: no collection, and not its end, need walk all of it again
