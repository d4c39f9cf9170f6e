"""Everything of health, composed: what the door adds to the project's definitions."""

from pake_pipelines.defs.health.healing import healing_assets, healing_jobs, healing_sensor
from pake_pipelines.defs.health.metrics import metric_assets
from pake_pipelines.defs.health.report import digest_job, digest_schedule, report_assets
from pake_pipelines.defs.health.sensors import looking_sensors
from pake_pipelines.defs.health.service_health import service_health_asset
from pake_pipelines.defs.health.standing import standing_assets
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.shared.room import Room


def health_definitions(watching: Watching) -> Room:
    """Compose them; sensors and schedule start out stopped unless automation is on."""
    config, on = watching.config, watching.settings.automation_enabled
    heal, recover = healing_jobs()
    digest = digest_job()
    return Room(
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
