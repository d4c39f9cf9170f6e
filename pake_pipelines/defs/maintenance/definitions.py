"""Everything of maintenance, composed: what the door adds to the project's definitions."""

from collections.abc import Collection

import dagster as dg

from pake_pipelines.config.maintenance import MaintenanceConfig
from pake_pipelines.defs.maintenance.assets import task_assets
from pake_pipelines.defs.maintenance.proofs import proof_sensor
from pake_pipelines.defs.maintenance.schedules import task_jobs, task_schedules
from pake_pipelines.defs.maintenance.tables import PROOF, faces
from pake_pipelines.defs.shared.room import Room
from pake_pipelines.settings import Settings


def maintenance_definitions(
    settings: Settings,
    config: MaintenanceConfig,
    partitions: dg.PartitionsDefinition[str],
    adaptive: Collection[str] = (),
) -> Room:
    """Compose them; schedules and sensor start out stopped unless automation is on.

    Tasks that are `adaptive` have left their schedules.
    """
    on, shown = settings.automation_enabled, faces(config)
    jobs = task_jobs(shown)
    return Room(
        assets=task_assets(settings, config, partitions),
        jobs=list(jobs.values()),
        schedules=task_schedules(shown, jobs, on=on, adaptive=adaptive),
        sensors=[proof_sensor(settings, jobs[PROOF], on=on and config.tasks[PROOF].enabled)],
    )
