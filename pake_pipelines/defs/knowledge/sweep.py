"""The sweep as an asset: part of every full scan."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_POOL, MAINTENANCE_GROUP, OWNER


class SweepConfig(dg.Config):
    """How a sweep works."""

    batch: int = Field(100, ge=1, description="Rows in one transaction.")
    dry_run: bool = Field(False, description="Say what would be archived and do nothing.")


@dg.asset(
    deps=["knowledge_nodes"],
    group_name=MAINTENANCE_GROUP,
    owners=[OWNER],
    kinds={"python", "postgres"},
    pool=KNOWLEDGE_POOL,
    description="Archives pending nodes whose score is below `verdict.auto_archive` and that have not changed for "
    "`verdict.archive_after_days` (C-04). What a person decided on stays. When the score rises or a new version comes, "
    "the next verdict brings a node back.",
)
async def archive_sweep(
    context: dg.AssetExecutionContext, config: SweepConfig, knowledge_base: KnowledgeBase
) -> dg.MaterializeResult:
    """Sweep what has waited too long."""
    from pake_pipelines.pipeline.sweep import preview, sweep_low

    kit, now = knowledge_base.kit(), datetime.now(UTC)
    rules = kit.quality.verdict
    async with knowledge_base.open(kit) as database:
        if config.dry_run:
            swept = await preview(database, rules, now)
        else:
            swept = await sweep_low(database, rules, now, batch=config.batch, run_id=context.run_id)
    return dg.MaterializeResult(
        metadata={
            "archived": swept.archived,
            "waiting": swept.waiting,
            "auto_archive": rules.auto_archive,
            "archive_after_days": rules.archive_after_days,
            "dry_run": config.dry_run,
        }
    )
