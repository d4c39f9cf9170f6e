"""The maintenance tasks and the schedules that run them."""

from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import MAINTENANCE_GROUP, MAINTENANCE_POOL, OWNER


class CleanUpConfig(dg.Config):
    """How far a clean-up goes (DUP-07)."""

    older_than_hours: float = Field(24, ge=0, description="Only what has not changed for so long is archived.")
    batch: int = Field(100, ge=1, description="Rows in one transaction.")
    dry_run: bool = Field(False, description="Say what would be done and do nothing.")


@dg.asset(
    deps=["knowledge_nodes"],
    group_name=MAINTENANCE_GROUP,
    owners=[OWNER],
    kinds={"python", "postgres"},
    pool=MAINTENANCE_POOL,
    description="Archives nodes that repeat their group's canonical node and removes vectors and signatures that no "
    "text needs any more. Its figures count what was really done. Nothing that was read is deleted.",
)
async def semantic_dedup_cleanup(
    context: dg.AssetExecutionContext, config: CleanUpConfig, knowledge_base: KnowledgeBase
) -> dg.MaterializeResult:
    """Clean up behind duplicates."""
    from pake_pipelines.pipeline.cleanup import clean_up, preview

    kit, now, age = knowledge_base.kit(), datetime.now(UTC), timedelta(hours=config.older_than_hours)
    async with knowledge_base.open(kit) as database:
        if config.dry_run:
            done = await preview(kit, database, now, age=age)
        else:
            done = await clean_up(kit, database, now, age=age, batch=config.batch, run_id=context.run_id)
    return dg.MaterializeResult(
        metadata={
            "duplicates_removed": done.duplicates_removed,
            "stale_updated": done.stale_updated,
            "vectors_removed": done.vectors_removed,
            "signatures_removed": done.signatures_removed,
            "bands_merged": done.bands_merged,
            "dry_run": config.dry_run,
            **({} if done.health_score is None else {"health_score": done.health_score}),
        }
    )


def maintenance_schedules(*, on: bool) -> list[dg.ScheduleDefinition]:
    """Return the schedules of maintenance; all start out stopped when `on` is false."""
    return [
        dg.ScheduleDefinition(
            name="memory_maintenance",
            target=[semantic_dedup_cleanup],
            cron_schedule="0 3 * * *",
            execution_timezone="UTC",
            description="Clean-up behind duplicates, every night (MNT-12).",
            default_status=dg.DefaultScheduleStatus.RUNNING if on else dg.DefaultScheduleStatus.STOPPED,
        )
    ]
