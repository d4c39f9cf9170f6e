"""Everything of analytics, composed: what the door adds to the project's definitions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.config.schedule_text import cron_of
from pake_pipelines.defs.analytics.adaptive import adaptive_sensor
from pake_pipelines.defs.analytics.assets import analytics_assets
from pake_pipelines.defs.shared.room import Room
from pake_pipelines.defs.shared.tags import ANALYTICS_GROUP, PRIORITIES
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.foresight.finding import Rules

ANALYTICS: Final = "analytics"


def analytics_definitions(settings: Settings, rules: "Rules", maintenance_jobs: "Sequence[AssetJob]") -> Room:
    """Compose them; schedule and sensor start out stopped unless automation is on.

    The sensor is there where some task follows it.
    """
    on = settings.automation_enabled
    job = dg.define_asset_job(
        ANALYTICS,
        selection=dg.AssetSelection.groups(ANALYTICS_GROUP),
        description="All analyses over what was sampled, one after the other in one process.",
        tags={"dagster/max_runtime": "1800", "dagster/priority": PRIORITIES["low"]},
    )
    follows = rules.reports.analytics.adaptive.tasks
    return Room(
        assets=analytics_assets(settings, rules),
        jobs=[job],
        schedules=[_schedule(job, cron_of(rules.reports.analytics.schedule), on=on)],
        sensors=[adaptive_sensor(settings, rules, maintenance_jobs, on=on)] if follows else [],
    )


def _schedule(job: "AssetJob", cron: str, *, on: bool) -> dg.ScheduleDefinition:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if goes_on(context.instance, ANALYTICS):
            return dg.SkipReason("the last one goes on")
        return dg.RunRequest()

    return dg.ScheduleDefinition(
        name=ANALYTICS,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description="Judges trends, anomalies, forecasts, quiet hours, frequencies, durations, and draws insights.",
        execution_fn=tick,
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
    )
