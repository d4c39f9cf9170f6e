"""The ingestion job and the schedules that launch it: one run from fetch to verdict for today's partition."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from pake_pipelines.config.sources import ALL_ENABLED, Schedule, SourcesConfig
from pake_pipelines.defs.shared import heavy_work
from pake_pipelines.defs.shared.tags import KNOWLEDGE_GROUP, PRIORITIES, SOURCES_GROUP
from pake_pipelines.defs.sources.assets import source_key
from pake_pipelines.pipeline.names import BEHIND_SOURCES, INGEST, run_config
from pake_pipelines.store.errors import StoreError

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob


def ingest_job() -> "AssetJob":
    """Return the job over everything from the sources to the reports on it; runs usually select part of the sources."""
    everything = dg.AssetSelection.groups(SOURCES_GROUP, KNOWLEDGE_GROUP) | dg.AssetSelection.assets(*BEHIND_SOURCES)
    return dg.define_asset_job(
        INGEST,
        selection=everything,
        description="From the sources to the verdicts and the report, for one day.",
        tags={"dagster/max_runtime": "7200"},
    )


def schedules(config: SourcesConfig, job: "AssetJob", *, on: bool) -> list[dg.ScheduleDefinition]:
    """Return the configured schedules; those that are disabled, or all when `on` is false, start out stopped."""
    return [_schedule(slug, schedule, config, job, on=on) for slug, schedule in config.schedules.items()]


def _schedule(
    slug: str, schedule: Schedule, config: SourcesConfig, job: "AssetJob", *, on: bool
) -> dg.ScheduleDefinition:
    read = "all enabled sources" if schedule.sources == ALL_ENABLED else ", ".join(schedule.sources)
    running = on and schedule.enabled
    return dg.ScheduleDefinition(
        name=slug.replace("-", "_"),
        job=job,
        cron_schedule=schedule.cron,
        execution_timezone="UTC",
        description=f"{schedule.name}: {schedule.frequency.replace('_', ' ')}, reads {read}.",
        execution_fn=_tick(slug, schedule, config),
        required_resource_keys={"knowledge_base"},
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


def _tick(
    slug: str, schedule: Schedule, config: SourcesConfig
) -> Callable[[dg.ScheduleEvaluationContext], dg.RunRequest | dg.SkipReason]:
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        slugs = config.read_by(schedule)
        if not slugs:
            return dg.SkipReason(f"none of the sources of {schedule.name} is enabled")
        waiting = _waiting(context, slugs, only_due=not schedule.full_reprocess)
        due = [slug for slug in slugs if slug not in waiting]
        if not due:
            return dg.SkipReason("\n".join(f"{slug}: {reason}" for slug, reason in waiting.items()))
        if schedule.priority != "high" and (held := heavy_work.reason_to_wait(context)):
            return dg.SkipReason(held)
        return dg.RunRequest(
            partition_key=context.scheduled_execution_time.strftime("%Y-%m-%d"),
            asset_selection=[*map(source_key, due), *map(dg.AssetKey, BEHIND_SOURCES)],
            run_config=_run_config(schedule),
            tags={"pake/schedule": slug, "dagster/priority": PRIORITIES[schedule.priority]},
        )

    return tick


def _waiting(context: dg.ScheduleEvaluationContext, slugs: Sequence[str], *, only_due: bool) -> dict[str, str]:
    """Return the sources that must not be asked now, with the reason.

    When the knowledge base does not answer, nobody waits: the run asks again, and its failure is seen where a missing
    tick would not be.
    """
    from pake_pipelines.pipeline.standing import reason_to_wait

    try:
        states = asyncio.run(context.resources.knowledge_base.states(slugs))
    except StoreError as error:
        context.log.warning(f"how the sources stand is not known: {error}")
        return {}
    now = context.scheduled_execution_time
    reasons = {slug: reason_to_wait(states[slug], now, only_due=only_due) for slug in slugs}
    return {slug: reason for slug, reason in reasons.items() if reason}


def _run_config(schedule: Schedule) -> Mapping[str, Any]:
    return run_config(
        {
            "max_items_per_run": schedule.max_items_per_run,
            "full_reprocess": schedule.full_reprocess,
            "only_due": not schedule.full_reprocess,  # a deep scan asks everybody
        }
    )
