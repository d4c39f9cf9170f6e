"""Everything of health, composed: what the door adds to the project's definitions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from pake_pipelines.config.monitoring import MonitoringConfig
from pake_pipelines.config.sources import SourcesConfig
from pake_pipelines.defs.health.healing import healing_assets, healing_jobs, healing_sensor
from pake_pipelines.defs.health.metrics import metric_assets
from pake_pipelines.defs.health.report import digest_job, digest_schedule, report_assets
from pake_pipelines.defs.health.sensors import looking_sensors
from pake_pipelines.defs.health.service_health import service_health_asset
from pake_pipelines.defs.health.standing import standing_assets
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


@dataclass(frozen=True, slots=True)
class HealthDefinitions:
    """The objects of health."""

    assets: list[dg.AssetsDefinition]
    jobs: "list[AssetJob]"
    schedules: list[dg.ScheduleDefinition]
    sensors: list[dg.SensorDefinition]


def health_definitions(
    settings: Settings, config: MonitoringConfig, sources: SourcesConfig, watching: Watching | None = None
) -> HealthDefinitions:
    """Compose them; sensors and schedule start out stopped unless automation is on."""
    on = settings.automation_enabled
    watching = watching or Watching(settings, config, sources)
    heal, recover = healing_jobs()
    digest = digest_job()
    return HealthDefinitions(
        assets=[
            service_health_asset(config, watching),
            metric_assets(config, watching),
            *standing_assets(watching),
            *healing_assets(watching),
            *report_assets(watching),
        ],
        jobs=[heal, recover, digest],
        schedules=[digest_schedule(digest, config.digest_cron, on=on)],
        sensors=[*looking_sensors(watching, recover, on=on), healing_sensor(watching, heal, recover, on=on)],
    )
