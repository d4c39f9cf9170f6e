"""Everything of reports, composed: what the door adds to the project's definitions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.reports import ReportsConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.reports.documents import document_assets
from pake_pipelines.defs.reports.editions import edition_jobs, edition_schedules, made_every
from pake_pipelines.defs.reports.ingestion import ingestion_report
from pake_pipelines.defs.reports.qa import qa_report
from pake_pipelines.defs.reports.status import status_definitions
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


@dataclass(frozen=True, slots=True)
class ReportDefinitions:
    """The objects of reports."""

    assets: list[dg.AssetsDefinition]
    jobs: "list[AssetJob]"
    schedules: list[dg.ScheduleDefinition]
    sensors: list[dg.SensorDefinition]


def report_definitions(
    settings: Settings,
    config: ReportsConfig,
    monitoring: MonitoringConfig,
    sources: SourcesConfig,
    watching: Watching | None = None,
) -> ReportDefinitions:
    """Compose them; schedules and the sensor start out stopped unless automation is on."""
    watching = watching or Watching(settings, monitoring, sources)
    jobs = edition_jobs(config)
    status = status_definitions(watching, config.status_page, on=settings.automation_enabled)
    return ReportDefinitions(
        assets=[ingestion_report, qa_report, *document_assets(watching, made_every(config)), status.asset],
        jobs=list(jobs.values()),
        schedules=edition_schedules(settings, config, jobs, on=settings.automation_enabled),
        sensors=[status.sensor],
    )
