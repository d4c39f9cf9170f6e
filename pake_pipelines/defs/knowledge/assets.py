"""The knowledge stages, in order: each asset runs one stage for its day and reports the counts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg

from pake_pipelines.defs.shared.metadata import counts
from pake_pipelines.defs.shared.partitions import day_of
from pake_pipelines.defs.shared.promises import keep_promises, promise_specs
from pake_pipelines.defs.shared.resource import KnowledgeBase
from pake_pipelines.defs.shared.tags import KNOWLEDGE_GROUP, KNOWLEDGE_POOL, OWNER
from pake_pipelines.pipeline.confidence import score_items
from pake_pipelines.pipeline.connections import connect_items
from pake_pipelines.pipeline.documents import build_documents
from pake_pipelines.pipeline.duplicates import find_duplicates
from pake_pipelines.pipeline.embeddings import embed_documents
from pake_pipelines.pipeline.kit import Kit
from pake_pipelines.pipeline.publish import publish_nodes
from pake_pipelines.pipeline.run import Run, StageResult
from pake_pipelines.store import marks
from pake_pipelines.store.database import Database
from pake_pipelines.store.runs import log_stage

Stage = Callable[[Kit, Database, Run], Awaitable[StageResult]]

_STAGES: tuple[tuple[str, Stage, list[str], set[str], str], ...] = (
    (
        "documents",
        build_documents,
        ["entries"],
        {"python", "postgres"},
        """Clean text of every entry: markup and boilerplate removed, language detected, structure and readability
        measured. Items that an ingest filter stops stay here with the reason.""",
    ),
    (
        "embeddings",
        embed_documents,
        ["documents"],
        {"python", "postgres", "huggingface"},
        "One vector of 384 numbers for each different text (all-MiniLM-L6-v2), in pgvector.",
    ),
    (
        "duplicates",
        find_duplicates,
        ["documents", "embeddings"],
        {"python", "postgres"},
        "Every new document compared with all others by address, words and meaning; copies form groups.",
    ),
    (
        "connections",
        connect_items,
        ["duplicates"],
        {"python", "postgres"},
        "Edges between items: `duplicate_of` and `similar_to`, with their strength.",
    ),
    (
        "confidence",
        score_items,
        ["connections"],
        {"python", "postgres"},
        "Every quality rule evaluated and the six factors of confidence weighed, each with its reason.",
    ),
    (
        "knowledge_nodes",
        publish_nodes,
        ["confidence"],
        {"python", "postgres"},
        "The knowledge base: every kept item with its verdict (verified, pending, quarantined, rejected) and why.",
    ),
)


def knowledge_assets(partitions: dg.PartitionsDefinition[str]) -> list[dg.AssetsDefinition]:
    """Return the assets of all knowledge stages."""
    return [_asset(partitions, *stage) for stage in _STAGES]


def _asset(
    partitions: dg.PartitionsDefinition[str],
    name: str,
    stage: Stage,
    deps: list[str],
    kinds: set[str],
    description: str,
) -> dg.AssetsDefinition:
    @dg.asset(
        name=name,
        deps=deps,
        partitions_def=partitions,
        group_name=KNOWLEDGE_GROUP,
        owners=[OWNER],
        kinds=kinds,
        pool=KNOWLEDGE_POOL,
        check_specs=promise_specs(name),
        description=description,
        retry_policy=dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.FULL),
    )
    async def run_stage(context: dg.AssetExecutionContext, knowledge_base: KnowledgeBase) -> dg.MaterializeResult:
        run, kit = Run(context.run_id, day_of(context), datetime.now(UTC)), knowledge_base.kit()
        async with knowledge_base.open(kit) as database:
            result = await stage(kit, database, run)
            async with database.connection() as connection:
                rows = await marks.count_done(connection, marks.Stage(name), run.day)
            if result.changed:
                async with database.transaction() as connection:
                    await log_stage(
                        connection,
                        operation=name,
                        day=run.day,
                        details=counts(result),
                        seconds=result.seconds,
                        run_id=run.run_id,
                    )
            checks = await keep_promises(database, name, run.day)
        return dg.MaterializeResult(metadata=counts(replace(result, rows=rows)), check_results=checks)

    return run_stage
