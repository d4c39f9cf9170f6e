"""The asset `link_checks`, its check, and the schedule that settles what no ingestion had the time for."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import dagster as dg
from pydantic import Field

from pake_pipelines.config.quality import LinkRules
from pake_pipelines.defs.shared.metadata import counts
from pake_pipelines.defs.shared.partitions import day_of
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_GROUP, KNOWLEDGE_POOL, OWNER, PRIORITIES
from pake_pipelines.defs.shared.unfinished import goes_on
from pake_pipelines.pipeline.names import LINK_CHECKS, LINK_CHECKS_CRON
from pake_pipelines.store.errors import StoreError
from pake_pipelines.store.marks import Stage

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

    from pake_pipelines.store.database import Database

_CHECK: Final = "links_mostly_working"
_SAID: Final = (
    "Asks the addresses that items link to and that were never asked or not for long, then judges the items again "
    "that link to what has changed."
)


class LinkCheckConfig(dg.Config):
    """How far a link check goes in one run."""

    everywhere: bool = Field(
        False,
        description="Ask the links of all items, within `links.per_round`, not only those of this partition's within "
        "`links.per_ingestion`.",
    )


def link_check_asset(partitions: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Return the asset."""

    @dg.asset(
        name=LINK_CHECKS,
        deps=[Stage.DOCUMENTS.value],
        partitions_def=partitions,
        group_name=KNOWLEDGE_GROUP,
        owners=[OWNER],
        kinds={"python", "postgres"},
        pool=KNOWLEDGE_POOL,
        check_specs=[
            dg.AssetCheckSpec(
                _CHECK,
                asset=LINK_CHECKS,
                description="Of the day's links whose state is known, no more are broken than "
                "`links.max_broken_share`.",
            )
        ],
        description="Whether the addresses that items link to are still there: each asked politely, its answer "
        "believed for a time that depends on it, and within bounds; what is not reached waits for the next run.",
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
    )
    async def link_checks(
        context: dg.AssetExecutionContext, config: LinkCheckConfig, knowledge_base: KnowledgeBase
    ) -> dg.MaterializeResult:
        # a code location only describes the asset; importing what asks is left to the run
        from pake_pipelines.pipeline.link_checks import check_links
        from pake_pipelines.pipeline.run import Run

        run = Run(context.run_id, day_of(context), datetime.now(UTC), everywhere=config.everywhere)
        kit = knowledge_base.kit()
        async with knowledge_base.open(kit) as database:
            result = await check_links(kit, database, run)
            check = await _mostly_working(database, run.day, kit.quality.links)
        if result.details.get("offline"):
            context.log.warning(result.details["note"])
        return dg.MaterializeResult(metadata=counts(result), check_results=[check])

    return link_checks


async def _mostly_working(database: "Database", day: date, rules: LinkRules) -> dg.AssetCheckResult:
    from pake_pipelines.store.link_views import links_of_day

    async with database.connection() as connection:
        found = await links_of_day(connection, day, rules.max_per_item)
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(LINK_CHECKS),
        check_name=_CHECK,
        passed=found.broken_share <= rules.max_broken_share,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "count": found.states.get("broken", 0),
            "working": found.states.get("working", 0),
            "share": round(found.broken_share, 3),
            "links": [url for url, _ in found.broken],
            "items": [str(item) for _, item in found.broken],
        },
    )


def link_check_job() -> "AssetJob":
    """Return the job that checks links and judges the items that this concerns."""
    return dg.define_asset_job(
        f"{LINK_CHECKS}_job",
        selection=dg.AssetSelection.assets(LINK_CHECKS, Stage.CONFIDENCE.value, Stage.KNOWLEDGE_NODES.value),
        description=_SAID,
        tags={"dagster/max_runtime": "7200"},
    )


def link_check_schedule(job: "AssetJob", rules: LinkRules, *, on: bool) -> dg.ScheduleDefinition:
    """Return the schedule of the job; it starts out stopped when `on` is false."""

    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if not rules.check_external:
            return dg.SkipReason("links.check_external is off")
        if goes_on(context.instance, job.name):
            return dg.SkipReason("the last one goes on; what is due is its, or the next one's")
        if not _anything_due(context, rules):
            return dg.SkipReason("no link is due")
        return dg.RunRequest(
            partition_key=context.scheduled_execution_time.strftime("%Y-%m-%d"),
            run_config=round_config(),
            tags={"dagster/priority": PRIORITIES["maintenance"]},
        )

    return dg.ScheduleDefinition(
        name=LINK_CHECKS,
        job=job,
        cron_schedule=LINK_CHECKS_CRON,
        execution_timezone="UTC",
        description=_SAID,
        execution_fn=tick,
        required_resource_keys={"knowledge_base"},
        default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
    )


def round_config() -> Mapping[str, Any]:
    """Return the run configuration that asks the links of all items."""
    return {"ops": {LINK_CHECKS: {"config": {"everywhere": True}}}}


def _anything_due(context: dg.ScheduleEvaluationContext, rules: LinkRules) -> bool:
    """Tell whether some link is due, or whether only a run can find out."""
    try:
        due = asyncio.run(
            _count_due(context.resources.knowledge_base, context.scheduled_execution_time, rules.max_per_item)
        )
    except StoreError as error:
        context.log.warning(f"what is due is not known: {error}")
        return True
    context.log.info(f"{due} links are due")
    return due > 0


async def _count_due(knowledge_base: KnowledgeBase, now: datetime, max_per_item: int) -> int:
    from pake_pipelines.store.database import open_database
    from pake_pipelines.store.link_checks import count_due

    async with open_database(knowledge_base.kit().database) as database, database.connection() as connection:
        return await count_due(connection, now, max_per_item, None)
