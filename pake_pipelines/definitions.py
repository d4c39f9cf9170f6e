"""The door: everything that Dagster shows of this project, composed from the configuration files and nothing else."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pake_pipelines.config.loading import load_sources
from pake_pipelines.defs import jobs
from pake_pipelines.defs.knowledge.assets import knowledge_assets
from pake_pipelines.defs.maintenance.assets import maintenance_schedules, semantic_dedup_cleanup
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
    ingest = jobs.ingest_job()
    return dg.Definitions(
        assets=[
            source_assets(sources, partitions),
            *disabled_specs(sources),
            *knowledge_assets(partitions),
            *report_assets(),
            semantic_dedup_cleanup,
        ],
        jobs=[ingest],
        schedules=[
            *jobs.schedules(sources, ingest, on=settings.automation_enabled),
            *maintenance_schedules(on=settings.automation_enabled),
        ],
        resources={"knowledge_base": KnowledgeBase(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
