"""The monitoring report as an asset, and the digest that takes it to people every six hours (NOT-11)."""

import os
from typing import TYPE_CHECKING, Final

import dagster as dg

from pake_pipelines.defs.health.standing import ALERTS, INCIDENTS
from pake_pipelines.defs.health.watching import Watching
from pake_pipelines.defs.reports.documents import metadata_of, produced
from pake_pipelines.defs.reports.handing_out import Delivery, run_of
from pake_pipelines.defs.shared.tags import HEALTH_GROUP, HEALTH_POOL, OWNER

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

REPORT: Final = "monitoring_report"
DIGEST: Final = "health_digest"


def report_assets(watching: Watching) -> list[dg.AssetsDefinition]:
    """Return the report and the digest."""

    @dg.asset(
        name=REPORT,
        deps=[ALERTS, INCIDENTS],
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "html"},
        pool=HEALTH_POOL,
        description="How everything stood: uptime of each service, metrics of the last day with their trends, key "
        "figures, alerts and incidents, and what to do (MON-08, MON-25, MON-29). As a page in the data directory's "
        "`reports/monitoring_report.html` and below as Markdown.",
    )
    async def monitoring_report(context: dg.AssetExecutionContext, config: Delivery) -> dg.MaterializeResult:
        made, written, told = await produced(REPORT, watching, context, config.channels)
        return dg.MaterializeResult(metadata={**metadata_of(made, written), **told})

    @dg.asset(
        name=DIGEST,
        deps=[REPORT],
        group_name=HEALTH_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        pool=HEALTH_POOL,
        description="The report by e-mail: a message in the outbox of every e-mail channel, with the page attached.",
    )
    async def health_digest(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pake_pipelines.alerts.digest import Outgoing, audience, put_report
        from pake_pipelines.reports.writing import written

        settings, reports = watching.settings, watching.settings.data / "reports"
        there = written(reports, REPORT)
        if there is None:
            raise dg.Failure("there is no monitoring report to send: materialize monitoring_report first")
        text = (reports / f"{REPORT}.md").read_text("utf-8")
        # a mail may be sent hours later: the copy is still the page that the text is of
        report = Outgoing(REPORT, "Health digest", text, there.copy or there.page)
        who = audience(watching.config.alerting, None, settings, os.environ)
        async with watching.open() as database:
            channels = await put_report(database, report, who.channels, run_of(context), watching.clock())
        return dg.MaterializeResult(
            metadata={
                "channels": list(channels),
                "messages": len(channels),
                "not_sent": {**who.left_out, **who.lacking},
            }
        )

    return [monitoring_report, health_digest]


def digest_job() -> "AssetJob":
    """Return the job that writes the report and sends it."""
    return dg.define_asset_job(
        f"{DIGEST}_job",
        selection=dg.AssetSelection.assets(REPORT, DIGEST),
        description="Writes the monitoring report and puts it into the outbox of the e-mail channels.",
        tags={"dagster/max_runtime": "1800"},
    )


def digest_schedule(job: "AssetJob", cron: str, *, on: bool) -> dg.ScheduleDefinition:
    """Return the schedule of the job; it starts out stopped when `on` is false."""
    return dg.ScheduleDefinition(
        name=DIGEST,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description="The monitoring report to everybody who gets e-mail (NOT-11).",
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
    )
